// 64-bit fingerprints of URLs, and the table that knows which were seen. A `Set` ends at 16.7 million entries and costs ten
// times the memory; 64 bits make a wrong "seen" a matter of 3 in 10,000 at 100 million URLs.
import { Permanent } from "../std/errors.ts";

/** 64 bits as two unsigned 32-bit halves. */
export type Fingerprint = { hi: number; lo: number };

/**
 * The fingerprint of a text: two 32-bit lanes over its UTF-16 code units, mixed like MurmurHash3 (public domain). It is
 * stored in ledgers and snapshots, so it must never change. It is not keyed: whoever wants a collision can make one.
 */
export function fingerprint(text: string): Fingerprint {
  let hi = 0x9747b28c;
  let lo = 0x3c6ef372;
  for (let index = 0; index < text.length; index += 2) {
    // Past an odd end charCodeAt gives NaN, which `<<` takes as 0.
    const block = text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16);
    hi ^= Math.imul(rotate(Math.imul(block, 0x239b961b), 15), 0xab0e9789);
    hi = (Math.imul((rotate(hi, 19) + lo) | 0, 5) + 0x561ccd1b) | 0;
    lo ^= Math.imul(rotate(Math.imul(block, 0x38b34ae5), 17), 0xa1e38b93);
    lo = (Math.imul((rotate(lo, 17) + hi) | 0, 5) + 0x0bcaa747) | 0;
  }
  hi = (hi ^ text.length) + lo;
  lo = (lo ^ text.length) + hi;
  hi = avalanche(hi);
  lo = avalanche(lo);
  hi += lo;
  return { hi: hi >>> 0, lo: (lo + hi) >>> 0 };
}

/** 16 lower-case hex digits. */
export function hexOf({ hi, lo }: Fingerprint): string {
  return hi.toString(16).padStart(8, "0") + lo.toString(16).padStart(8, "0");
}

/** The fingerprint that {@link hexOf} wrote. Throws Permanent when it is not 16 hex digits. */
export function fromHex(hex: string): Fingerprint {
  if (!/^[0-9a-f]{16}$/i.test(hex)) {
    throw new Permanent(`read fingerprint "${hex}": it is not 16 hex digits`);
  }
  return { hi: Number.parseInt(hex.slice(0, 8), 16), lo: Number.parseInt(hex.slice(8), 16) };
}

const segmentBits = 6;
const firstSlots = 16;
const maxLoad = 0.8;
const growth = 1.5;

/**
 * A set of fingerprints: open addressing in 64 segments that each grow alone, so that no single growth moves more than a
 * 64th. A slot is 8 bytes and a segment 53 to 80 % full: 10 to 15 bytes an entry (more below some thousand entries).
 */
export class FingerprintTable {
  readonly #segments: (Uint32Array | undefined)[] = Array.from({ length: 1 << segmentBits });
  readonly #counts = new Uint32Array(1 << segmentBits);
  #size = 0;
  /** Two zero words mark a free slot; this is the entry that looks like one. */
  #hasZero = false;

  get size(): number {
    return this.#size;
  }

  /** Bytes of all slots. */
  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + (segment?.byteLength ?? 0), 0);
  }

  /** Adds a fingerprint; true when it is new. */
  add(hi: number, lo: number): boolean {
    if (hi === 0 && lo === 0) {
      if (this.#hasZero) return false;
      this.#hasZero = true;
      this.#size += 1;
      return true;
    }
    const number = segmentOf(hi, lo);
    const segment = this.#segments[number] ?? this.#resize(number, firstSlots);
    const at = slotOf(segment, hi, lo);
    if (segment[at] !== 0 || segment[at + 1] !== 0) return false;
    segment[at] = hi;
    segment[at + 1] = lo;
    this.#size += 1;
    const count = (this.#counts[number] as number) + 1;
    this.#counts[number] = count;
    const slots = segment.length / 2;
    if (count > slots * maxLoad) this.#resize(number, Math.ceil(slots * growth));
    return true;
  }

  has(hi: number, lo: number): boolean {
    if (hi === 0 && lo === 0) return this.#hasZero;
    const segment = this.#segments[segmentOf(hi, lo)];
    if (segment === undefined) return false;
    const at = slotOf(segment, hi, lo);
    return segment[at] !== 0 || segment[at + 1] !== 0;
  }

  #resize(number: number, slots: number): Uint32Array {
    const old = this.#segments[number];
    const next = new Uint32Array(slots * 2);
    for (let from = 0; old !== undefined && from < old.length; from += 2) {
      const hi = old[from] as number;
      const lo = old[from + 1] as number;
      if (hi === 0 && lo === 0) continue;
      const at = slotOf(next, hi, lo);
      next[at] = hi;
      next[at + 1] = lo;
    }
    this.#segments[number] = next;
    return next;
  }
}

function segmentOf(hi: number, lo: number): number {
  return Math.imul(hi ^ lo, 0x9e3779b1) >>> (32 - segmentBits);
}

/** Index of the fingerprint in a segment, or of the free slot where it belongs. There is always a free slot. */
function slotOf(segment: Uint32Array, hi: number, lo: number): number {
  const hash = Math.imul(lo ^ rotate(hi, 16), 0x85ebca6b) >>> 0;
  let at = 2 * Math.floor((hash * (segment.length / 2)) / 0x1_0000_0000);
  while (segment[at] !== hi || segment[at + 1] !== lo) {
    if (segment[at] === 0 && segment[at + 1] === 0) return at;
    at += 2;
    if (at === segment.length) at = 0;
  }
  return at;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function avalanche(word: number): number {
  const first = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
}
