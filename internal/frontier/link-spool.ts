// The links of a shard's frontier on the pod's own disk: written once, in the order they came, read one at a time when their
// turn comes. Memory holds the offset of every 16th record, the records not written yet, and some blocks read lately.
//
// The spool outlives nothing: a new owner writes its own. So it is never synced, and a write that fails (a full disk) fails
// the owner, whose links are on the log all the same. Files are made when the first block is written: small shards have none.

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { FrontierLink } from "../model/link.ts";
import { chunkEntries } from "./entry-table.ts";
import { linkParts, readLink, recordBytes, setSourceNumber, writeLink } from "./link-record.ts";

const blockRecords = 16;
const chunkBlocks = chunkEntries / blockRecords;
/** Chunks of a file: 262,144 links, about 25 MB. */
const partChunks = 64;
const flushBytes = 64 * 1024;
const firstTailBytes = 2 * 1024;
const cacheBytes = 128 * 1024;

/** `start`: offset in the spool of the file's first byte. */
type Part = { fd: number; path: string; start: number; chunks: number };

export class LinkSpool {
  readonly #parent: string;
  #folder: string | null = null;
  /** Where a chunk's blocks begin in the spool, as if its files were one, and where the last of them ends. */
  readonly #offsets: (Float64Array | undefined)[] = [];
  readonly #parts = new Map<number, Part>();
  /** Records not written yet: whole blocks, and the open one. */
  #tail = Buffer.allocUnsafe(firstTailBytes);
  #tailStart = 0;
  #tailBytes = 0;
  #size = 0;
  /** Blocks read lately, the last used last. */
  readonly #cache = new Map<number, Buffer>();
  #cachedBytes = 0;
  #isClosed = false;
  /** While a copy is being read: chunks that are to be freed after it. */
  #heldBack: number[] | null = null;

  /** `parent`: the folder in which the spool makes one of its own. */
  constructor(parent: string) {
    this.#parent = parent;
  }

  /** Bytes in memory. */
  get sizeBytes(): number {
    let bytes = this.#tail.length + this.#cachedBytes;
    for (const offsets of this.#offsets) bytes += offsets?.byteLength ?? 0;
    return bytes;
  }

  /** Appends the next link. Throws when the disk is full. */
  append(link: FrontierLink, source: number): void {
    const parts = linkParts(link);
    this.#beginRecord(parts.maxBytes);
    this.#tailBytes = writeLink(this.#tail, this.#tailBytes, parts, source);
    this.#size += 1;
  }

  /** Appends a record of another spool, which begins at `at`, under this one's number of its source. */
  appendRecord(from: Buffer, at: number, source: number): void {
    const size = recordBytes(from, at);
    this.#beginRecord(size);
    from.copy(this.#tail, this.#tailBytes, at, at + size);
    setSourceNumber(this.#tail, this.#tailBytes, source);
    this.#tailBytes += size;
    this.#size += 1;
  }

  /** The link of an entry that is not freed. */
  read(ordinal: number, sourceName: (source: number) => string): FrontierLink {
    const block = Math.floor(ordinal / blockRecords);
    const offsets = this.#offsets[Math.floor(block / chunkBlocks)];
    if (offsets === undefined)
      throw new Error(`frontier entry ${ordinal} is not in the spool any more`);
    const start = offsets[block % chunkBlocks] as number;
    const inTail = start >= this.#tailStart;
    const end = offsets[(block % chunkBlocks) + 1] as number;
    const bytes = inTail ? this.#tail : this.#block(block, start, end);
    let at = inTail ? start - this.#tailStart : 0;
    for (let skip = ordinal % blockRecords; skip > 0; skip -= 1) at += recordBytes(bytes, at);
    return readLink(bytes, at, sourceName);
  }

  /** Keeps what is freed from now on readable until {@link letGo}. */
  hold(): void {
    this.#heldBack = [];
  }

  letGo(): void {
    const heldBack = this.#heldBack ?? [];
    this.#heldBack = null;
    if (!this.#isClosed) for (const chunk of heldBack) this.free(chunk);
  }

  /** The records of a chunk whose bits are set, one after the other. */
  recordsOf(chunk: number, bits: Uint32Array): Buffer {
    const bytes = this.#chunkBytes(chunk);
    let end = 0;
    let at = 0;
    for (let index = 0; index < chunkEntries && at < bytes.length; index += 1) {
      const size = recordBytes(bytes, at);
      if ((bits[index >>> 5] as number) & (1 << (index & 31))) {
        bytes.copyWithin(end, at, at + size);
        end += size;
      }
      at += size;
    }
    return bytes.subarray(0, end);
  }

  /** No entry of this chunk is read again. */
  free(chunk: number): void {
    if (this.#heldBack !== null) {
      this.#heldBack.push(chunk);
      return;
    }
    this.#offsets[chunk] = undefined;
    const number = Math.floor(chunk / partChunks);
    const part = this.#parts.get(number);
    if (part === undefined) return;
    part.chunks -= 1;
    if (part.chunks > 0) return;
    this.#parts.delete(number);
    closeSync(part.fd);
    rmSync(part.path, { force: true });
  }

  /** Removes what is on the disk. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { fd } of this.#parts.values()) closeSync(fd);
    this.#parts.clear();
    this.#cache.clear();
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A copy of all there is of a chunk, on the disk and behind it. */
  #chunkBytes(chunk: number): Buffer {
    const offsets = this.#offsets[chunk];
    if (offsets === undefined) throw new Error(`chunk ${chunk} is not in the spool any more`);
    const start = offsets[0] as number;
    const end = (offsets[chunkBlocks] as number) || this.#tailStart + this.#tailBytes;
    const written = Math.max(start, Math.min(end, this.#tailStart));
    const tail = this.#tail.subarray(written - this.#tailStart, end - this.#tailStart);
    if (written === start) return Buffer.from(tail);
    const onDisk = this.#readBytes(Math.floor(chunk / partChunks), start, written);
    return written === end ? onDisk : Buffer.concat([onDisk, tail]);
  }

  /** Makes room for a record of at most `maxBytes`. Blocks are written whole, and files begin with a chunk. */
  #beginRecord(maxBytes: number): void {
    if (this.#size % blockRecords === 0) {
      const block = this.#size / blockRecords;
      const isNewPart = block % (chunkBlocks * partChunks) === 0;
      if (this.#tailBytes >= flushBytes || (isNewPart && this.#tailBytes > 0)) this.#flush();
      this.#beginBlock(block, this.#tailStart + this.#tailBytes);
    }
    const needed = this.#tailBytes + maxBytes;
    if (needed <= this.#tail.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#tail.length));
    this.#tail.copy(larger, 0, 0, this.#tailBytes);
    this.#tail = larger;
  }

  #beginBlock(block: number, offset: number): void {
    const chunk = Math.floor(block / chunkBlocks);
    if (block % chunkBlocks === 0) {
      this.#offsets.push(new Float64Array(chunkBlocks + 1));
      const before = this.#offsets[chunk - 1];
      if (before !== undefined) before[chunkBlocks] = offset;
    }
    const offsets = this.#offsets[chunk];
    if (offsets !== undefined) offsets[block % chunkBlocks] = offset;
  }

  #flush(): void {
    if (this.#isClosed) throw new Error("write to the frontier's spool: it is closed");
    const last = this.#size - 1;
    const part = this.#partOf(Math.floor(last / chunkEntries / partChunks));
    try {
      for (let done = 0; done < this.#tailBytes; ) {
        const left = this.#tailBytes - done;
        done += writeSync(part.fd, this.#tail, done, left, this.#tailStart - part.start + done);
      }
    } catch (cause) {
      const what = `write ${this.#tailBytes} bytes to the frontier's spool "${part.path}"`;
      throw new Error(what, { cause });
    }
    this.#tailStart += this.#tailBytes;
    this.#tailBytes = 0;
    if (this.#tail.length > 2 * flushBytes) this.#tail = Buffer.allocUnsafe(2 * flushBytes);
  }

  #partOf(number: number): Part {
    const known = this.#parts.get(number);
    if (known !== undefined) return known;
    try {
      this.#folder ??= mkdtempSync(join(this.#parent, "spool-"));
      const path = join(this.#folder, String(number));
      const start = this.#tailStart;
      const freed = this.#offsets.slice(number * partChunks).filter((offsets) => !offsets).length;
      const part = { fd: openSync(path, "w+"), path, start, chunks: partChunks - freed };
      this.#parts.set(number, part);
      return part;
    } catch (cause) {
      throw new Error(`make a file of the frontier's spool in "${this.#parent}"`, { cause });
    }
  }

  #block(block: number, start: number, end: number): Buffer {
    const known = this.#cache.get(block);
    if (known !== undefined) {
      this.#cache.delete(block);
      this.#cache.set(block, known);
      return known;
    }
    const bytes = this.#readBytes(Math.floor(block / chunkBlocks / partChunks), start, end);
    this.#cache.set(block, bytes);
    this.#cachedBytes += bytes.length;
    for (const [oldest, { length }] of this.#cache) {
      if (this.#cachedBytes <= cacheBytes || oldest === block) break;
      this.#cache.delete(oldest);
      this.#cachedBytes -= length;
    }
    return bytes;
  }

  #readBytes(number: number, start: number, end: number): Buffer {
    const part = this.#parts.get(number);
    if (part === undefined) throw new Error(`read the frontier's spool: file ${number} is gone`);
    const bytes = Buffer.allocUnsafe(end - start);
    try {
      for (let done = 0; done < bytes.length; ) {
        const got = readSync(part.fd, bytes, done, bytes.length - done, start - part.start + done);
        if (got === 0) throw new Error(`the file ends at ${start - part.start + done}`);
        done += got;
      }
    } catch (cause) {
      throw new Error(`read ${bytes.length} bytes of the frontier's spool "${part.path}"`, {
        cause,
      });
    }
    return bytes;
  }
}
