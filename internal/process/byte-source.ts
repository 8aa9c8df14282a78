// Bytes of a local file after decompression, and their cutting into records.
//
// Everything compressed goes through node:zlib: DuckDB reads a cut or corrupt .gz or .zst without an error.
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { type Packing, packingOf, unpack } from "../archive/unpack.ts";
import { type ZipEntry, zipMember } from "../archive/zip.ts";
import { describeError, isSystemError, Permanent } from "../std/errors.ts";
import { maxRecordBytes } from "./record.ts";
import { toUtf8 } from "./text-encoding.ts";

export type Compression = Exclude<Packing, "deflate">;

/** Where the first byte of a part is in its file: in bytes from 0, and the number of its line. */
export type Place = { offset: number; line: number };

/** The place of a file that is no part of another. */
export const wholeFile: Place = { offset: 0, line: 1 };

/**
 * A local file; `name` is how people know it. `encoding`: of its text, when that is not UTF-8. `held`: its bytes, where they are
 * in memory and not in the file `local`. `member`: of the ZIP archive `local`, what it is. `place`: it is a part of the file
 * people know, from there on.
 */
export type LocalFile = {
  local: string;
  name: string;
  compression: Compression;
  encoding?: string;
  held?: Buffer;
  member?: ZipEntry;
  place?: Place;
};

const chunkBytes = 256 * 1024;

/** The compression by the first bytes. */
export async function compressionOf(local: string): Promise<Compression> {
  const file = await open(local);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    return packingOf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** The file's bytes, text in another encoding as UTF-8. Throws Permanent when compressed data is cut, corrupt, followed by something else, or a bomb. */
export async function* bytesOf(file: LocalFile): AsyncGenerator<Buffer, void, void> {
  if (file.encoding === undefined) yield* unpackedBytes(file);
  else yield* toUtf8(unpackedBytes(file), file.encoding);
}

async function* unpackedBytes(file: LocalFile): AsyncGenerator<Buffer, void, void> {
  if (file.member !== undefined) {
    yield* memberBytes(file, file.member);
    return;
  }
  const source =
    file.held === undefined
      ? createReadStream(file.local, { highWaterMark: chunkBytes })
      : Readable.from([file.held], { objectMode: false });
  if (file.compression === "none") {
    yield* source as AsyncIterable<Buffer>;
    return;
  }
  const size = file.held?.length ?? (await stat(file.local)).size;
  try {
    yield* unpack(source as AsyncIterable<Buffer>, file.compression, size);
  } catch (error) {
    throw new Permanent(
      `read "${file.name}": its ${file.compression} data is cut or corrupt: ${describeError(error)}`,
      { cause: error },
    );
  }
}

async function* memberBytes(
  { local, name, compression }: LocalFile,
  member: ZipEntry,
): AsyncGenerator<Buffer, void, void> {
  try {
    yield* unpack(zipMember(local, member), compression, member.sizeBytes);
  } catch (error) {
    if (isSystemError(error)) throw error;
    throw new Permanent(`read "${name}": ${describeError(error)}`, { cause: error });
  }
}

/** The first bytes, at most `limit`, and whether that is all. */
export async function headOf(
  file: LocalFile,
  limit: number,
): Promise<{ head: Buffer; whole: boolean }> {
  if (file.held !== undefined && file.compression === "none")
    return { head: file.held.subarray(0, limit), whole: file.held.length <= limit };
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of bytesOf(file)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) break;
  }
  const head = Buffer.concat(chunks);
  return { head: head.subarray(0, limit), whole: length <= limit };
}

/**
 * Takes one record from `bytes` at `start`, which is `offset` in the whole: where the next one starts; or -1, if the record goes on behind what is there
 * (never when `last`); or -2, if it is longer than a record may be: the rest of its line is then passed over.
 */
export type Take = (bytes: Buffer, start: number, offset: number, last: boolean) => number;

/** Puts what is left of the bytes before what came behind them. */
export type Join = (rest: Buffer, waiting: readonly Buffer[]) => Buffer;

const joinAnew: Join = (rest, waiting) => Buffer.concat([rest, ...waiting]);

/**
 * Feeds records to `take` until the bytes end. `drained` is awaited after every chunk. `join` gives the bytes that `take` sees;
 * left alone, new ones each time.
 */
export async function cutRecords(
  source: AsyncIterable<Buffer>,
  take: Take,
  drained: () => Promise<void>,
  signal: AbortSignal,
  join: Join = joinAnew,
): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  let skipping = false;
  /** Where `rest` starts in the whole. */
  let base = 0;
  const feed = (bytes: Buffer, last: boolean) => {
    let start = 0;
    const done = (at: number) => {
      base += at;
      return bytes.subarray(at);
    };
    while (start < bytes.length) {
      if (skipping) {
        const end = bytes.indexOf(0x0a, start);
        if (end < 0) return done(bytes.length);
        start = end + 1;
        skipping = false;
        continue;
      }
      const next = take(bytes, start, base + start, last);
      if (next === -1) return done(start);
      if (next === -2) skipping = true;
      else start = next;
    }
    return done(bytes.length);
  };
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  for await (const chunk of source) {
    signal.throwIfAborted();
    waiting.push(chunk);
    waitingBytes += chunk.length;
    // A long record is looked at again only when there is twice as much of it: the work stays linear.
    if (waitingBytes < rest.length) continue;
    rest = feed(join(rest, waiting), false);
    waiting = [];
    waitingBytes = 0;
    await drained();
  }
  feed(join(rest, waiting), true);
  await drained();
}

/** Whether what is left of a record from `start` is already too long to be one. */
export const isTooLong = (bytes: Buffer, start: number) => bytes.length - start > maxRecordBytes;
