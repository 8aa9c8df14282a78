// Reads what sites publish under the name of a sitemap: XML lists, indexes of lists, feeds, plain text, all of them also
// gzipped, and error pages that are none of it. The limits are those of sitemaps.org; a bomb must not take the pod down, and
// 50 MB must not hold up its leases: a body is unpacked, decoded and read in pieces, and others have their turn in between.
import { setImmediate } from "node:timers/promises";
import { decodeBody } from "../links/charset.ts";
import { SitemapText } from "./sitemap-text.ts";
import { SitemapXml } from "./sitemap-xml.ts";
import { BrokenGzip, unpackedPieces } from "./unpacked-pieces.ts";

/** Most bytes of an unpacked sitemap, and most entries of one (sitemaps.org protocol). */
export const maxSitemapBytes = 50 * 1024 * 1024;
export const maxSitemapUrls = 50_000;

/** `none`: not a sitemap at all. */
export type SitemapKind = "urlset" | "index" | "text" | "feed" | "none";

/**
 * One URL of a sitemap, as written, not resolved. `alternate`: the same page in another language or for another device;
 * `sitemap`: of an index. `lastmodMs`: since 1970, or null.
 */
export type SitemapEntry = {
  is: "page" | "alternate" | "sitemap";
  loc: string;
  lastmodMs: number | null;
};

/**
 * How the reading ended. `error`: why there may be more than was read, with the sitemap's URL; what came before the fault
 * counts. `limit`: which of the limits cut it, by number of entries or bytes. `sizeBytes`: unpacked, as far as it was read.
 */
export type SitemapEnd = {
  kind: SitemapKind;
  error: string | null;
  limit: "urls" | "bytes" | null;
  sizeBytes: number;
};

/** Between two turns of others. */
const sliceMs = 8;
const headBytes = 1_024;

/**
 * Reads a sitemap of any form; the first bytes decide, not its type or name. `take` gets each entry as it is read, and at
 * most {@link maxSitemapUrls} pages or sitemaps and as many alternates. `url` is for the error text. Never throws, unless
 * `take` does.
 */
export async function parseSitemap(
  body: Uint8Array,
  url: string,
  take: (entry: SitemapEntry) => void,
): Promise<SitemapEnd> {
  const reading = new Reading(take);
  let error: string | null = null;
  let sliceStartMs = performance.now();
  try {
    for await (const piece of unpackedPieces(body)) {
      if (!reading.write(piece)) break;
      if (performance.now() - sliceStartMs < sliceMs) continue;
      await setImmediate();
      sliceStartMs = performance.now();
    }
  } catch (cause) {
    if (!(cause instanceof BrokenGzip)) throw cause;
    error = cause.message;
  }
  const end = reading.close();
  const text = error ?? end.error;
  return { ...end, error: text === null ? null : `read sitemap "${url}": ${text}` };
}

/** One body on its way from bytes to entries. */
class Reading {
  readonly #take: (entry: SitemapEntry) => void;
  #decoder: TextDecoder | null = null;
  #reader: SitemapXml | SitemapText | null = null;
  #head = "";
  #sizeBytes = 0;
  #counts = { page: 0, alternate: 0, sitemap: 0 };
  #limit: SitemapEnd["limit"] = null;

  constructor(take: (entry: SitemapEntry) => void) {
    this.#take = take;
  }

  /** Reads a piece; false: the rest is not wanted. */
  write(piece: Uint8Array): boolean {
    this.#decoder ??= decoderFor(piece);
    if (this.#decoder === null) return false;
    const room = maxSitemapBytes - this.#sizeBytes;
    this.#sizeBytes += Math.min(piece.length, room);
    this.#text(this.#decoder.decode(piece.subarray(0, room), { stream: true }));
    if (piece.length > room) this.#limit ??= "bytes";
    return this.#limit === null && this.#reader?.ended !== true;
  }

  close(): SitemapEnd {
    this.#text(this.#decoder?.decode() ?? "");
    const reader = this.#reader;
    // What a limit cut ends in the middle: that is no fault of its own.
    if (this.#limit === null) reader?.close();
    const sizeBytes = this.#sizeBytes;
    const limit = this.#limit;
    if (reader === null) return { kind: "none", error: null, limit, sizeBytes };
    const { kind } = reader;
    // A page that says "not found" with status 200 is no fault of a sitemap.
    const isFault = limit === null && (kind !== "none" || !isHtml(this.#head));
    return { kind, error: isFault ? reader.error : null, limit, sizeBytes };
  }

  #text(text: string): void {
    if (this.#head.length < headBytes) this.#head += text.slice(0, headBytes);
    if (this.#reader !== null) {
      this.#reader.write(text);
      return;
    }
    const start = text.search(/\S/);
    if (start < 0) return;
    const give = (entry: SitemapEntry) => this.#give(entry);
    this.#reader = text[start] === "<" ? new SitemapXml(give) : new SitemapText(give);
    this.#reader.write(text.slice(start));
  }

  #give(entry: SitemapEntry): void {
    if (this.#limit !== null) return;
    if (this.#counts[entry.is] < maxSitemapUrls) {
      this.#counts[entry.is] += 1;
      this.#take(entry);
    } else if (entry.is !== "alternate") this.#limit = "urls";
  }
}

function decoderFor(head: Uint8Array): TextDecoder | null {
  const { charset } = decodeBody(head.subarray(0, headBytes), "application/xml");
  // The one encoding without a decoder.
  return charset === "replacement" ? null : new TextDecoder(charset);
}

function isHtml(head: string): boolean {
  return /<(?:!doctype\s+html|html)[\s>]/i.test(head);
}
