// Packed bytes unpacked, with every check that the format has: what is cut, corrupt or followed by something else is an error.
import { Readable } from "node:stream";
import { createGunzip, createInflateRaw, createZstdDecompress } from "node:zlib";
import { bunzip2 } from "./bzip2.ts";

export type Packing = "none" | "gzip" | "zstd" | "bzip2" | "deflate";

const chunkBytes = 256 * 1024;
/** Up to here no ratio is suspicious; beyond, more than the greatest that deflate can have is. */
const plentyBytes = 1024 * 1024 * 1024;
const maxRatio = 1_032;

/** Starts of a block, and of the end of a stream without one. */
const bzip2Blocks = ["1AY&SY", "\u0017rE8P\u0090"];

/** The packing by its first bytes (RFC 1952 section 2.3.1, RFC 8878 section 3.1.1; bzip2: `BZh1` to `BZh9` and a block). */
export function packingOf(head: Buffer): Exclude<Packing, "deflate"> {
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return "zstd";
  const start = head.toString("latin1", 0, 10);
  const isBzip2 = /^BZh[1-9]/.test(start) && bzip2Blocks.includes(start.slice(4));
  return isBzip2 ? "bzip2" : "none";
}

/**
 * The bytes of `sizeBytes` packed ones, all members or frames of them. Throws Error when they are cut, corrupt or followed by
 * something else, and when they unpack to over 1 GiB and more than 1,032 times their size.
 */
export async function* unpack(
  source: AsyncIterable<Buffer>,
  packing: Packing,
  sizeBytes: number,
): AsyncGenerator<Buffer, void, void> {
  let unpackedBytes = 0;
  for await (const chunk of unpacked(source, packing, sizeBytes)) {
    unpackedBytes += chunk.length;
    if (packing !== "none" && unpackedBytes > Math.max(plentyBytes, sizeBytes * maxRatio))
      throw new Error(`it unpacks to more than ${maxRatio} times its ${sizeBytes} bytes`);
    yield chunk;
  }
}

async function* unpacked(
  source: AsyncIterable<Buffer>,
  packing: Packing,
  sizeBytes: number,
): AsyncGenerator<Buffer, void, void> {
  if (packing === "none") {
    yield* source;
    return;
  }
  if (packing === "bzip2") {
    yield* bunzip2(source);
    return;
  }
  const stream =
    packing === "gzip"
      ? createGunzip({ chunkSize: chunkBytes })
      : packing === "zstd"
        ? createZstdDecompress({ chunkSize: chunkBytes })
        : createInflateRaw({ chunkSize: chunkBytes });
  const input = Readable.from(source, { objectMode: false });
  input.on("error", (error) => stream.destroy(error));
  input.pipe(stream);
  try {
    yield* stream as AsyncIterable<Buffer>;
  } finally {
    input.destroy();
    stream.destroy();
  }
  if (stream.bytesWritten !== sizeBytes)
    throw new Error(`only ${stream.bytesWritten} of its ${sizeBytes} bytes are ${packing} data`);
}
