// Everything of a world follows from its seed: the same seed gives the same world on every machine, so a failing one can be
// run again by its number.

export type Random = {
  /** 0 or more, below 1. */
  next(): number;
  /** A whole number from 0 to `n` - 1. */
  below(n: number): number;
  /** True once in `n` times. */
  oneIn(n: number): boolean;
  pick<T>(values: readonly T[]): T;
};

/** mulberry32, begun by a hash of the words: parts of a world draw from generators of their own, and do not shift each other. */
export function randomOf(...words: (string | number)[]): Random {
  let state = hash32(words.join("\n"));
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n: number) => Math.floor(next() * n);
  return {
    next,
    below,
    oneIn: (n) => below(n) === 0,
    pick: <T>(values: readonly T[]) => {
      if (values.length === 0) throw new RangeError("there is nothing to pick from");
      return values[below(values.length)] as T;
    },
  };
}

/** FNV-1a, 32 bits. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
