// The set of fingerprints that were seen. A `Set` ends at 16.7 million entries and costs ten times the memory.
//
// Open addressing in order (Amble and Knuth 1974): entries are sorted, each stands at its home or behind it, and its home
// grows with it. So a look-up ends at the first larger entry, a table 85 % full is still quick, and growing is one pass from
// left to right. The table is cut into segments by the first bits; each grows alone, so that no pause is long.
import type { Fingerprint } from "./fingerprint.ts";

const maxLoad = 0.85;
const growth = 1.25;
const reservedLoad = 0.75;
const firstSlots = 8;
/** Slots behind the last home, for entries that were pushed on. */
const spareSlots = 8;

/** Two words a slot, both 0 in a free one; `homes` slots are homes, the rest is spare. */
type Segment = { words: Uint32Array<ArrayBuffer>; homes: number; count: number };

export class FingerprintTable {
  readonly #segments: (Segment | undefined)[];
  /** The first so many bits of a fingerprint are the number of its segment. */
  readonly #bits: number;
  #size = 0;
  /** The entry that looks like a free slot. */
  #hasZero = false;
  /** While a copy is being read: the words of segments as they were, until they are read. */
  #frozen: (Uint32Array<ArrayBuffer> | undefined)[] | null = null;

  /** `segments`: a power of 2; few for a small table of short life. */
  constructor(segments = 64) {
    this.#segments = Array.from({ length: segments });
    this.#bits = Math.log2(segments);
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of all slots. */
  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + (segment?.words.byteLength ?? 0), 0);
  }

  /**
   * Makes room for so many entries, in an empty table. Needed before entries are added in their order: in a table that grows
   * on the way they would crowd at the front of each segment.
   */
  reserve(entries: number): void {
    const homes = Math.ceil(entries / this.#segments.length / reservedLoad);
    if (homes < firstSlots) return;
    for (const number of this.#segments.keys()) this.#grow(number, homes);
  }

  has(hi: number, lo: number): boolean {
    if (hi === 0 && lo === 0) return this.#hasZero;
    const number = this.#numberOf(hi);
    const segment = this.#segments[number];
    if (segment === undefined) return false;
    const at = placeOf(segment, this.#homeOf(segment, hi), hi, lo);
    return segment.words[at] === hi && segment.words[at + 1] === lo;
  }

  /** Adds a fingerprint; true when it is new. */
  add(hi: number, lo: number): boolean {
    if (hi === 0 && lo === 0) return this.#addZero();
    const number = this.#numberOf(hi);
    const segment = this.#segments[number] ?? this.#grow(number, firstSlots);
    const at = placeOf(segment, this.#homeOf(segment, hi), hi, lo);
    if (segment.words[at] === hi && segment.words[at + 1] === lo) return false;
    this.#insert(number, segment, at, hi, lo);
    this.#size += 1;
    segment.count += 1;
    if (segment.count > segment.homes * maxLoad)
      this.#grow(number, Math.ceil(segment.homes * growth));
    return true;
  }

  /**
   * All entries as of now, in order, as words `hi, lo, hi, lo, ...`, a segment at a time. The table may be added to before
   * they are read: what is still to be read is copied before it changes, until {@link thaw}. One reader at a time.
   */
  freeze(): Iterable<Uint32Array> {
    if (this.#frozen !== null) throw new Error("the fingerprints are being read already");
    const frozen = this.#segments.map((segment) => segment?.words);
    this.#frozen = frozen;
    return partsOf(frozen, this.#hasZero);
  }

  thaw(): void {
    this.#frozen = null;
  }

  #addZero(): boolean {
    if (this.#hasZero) return false;
    this.#hasZero = true;
    this.#size += 1;
    return true;
  }

  #numberOf(hi: number): number {
    return this.#bits === 0 ? 0 : hi >>> (32 - this.#bits);
  }

  /** Index of the slot where a fingerprint is at home. */
  #homeOf(segment: Segment, hi: number): number {
    const fraction = ((hi << this.#bits) >>> 0) / 0x1_0000_0000;
    return 2 * Math.floor(fraction * segment.homes);
  }

  /** Puts an entry into its place; those from there to the next free slot move on by one. */
  #insert(number: number, segment: Segment, at: number, hi: number, lo: number): void {
    if (this.#frozen?.[number] === segment.words) segment.words = segment.words.slice();
    const free = freeFrom(segment.words, at);
    if (free === segment.words.length) {
      const longer = new Uint32Array(
        segment.words.length + 2 * (spareSlots + (segment.count >> 3)),
      );
      longer.set(segment.words);
      segment.words = longer;
    }
    const { words } = segment;
    if (free > at) words.copyWithin(at + 2, at, free);
    words[at] = hi;
    words[at + 1] = lo;
  }

  #grow(number: number, homes: number): Segment {
    const before = this.#segments[number]?.words ?? new Uint32Array();
    const segment = { words: new Uint32Array(2 * (homes + spareSlots)), homes, count: 0 };
    let next = 0;
    for (let from = 0; from < before.length; from += 2) {
      const hi = before[from] as number;
      const lo = before[from + 1] as number;
      if (hi === 0 && lo === 0) continue;
      const at = Math.max(next, this.#homeOf(segment, hi));
      if (at === segment.words.length) {
        const longer = new Uint32Array(2 * segment.words.length);
        longer.set(segment.words);
        segment.words = longer;
      }
      segment.words[at] = hi;
      segment.words[at + 1] = lo;
      segment.count += 1;
      next = at + 2;
    }
    this.#segments[number] = segment;
    return segment;
  }
}

/** Index of a fingerprint, or of the place where it belongs: a free slot or the first larger entry. */
function placeOf({ words }: Segment, home: number, hi: number, lo: number): number {
  let at = home;
  while (at < words.length) {
    const other = words[at] as number;
    const otherLo = words[at + 1] as number;
    if (other > hi || (other === hi && otherLo >= lo) || (other === 0 && otherLo === 0)) break;
    at += 2;
  }
  return at;
}

function freeFrom(words: Uint32Array, from: number): number {
  let at = from;
  while (at < words.length && (words[at] !== 0 || words[at + 1] !== 0)) at += 2;
  return at;
}

function* partsOf(frozen: (Uint32Array | undefined)[], hasZero: boolean): Generator<Uint32Array> {
  if (hasZero) yield new Uint32Array(2);
  for (const [number, words] of frozen.entries()) {
    if (words === undefined) continue;
    // From now on it may be changed in place.
    frozen[number] = undefined;
    yield packed(words);
  }
}

/** Without the free slots. */
function packed(words: Uint32Array): Uint32Array {
  const entries = new Uint32Array(words.length);
  let count = 0;
  for (let at = 0; at < words.length; at += 2) {
    if (words[at] === 0 && words[at + 1] === 0) continue;
    entries[count] = words[at] as number;
    entries[count + 1] = words[at + 1] as number;
    count += 2;
  }
  return entries.subarray(0, count);
}

/** Fingerprints in the order they came. */
export class FingerprintList {
  #words = new Uint32Array(16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push({ hi, lo }: Fingerprint): void {
    if (2 * this.#length === this.#words.length) {
      const longer = new Uint32Array(2 * this.#words.length);
      longer.set(this.#words);
      this.#words = longer;
    }
    this.#words[2 * this.#length] = hi;
    this.#words[2 * this.#length + 1] = lo;
    this.#length += 1;
  }

  *[Symbol.iterator](): Generator<Fingerprint> {
    for (let at = 0; at < 2 * this.#length; at += 2)
      yield { hi: this.#words[at] as number, lo: this.#words[at + 1] as number };
  }
}
