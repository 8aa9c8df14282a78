// A clock for many processes at once, on which nothing really waits: time jumps to the next thing that is due. A process may
// be stalled (its clock goes on, its code does not), killed, or have its wall clock set.
import type { Clock } from "../../internal/std/clock.ts";

type Due = { atMs: number; order: number; body: () => void };

/** Epoch of the virtual wall clock, so that no time is 0 by accident. */
export const epochMs = 1_800_000_000_000;

export class VirtualTime {
  nowMs = 0;
  readonly #due: Due[] = [];
  #order = 0;

  /** Calls `body` at that time. Gives a function that calls it off. */
  at(atMs: number, body: () => void): () => void {
    const due = { atMs: Math.max(atMs, this.nowMs), order: this.#order++, body };
    let [low, high] = [0, this.#due.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#due[middle] as Due;
      if (other.atMs > due.atMs || (other.atMs === due.atMs && other.order > due.order))
        low = middle + 1;
      else high = middle;
    }
    this.#due.splice(low, 0, due);
    return () => {
      const index = this.#due.indexOf(due);
      if (index !== -1) this.#due.splice(index, 1);
    };
  }

  /** Lets time pass until `isOver` or `endMs`; between two events all that is ready to run has run. */
  async pass(isOver: () => boolean, endMs: number): Promise<void> {
    await settled();
    while (!isOver() && this.nowMs < endMs) {
      const next = this.#due.pop();
      if (next === undefined) return;
      this.nowMs = next.atMs;
      next.body();
      await settled();
    }
  }
}

/** All promises that can go on have gone on. Nothing here waits for anything but promises. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** One process on a virtual clock. What comes from outside comes through `deliver`. */
export class VirtualProcess {
  readonly #time: VirtualTime;
  readonly #bornMs: number;
  #stalledUntilMs = 0;
  #wallOffsetMs = 0;
  #held: (() => void)[] = [];
  isDead = false;
  readonly clock: Clock;

  constructor(time: VirtualTime) {
    this.#time = time;
    this.#bornMs = time.nowMs;
    this.clock = {
      wallMs: () => epochMs + time.nowMs + this.#wallOffsetMs,
      steadyMs: () => time.nowMs - this.#bornMs,
      // As Node's: whole milliseconds, one at least.
      setTimer: (body, delayMs) =>
        time.at(time.nowMs + Math.max(1, Math.trunc(delayMs)), () => this.deliver(body)),
    };
  }

  get isStalled(): boolean {
    return this.#stalledUntilMs > this.#time.nowMs;
  }

  /** Runs `body` in the process: now, when it goes on again, or never. */
  deliver(body: () => void): void {
    if (this.isDead) return;
    if (this.isStalled) this.#held.push(body);
    else body();
  }

  /** Stops its code for so long. What came meanwhile runs afterwards, the last first: the worst order there is. */
  stall(forMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#time.nowMs + forMs);
    this.#time.at(this.#stalledUntilMs, () => {
      if (this.isStalled) return;
      for (const body of this.#held.splice(0).reverse()) this.deliver(body);
    });
  }

  setWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }
}
