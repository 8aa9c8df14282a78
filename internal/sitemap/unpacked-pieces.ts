// The bytes of a body that may be gzipped, in pieces of at most 64 KiB, so that the whole is never unpacked at once.
import { constants, createGunzip } from "node:zlib";

/** The gzip is damaged; what could be unpacked before the damage was given. */
export class BrokenGzip extends Error {
  override name = "BrokenGzip";
}

const pieceBytes = 65_536;

/** Pieces of a body, unpacked if it begins like gzip. A cut gzip gives what there is. Throws {@link BrokenGzip}. */
export async function* unpackedPieces(body: Uint8Array): AsyncGenerator<Uint8Array> {
  if (body[0] !== 0x1f || body[1] !== 0x8b) {
    for (let at = 0; at < body.length; at += pieceBytes) yield body.subarray(at, at + pieceBytes);
    return;
  }
  const gunzip = createGunzip({ chunkSize: pieceBytes, finishFlush: constants.Z_SYNC_FLUSH });
  gunzip.end(body);
  try {
    for await (const piece of gunzip as AsyncIterable<Buffer>) yield piece;
  } catch (cause) {
    throw new BrokenGzip(`its gzip is broken: ${(cause as Error).message}`, { cause });
  }
}
