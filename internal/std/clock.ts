// The clock of a process: what tells its time and wakes it. A parameter of whatever promises something about time, so that
// the promise can be tried on a virtual one.
//
// Two times, because neither is enough: the wall's may be set back or forth while we run, and the steady one means nothing
// to another process and stands still while the machine sleeps.

export type Clock = {
  /** Epoch milliseconds, as other machines have them too. May jump. */
  wallMs(): number;
  /** Milliseconds since some moment of this process. Never jumps, never goes back. */
  steadyMs(): number;
  /** Calls `body` once, `delayMs` from now or somewhat later. Gives a function that calls it off. */
  setTimer(body: () => void, delayMs: number): () => void;
};

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  steadyMs: () => performance.now(),
  setTimer: (body, delayMs) => {
    const timer = setTimeout(body, delayMs);
    return () => clearTimeout(timer);
  },
};
