// A snapshot of a shard's frontier as a file: one zstd frame with a checksum over
//   a line of JSON (the header), the fingerprints of all links seen (16 bytes of words hi and lo, little-endian, 8 in all, in
//   order), and the records of all links that are not committed (link-record.ts), in the order they came.
// Written and read as a stream: only the header is ever in memory as a whole.
import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import { recordBytes } from "./link-record.ts";

const version = 1;
const maxHeaderBytes = 256 * 1024 * 1024;
const fingerprintBytes = 8;
/** Some milliseconds of work; a busy machine makes every hop between threads wait. */
const blockBytes = 1024 * 1024;

/** One source as of the snapshot. */
export type SnapshotSource = {
  name: string;
  /** Pages saved in committed segments. */
  saved: number;
  /** Links not committed, by depth. */
  levels: number[];
};

export type SnapshotHeader = {
  run: string;
  shard: number;
  /** The last record of the shard's ledger that it takes into account. */
  ledgerSeq: number;
  /** The last batch of the frontier log that it takes into account. */
  consumedSeq: number;
  /** In the order of their numbers in the records. */
  sources: SnapshotSource[];
  /** Segments of the ledger up to `ledgerSeq`. */
  segments: string[];
  /** How many fingerprints, and how many records. */
  seen: number;
  links: number;
};

/** What a snapshot is made of; both parts are read once. */
export type SnapshotParts = { seen: Iterable<Uint32Array>; records: Iterable<Buffer> };

/** What comes out of a file: `links` whole records in `bytes`. */
export type SnapshotVisitor = {
  header(header: SnapshotHeader): void;
  fingerprint(hi: number, lo: number): void;
  /** A record in `bytes` from `at` on. */
  record(bytes: Buffer, at: number): void;
  /** Between two blocks: others may do something. */
  pause(): Promise<void>;
};

/** The file is cut, damaged, or none of ours. */
export class SnapshotDamaged extends Error {
  override name = "SnapshotDamaged";
}

/** Writes a snapshot to a local file. Stops, with an AbortError, when `signal` is aborted. */
export async function writeSnapshot(
  file: string,
  header: SnapshotHeader,
  parts: SnapshotParts,
  signal: AbortSignal,
): Promise<void> {
  const { ZSTD_c_compressionLevel: level, ZSTD_c_checksumFlag: checksum } = constants;
  const compress = createZstdCompress({ params: { [level]: 1, [checksum]: 1 } });
  const text = Readable.from(bytesOf(header, parts), { objectMode: false });
  await pipeline(text, compress, createWriteStream(file), { signal });
}

function* bytesOf(header: SnapshotHeader, { seen, records }: SnapshotParts): Generator<Buffer> {
  yield Buffer.from(`${JSON.stringify({ version, ...header })}\n`);
  for (const words of seen) yield bytesOfWords(words);
  yield* records;
}

function bytesOfWords(words: Uint32Array): Buffer {
  const bytes = Buffer.allocUnsafe(words.length * 4);
  for (let at = 0; at < words.length; at += 1) bytes.writeUInt32LE(words[at] as number, 4 * at);
  return bytes;
}

/**
 * Reads a snapshot from a local file and checks it. Throws SnapshotDamaged; by then the visitor may have seen all but the
 * end, so whoever cannot take that back reads a file twice.
 */
export async function readSnapshot(file: string, visitor: SnapshotVisitor): Promise<void> {
  const reader = new SnapshotReader(visitor);
  const decompress = createZstdDecompress({ chunkSize: blockBytes });
  try {
    await pipeline(
      createReadStream(file, { highWaterMark: blockBytes / 4 }),
      decompress,
      async (blocks) => {
        for await (const block of blocks as AsyncIterable<Buffer>) {
          reader.take(block);
          await visitor.pause();
        }
      },
    );
    reader.end();
  } catch (cause) {
    if (cause instanceof SnapshotDamaged) throw cause;
    throw new SnapshotDamaged(`read the frontier snapshot "${file}"`, { cause });
  }
}

class SnapshotReader {
  readonly #visitor: SnapshotVisitor;
  #header: SnapshotHeader | null = null;
  #rest: Buffer = Buffer.alloc(0);
  #seen = 0;
  #links = 0;

  constructor(visitor: SnapshotVisitor) {
    this.#visitor = visitor;
  }

  take(block: Buffer): void {
    const bytes = this.#rest.length === 0 ? block : Buffer.concat([this.#rest, block]);
    let at = 0;
    if (this.#header === null) {
      at = this.#takeHeader(bytes);
      if (this.#header === null) {
        this.#rest = bytes;
        return;
      }
    }
    const { seen, links } = this.#header as SnapshotHeader;
    for (; this.#seen < seen && at + fingerprintBytes <= bytes.length; at += fingerprintBytes) {
      this.#visitor.fingerprint(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4));
      this.#seen += 1;
    }
    while (this.#seen === seen && this.#links < links && at + 4 <= bytes.length) {
      const size = recordBytes(bytes, at);
      if (at + size > bytes.length) break;
      this.#visitor.record(bytes, at);
      this.#links += 1;
      at += size;
    }
    this.#rest = bytes.subarray(at);
  }

  end(): void {
    const header = this.#header;
    if (header === null) throw new SnapshotDamaged("a frontier snapshot ends within its header");
    if (this.#seen !== header.seen || this.#links !== header.links || this.#rest.length > 0) {
      throw new SnapshotDamaged(
        `a frontier snapshot has ${this.#seen} of ${header.seen} fingerprints, ${this.#links} of ` +
          `${header.links} links, and ${this.#rest.length} bytes more`,
      );
    }
  }

  #takeHeader(bytes: Buffer): number {
    const end = bytes.indexOf("\n");
    if (end === -1 && bytes.length > maxHeaderBytes)
      throw new SnapshotDamaged("a frontier snapshot has no header");
    if (end === -1) return 0;
    const header = JSON.parse(bytes.toString("utf8", 0, end)) as SnapshotHeader & {
      version: number;
    };
    if (header.version !== version)
      throw new SnapshotDamaged(`a frontier snapshot has version ${header.version}`);
    this.#header = header;
    this.#visitor.header(header);
    return end + 1;
  }
}
