// One zstd frame from bytes in memory, made in the cheapest way for their size.
import { buffer } from "node:stream/consumers";
import { constants, createZstdCompress, zstdCompressSync } from "node:zlib";

// A checksum in every frame: readers of ours notice a cut or damaged file (facts: DuckDB alone does not).
const params = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 };
/** Below this, handing the bytes to another thread takes longer than compressing them. */
const smallBytes = 32 * 1024;
/** Of output at a time: zlib's own 16 KiB would cross threads a hundred times for a segment. */
const pieceBytes = 1024 * 1024;

/** The blocks, one after the other, as one frame with a checksum (RFC 8878). Only many bytes leave the thread. */
export async function packZstd(...blocks: Uint8Array[]): Promise<Buffer> {
  const pledgedSrcSize = blocks.reduce((sum, block) => sum + block.length, 0);
  // Told beforehand, a short text gets a context of its own size instead of megabytes.
  if (pledgedSrcSize <= smallBytes) {
    const bytes = blocks.length === 1 ? (blocks[0] as Uint8Array) : Buffer.concat(blocks);
    return zstdCompressSync(bytes, { params, pledgedSrcSize });
  }
  const compress = createZstdCompress({ params, pledgedSrcSize, chunkSize: pieceBytes });
  for (const block of blocks) compress.write(block);
  compress.end();
  return buffer(compress);
}
