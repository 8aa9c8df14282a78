// 64-bit fingerprints of URLs: what ledgers, snapshots and tables hold in their place. 64 bits make a wrong "seen" a matter of
// 3 in 10,000 at 100 million URLs.
import { Permanent } from "../std/errors.ts";

/** 64 bits as two unsigned 32-bit halves. */
export type Fingerprint = { hi: number; lo: number };

/** Where the fingerprint of a text that begins with a known one goes on: an odd last unit of it waits in `carry` (-1: none). */
export type FingerprintStart = { hi: number; lo: number; carry: number; length: number };

const nothing: FingerprintStart = { hi: 0x9747b28c, lo: 0x3c6ef372, carry: -1, length: 0 };

/** The start of all texts that begin with `text`. */
export function startOf(text: string): FingerprintStart {
  const even = text.length & ~1;
  const words = mixed(nothing, text.slice(0, even));
  return { ...words, carry: text.length > even ? text.charCodeAt(even) : -1, length: text.length };
}

/**
 * The fingerprint of a text: two 32-bit lanes over its UTF-16 code units, mixed like MurmurHash3 (public domain). It is
 * stored in ledgers and snapshots, so it must never change. It is not keyed: whoever wants a collision can make one.
 * `start`: what comes before the text, which is then not put together with it.
 */
export function fingerprint(text: string, start: FingerprintStart = nothing): Fingerprint {
  const length = start.length + text.length;
  let { hi, lo } = mixed(start, text);
  hi = (hi ^ length) + lo;
  lo = (lo ^ length) + hi;
  hi = avalanche(hi);
  lo = avalanche(lo);
  hi += lo;
  return { hi: hi >>> 0, lo: (lo + hi) >>> 0 };
}

function mixed(start: FingerprintStart, text: string): Fingerprint {
  let { hi, lo } = start;
  for (let index = start.carry < 0 ? 0 : -1; index < text.length; index += 2) {
    const unit = index < 0 ? start.carry : text.charCodeAt(index);
    // Past an odd end charCodeAt gives NaN, which `<<` takes as 0.
    const block = unit | (text.charCodeAt(index + 1) << 16);
    hi ^= Math.imul(rotate(Math.imul(block, 0x239b961b), 15), 0xab0e9789);
    hi = (Math.imul((rotate(hi, 19) + lo) | 0, 5) + 0x561ccd1b) | 0;
    lo ^= Math.imul(rotate(Math.imul(block, 0x38b34ae5), 17), 0xa1e38b93);
    lo = (Math.imul((rotate(lo, 17) + hi) | 0, 5) + 0x0bcaa747) | 0;
  }
  return { hi, lo };
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

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function avalanche(word: number): number {
  const first = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
}
