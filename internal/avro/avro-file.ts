// Avro object container files: a head with the schema, then blocks of records, each behind a marker.
import { crc32, inflateRawSync, zstdDecompressSync } from "node:zlib";
import { bunzip2 } from "../archive/bzip2.ts";
import { AvroDecoder } from "./avro-decode.ts";
import { type AvroType, parseAvroSchema } from "./avro-schema.ts";
import { unpackSnappy } from "./snappy.ts";

/** Of a block, packed or not; writers make blocks of kilobytes to a few megabytes. */
const maxBlockBytes = 256 * 1024 * 1024;
const markerBytes = 16;
export const avroMagic = "Obj\u0001";

export type AvroHead = { schema: AvroType; codec: string; marker: Buffer; bytes: number };

/** The head at the start of some bytes. Throws Error when it is none, is cut, or names a codec that is not known. */
export function readAvroHead(start: Buffer): AvroHead {
  const decoder = new AvroDecoder(start);
  decoder.take(avroMagic.length);
  const metadata = new Map<string, Buffer>();
  for (let count = decoder.long(); count !== 0n; count = decoder.long()) {
    if (count < 0n) decoder.long();
    for (let i = count < 0n ? -count : count; i > 0n; i--) {
      const key = decoder.text();
      metadata.set(key, decoder.take(decoder.length()));
    }
  }
  const marker = decoder.take(markerBytes);
  const codec = metadata.get("avro.codec")?.toString("latin1") ?? "null";
  if (!Object.hasOwn(codecs, codec)) throw new Error(`Avro packed by "${codec}"`);
  const schema = parseAvroSchema(metadata.get("avro.schema")?.toString("utf8") ?? "");
  return { schema, codec, marker, bytes: decoder.at };
}

/** Records of one block; `offset`: where it starts in the file. */
export type AvroBlock = { decoder: AvroDecoder; count: number; offset: number };

/** The blocks behind the head. Throws Error where the file is cut or corrupt. */
export async function* readAvroBlocks(
  source: AsyncIterable<Buffer>,
  { codec, marker, bytes: headBytes }: AvroHead,
): AsyncGenerator<AvroBlock, void, void> {
  let bytes: Buffer = Buffer.alloc(0);
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let wantedBytes = headBytes;
  let offset = 0;
  for await (const chunk of source) {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (bytes.length + waitingBytes < wantedBytes) continue;
    bytes = Buffer.concat([bytes, ...waiting]);
    waiting = [];
    waitingBytes = 0;
    if (offset === 0) {
      bytes = bytes.subarray(headBytes);
      offset = headBytes;
    }
    let block = blockAt(bytes, marker);
    for (; typeof block !== "number"; block = blockAt(bytes, marker)) {
      const unpacked = await (codecs[codec] as Unpack)(block.packed);
      yield { decoder: new AvroDecoder(unpacked), count: block.count, offset };
      bytes = bytes.subarray(block.bytes);
      offset += block.bytes;
    }
    wantedBytes = block;
  }
  if (offset === 0 || bytes.length + waitingBytes > 0) throw new Error("the Avro file is cut");
}

/** The block at the start, or, when it is not all there, how many bytes are wanted. */
function blockAt(bytes: Buffer, marker: Buffer) {
  if (bytes.length < 2 + markerBytes) return 2 + markerBytes;
  const decoder = new AvroDecoder(bytes);
  const count = Number(decoder.long());
  const sizeBytes = Number(decoder.long());
  if (count < 0 || sizeBytes < 0 || sizeBytes > maxBlockBytes)
    throw new Error("a block of the Avro file is corrupt");
  const head = decoder.at;
  const end = head + sizeBytes + markerBytes;
  if (bytes.length < end) return end;
  if (!bytes.subarray(end - markerBytes, end).equals(marker))
    throw new Error("a block of the Avro file has no marker behind it");
  return { count, packed: bytes.subarray(head, head + sizeBytes), bytes: end };
}

type Unpack = (packed: Buffer) => Buffer | Promise<Buffer>;
const limit = { maxOutputLength: maxBlockBytes };

const codecs: Record<string, Unpack> = {
  null: (packed) => packed,
  deflate: (packed) => inflateRawSync(packed, limit),
  zstandard: (packed) => zstdDecompressSync(packed, limit),
  bzip2: async (packed) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of bunzip2(only(packed))) {
      bytes += part.length;
      if (bytes > maxBlockBytes) throw new Error("a block of the Avro file is too long");
      parts.push(part);
    }
    return Buffer.concat(parts);
  },
  snappy: (packed) => {
    if (packed.length < 4) throw new Error("a block of the Avro file is cut");
    const bytes = unpackSnappy(packed.subarray(0, -4), maxBlockBytes);
    if (crc32(bytes) !== packed.readUInt32BE(packed.length - 4))
      throw new Error("a block of the Avro file has a wrong CRC");
    return bytes;
  },
};

async function* only(bytes: Buffer) {
  yield bytes;
}
