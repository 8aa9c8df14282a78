// One record of a WARC 1.1 file (ISO 28500:2017): named fields and a block. Every record is a gzip member of its own (annex D),
// so that a reader can start at any of them.
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** Names and values as they are written; `WARC-Type` and `WARC-Record-ID` are among them. */
export type WarcFields = [name: string, value: string][];

/** The fields without `Content-Length` and `WARC-Block-Digest`, which follow from the block. */
export type WarcRecord = { fields: WarcFields; block: Buffer };

const compress = promisify(gzip);
/** Records compressed at once: each holds a thread, of which there are few. */
const atOnce = 16;

/** `sha1:` and Base32 (RFC 4648): what WARC readers index by, and no matter of safety here. */
export function warcDigest(...parts: readonly Buffer[]): string {
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part);
  return `sha1:${base32(hash.digest())}`;
}

/** A record as it stands in a file that is not compressed (section 4). */
export function recordBytes({ fields, block }: WarcRecord): Buffer {
  const all: WarcFields = [
    ...fields,
    ["WARC-Block-Digest", warcDigest(block)],
    ["Content-Length", String(block.length)],
  ];
  const head = `WARC/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return Buffer.concat([Buffer.from(head), block, Buffer.from("\r\n\r\n")]);
}

/** The bytes of a `.warc.gz` with these records, in their order. */
export async function warcBytes(records: Iterable<WarcRecord>): Promise<Buffer> {
  const members: Buffer[] = [];
  let waiting: Promise<Buffer>[] = [];
  for (const record of records) {
    waiting.push(compress(recordBytes(record)));
    if (waiting.length < atOnce) continue;
    members.push(...(await Promise.all(waiting)));
    waiting = [];
  }
  members.push(...(await Promise.all(waiting)));
  return Buffer.concat(members);
}

/** A block of `application/warc-fields`: each value on one line, whatever is in it. */
export function warcFields(fields: readonly (readonly [string, string])[]): Buffer {
  const lines = fields.map(([name, value]) => `${name}: ${value.replace(/[\r\n]+/g, " ")}\r\n`);
  return Buffer.from(lines.join(""));
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function base32(bytes: Buffer): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + alphabet[(held << (5 - bits)) & 31] : text;
}
