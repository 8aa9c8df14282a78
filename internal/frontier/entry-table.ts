// The entries of a shard's frontier by their ordinal: which are live (not committed yet), and for queued ones which comes
// next in its queue. 4 bytes and a bit each, in chunks that are given back when nothing in them is live any more.

/** Entries of a chunk; the spool keeps its own part of each chunk under the same number. */
export const chunkEntries = 4_096;
/** No entry: the end of a queue. */
export const none = 0xffff_ffff;

type Chunk = { next: Uint32Array; live: Uint32Array; liveCount: number };

export class EntryTable {
  readonly #chunks: (Chunk | undefined)[] = [];
  readonly #onFree: (chunk: number) => void;
  #size = 0;
  #liveCount = 0;

  /** `onFree`: no entry of this chunk will be asked for again. */
  constructor(onFree: (chunk: number) => void) {
    this.#onFree = onFree;
  }

  /** Entries ever added. */
  get size(): number {
    return this.#size;
  }

  get liveCount(): number {
    return this.#liveCount;
  }

  /** Bytes of all chunks. */
  get sizeBytes(): number {
    let bytes = 0;
    for (const chunk of this.#chunks)
      if (chunk !== undefined) bytes += chunk.next.byteLength + chunk.live.byteLength;
    return bytes;
  }

  /** Adds a live entry and gives its ordinal: 0, 1, 2, ... */
  add(): number {
    const ordinal = this.#size;
    const number = Math.floor(ordinal / chunkEntries);
    if (ordinal % chunkEntries === 0) {
      const words = chunkEntries / 32;
      this.#chunks.push({
        next: new Uint32Array(chunkEntries),
        live: new Uint32Array(words),
        liveCount: 0,
      });
      if (number > 0) this.#freeIfDead(number - 1);
    }
    const chunk = this.#chunks[number] as Chunk;
    const at = ordinal % chunkEntries;
    chunk.live[at >>> 5] = (chunk.live[at >>> 5] as number) | (1 << (at & 31));
    chunk.liveCount += 1;
    this.#size += 1;
    this.#liveCount += 1;
    return ordinal;
  }

  /** The entry behind a queued one, or {@link none}. */
  next(ordinal: number): number {
    return this.#chunkOf(ordinal).next[ordinal % chunkEntries] as number;
  }

  setNext(ordinal: number, next: number): void {
    this.#chunkOf(ordinal).next[ordinal % chunkEntries] = next;
  }

  /** The entry is done with. Throws when it was before: counts that rest on this would be wrong. */
  retire(ordinal: number): void {
    const chunk = this.#chunkOf(ordinal);
    const at = ordinal % chunkEntries;
    const word = chunk.live[at >>> 5] as number;
    const bit = 1 << (at & 31);
    if ((word & bit) === 0) throw new Error(`frontier entry ${ordinal} was retired before`);
    chunk.live[at >>> 5] = word & ~bit;
    chunk.liveCount -= 1;
    this.#liveCount -= 1;
    this.#freeIfDead(Math.floor(ordinal / chunkEntries));
  }

  /** Which entries are live now: a copy of the bits of each chunk that has some. */
  liveBits(): { chunk: number; bits: Uint32Array }[] {
    const found: { chunk: number; bits: Uint32Array }[] = [];
    for (const [number, chunk] of this.#chunks.entries()) {
      if (chunk !== undefined && chunk.liveCount > 0)
        found.push({ chunk: number, bits: chunk.live.slice() });
    }
    return found;
  }

  #chunkOf(ordinal: number): Chunk {
    const chunk = this.#chunks[Math.floor(ordinal / chunkEntries)];
    if (chunk === undefined) throw new Error(`frontier entry ${ordinal} is gone`);
    return chunk;
  }

  /** The last chunk may be empty only because it has just begun. */
  #freeIfDead(number: number): void {
    if (this.#chunks[number]?.liveCount !== 0 || number === this.#chunks.length - 1) return;
    this.#chunks[number] = undefined;
    this.#onFree(number);
  }
}
