// Content codings (RFC 9110 section 8.4): which there are, and the two ways to take them off. A small body is unpacked where
// it is, which costs less than the way to zlib's threads and back; a large one as it comes, so that what unpacks without end
// is cut off instead of held.
import type { Transform } from "node:stream";
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";
import { FetchFault } from "./fetch-fault.ts";

/** What we ask for. */
export const acceptedCodings = "gzip, br, zstd, deflate";

/** A page shrinks to a tenth, a list of like rows to a hundredth; gzip's own limit, which bombs use, is a thousandth. */
const maxRatio = 200;
/** Below this nobody is harmed. */
const freeBytes = 4 * 1024 * 1024;
const maxCodings = 4;

type Coding = "gzip" | "br" | "zstd" | "deflate";

/** Of a Content-Encoding, in the order in which they are taken off. Throws {@link FetchFault} for one that is unknown. */
export function codingsOf(contentEncoding: string): Coding[] {
  const names = contentEncoding
    .toLowerCase()
    .split(",")
    .map((name) => name.trim().replace(/^x-gzip$/, "gzip"))
    .filter((name) => name !== "" && name !== "identity");
  const isKnown = names.every((name) => /^(gzip|br|zstd|deflate)$/.test(name));
  if (isKnown && names.length <= maxCodings) return (names as Coding[]).reverse();
  const what = isKnown ? `is packed ${names.length} times` : "is in a coding that nobody knows";
  throw new FetchFault("decode", `the body ${what}: "${contentEncoding.slice(0, 200)}"`);
}

/** Most bytes that `packedBytes` may become before it is taken for a bomb. */
export function mostUnpackedBytes(packedBytes: number): number {
  return Math.max(freeBytes, packedBytes * maxRatio);
}

/** The body, or null when it would be longer than `maxBytes` or than {@link mostUnpackedBytes}. Throws {@link FetchFault}. */
export function unpackWhole(
  packed: Buffer,
  codings: readonly Coding[],
  maxBytes: number,
): Buffer | null {
  const maxOutputLength = Math.min(maxBytes, mostUnpackedBytes(packed.length));
  let body = packed;
  for (const coding of codings) {
    if (body.length === 0) return body;
    try {
      body = unpackOne(body, coding, maxOutputLength);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return null;
      throw damaged(coding, error);
    }
  }
  return body;
}

function unpackOne(packed: Buffer, coding: Coding, maxOutputLength: number): Buffer {
  switch (coding) {
    case "gzip":
      return gunzipSync(packed, { maxOutputLength });
    case "br":
      return brotliDecompressSync(packed, { maxOutputLength });
    case "zstd":
      return zstdDecompressSync(packed, { maxOutputLength });
    case "deflate":
      return isZlib(packed)
        ? inflateSync(packed, { maxOutputLength })
        : inflateRawSync(packed, { maxOutputLength });
  }
}

/** Servers send both zlib (RFC 1950, as they should) and raw deflate under "deflate"; the first has 8 in its low four bits. */
function isZlib(packed: Buffer): boolean {
  return (packed[0] ?? 0) % 16 === 8;
}

/** A stream that takes `coding` off. `first`: the first bytes that will go in. */
export function unpackStream(coding: Coding, first: Buffer): Transform {
  switch (coding) {
    case "gzip":
      return createGunzip();
    case "br":
      return createBrotliDecompress();
    case "zstd":
      return createZstdDecompress();
    case "deflate":
      return isZlib(first) ? createInflate() : createInflateRaw();
  }
}

export function damaged(coding: string, cause: unknown): FetchFault {
  const why = (cause as Error).message;
  return new FetchFault("decode", `the ${coding} body is damaged (${why})`, { cause });
}
