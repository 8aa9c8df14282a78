// Which answers of the demo server are faults: one in `every`, by a seeded sequence, so that a run can be repeated.

/** `retryAfterMs` null: no Retry-After header. */
export type Fault = { status: 429 | 503; retryAfterMs: number | null };

// Taken in turn, so that a short run sees each. One without Retry-After costs the client its own backoff: it is the rarest.
const kinds: readonly Fault[] = [
  { status: 429, retryAfterMs: 1_000 },
  { status: 503, retryAfterMs: 1_000 },
  { status: 429, retryAfterMs: 1_000 },
  { status: 503, retryAfterMs: 1_000 },
  { status: 503, retryAfterMs: null },
];

/**
 * Gives a function to be called once a request with its URL: the fault to answer with, or null. Exactly one of each
 * `every` requests is chosen (0: none); when the chosen request repeats one that was a fault, the fault goes to the next request
 * instead, so that no URL gets two in a row.
 */
export function faultSequence(seed: number, every: number): (url: string) => Fault | null {
  const random = mulberry32(seed);
  const failedLast = new Set<string>();
  const due: Fault[] = [];
  let requests = 0;
  let chosen = 0;
  let turn = Math.floor(random() * kinds.length);
  return (url) => {
    if (every === 0) return null;
    const position = requests++ % every;
    if (position === 0) {
      chosen = Math.floor(random() * every);
      turn = (turn + 1) % kinds.length;
    }
    const kind = kinds[turn];
    if (position === chosen && kind !== undefined) due.push(kind);
    if (failedLast.delete(url)) return null;
    const fault = due.shift() ?? null;
    if (fault !== null) failedLast.add(url);
    return fault;
  };
}

/** Numbers in [0, 1): Tommy Ettinger's mulberry32, public domain. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
