// A link as bytes, in the spool and in snapshots. Small, cheap to skip, and its source can be changed in place: a snapshot's
// records are copied into the next owner's spool without being decoded.
//
// Layout, little-endian: u32 bytes of the record, u16 source, u8 flags (2 bits kind, 2 bits priority, "has via", "has more"),
// u32 depth, u32 bytes of the URL, the URL; then, if any, u32 characters that `via` has in common with the URL, u32 bytes
// of its rest, the rest; then, up to the end, JSON of all other fields. A field added to FrontierLink is kept as it is.

import type { FrontierLink, LinkKind, LinkPriority } from "../model/link.ts";

const kindNumbers = { page: 0, api: 1, sitemap: 2, robots: 3 } as const satisfies Record<
  LinkKind,
  number
>;
export const linkKinds = Object.keys(kindNumbers) as LinkKind[];
const headerBytes = 15;
const viaFlag = 16;
const moreFlag = 32;

/** A link on its way to bytes: what must be known before there is room for it. */
export type LinkParts = { link: FrontierLink; more: string; maxBytes: number };

/** `maxBytes`: room that {@link writeLink} may need. */
export function linkParts(link: FrontierLink): LinkParts {
  const { url, source: _source, kind: _kind, depth: _depth, priority: _priority, ...more } = link;
  const { via = "", ...rest } = more;
  let text = "";
  for (const _ in rest) {
    text = JSON.stringify(rest);
    break;
  }
  return {
    link,
    more: text,
    maxBytes: headerBytes + 8 + 3 * (url.length + via.length + text.length),
  };
}

/** Writes a record at `at` and gives its end. `source`: a number below 65,536 that stands for the link's source. */
export function writeLink(into: Buffer, at: number, parts: LinkParts, source: number): number {
  const { link, more } = parts;
  const { url, via } = link;
  let flags = kindNumbers[link.kind] | (link.priority << 2);
  const urlBytes = into.write(url, at + headerBytes);
  let end = at + headerBytes + urlBytes;
  if (via !== undefined) {
    flags |= viaFlag;
    const common = commonLength(url, via);
    const restBytes = into.write(via.slice(common), end + 8);
    into.writeUInt32LE(common, end);
    into.writeUInt32LE(restBytes, end + 4);
    end += 8 + restBytes;
  }
  if (more !== "") {
    flags |= moreFlag;
    end += into.write(more, end);
  }
  into.writeUInt32LE(end - at, at);
  into.writeUInt16LE(source, at + 4);
  into[at + 6] = flags;
  into.writeUInt32LE(link.depth, at + 7);
  into.writeUInt32LE(urlBytes, at + 11);
  return end;
}

/** Bytes of the record at `at`. */
export function recordBytes(from: Buffer, at: number): number {
  return from.readUInt32LE(at);
}

export function setSourceNumber(into: Buffer, at: number, source: number): void {
  into.writeUInt16LE(source, at + 4);
}

/** What decides where a link is queued, without the rest of its record. */
export type RecordHead = Pick<FrontierLink, "url" | "kind" | "depth" | "priority"> & {
  source: number;
  /** Whether it has fields beyond those and `via`. */
  hasMore: boolean;
};

export function readHead(from: Buffer, at: number): RecordHead {
  const flags = from[at + 6] as number;
  const urlAt = at + headerBytes;
  return {
    source: from.readUInt16LE(at + 4),
    url: from.toString("utf8", urlAt, urlAt + from.readUInt32LE(at + 11)),
    kind: linkKinds[flags & 3] as LinkKind,
    depth: from.readUInt32LE(at + 7),
    priority: ((flags >> 2) & 3) as LinkPriority,
    hasMore: (flags & moreFlag) !== 0,
  };
}

/** Reads the record at `at`; `sourceName` gives the name behind a source's number. */
export function readLink(
  from: Buffer,
  at: number,
  sourceName: (source: number) => string,
): FrontierLink {
  const end = at + from.readUInt32LE(at);
  const flags = from[at + 6] as number;
  const urlEnd = at + headerBytes + from.readUInt32LE(at + 11);
  const { url, source, kind, depth, priority } = readHead(from, at);
  const link: FrontierLink = { url, source: sourceName(source), kind, depth, priority };
  let moreAt = urlEnd;
  if (flags & viaFlag) {
    const common = from.readUInt32LE(urlEnd);
    moreAt = urlEnd + 8 + from.readUInt32LE(urlEnd + 4);
    link.via = url.slice(0, common) + from.toString("utf8", urlEnd + 8, moreAt);
  }
  return flags & moreFlag
    ? Object.assign(link, JSON.parse(from.toString("utf8", moreAt, end)))
    : link;
}

/** UTF-16 units that both texts begin with, never half a character. */
function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length += 1;
  const last = length > 0 ? a.charCodeAt(length - 1) : 0;
  return last >= 0xd800 && last < 0xdc00 ? length - 1 : length;
}
