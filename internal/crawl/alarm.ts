// Rings when the next host may be asked. There is one timer at most, whatever the number of hosts.
import type { Clock } from "../std/clock.ts";

/** setTimeout takes no more than 24 days; and a clock may be set. */
const longestTimerMs = 60_000;

export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #set: { atMs: number; callOff: () => void } | null = null;

  /** `ring` may be called sooner than was asked for. */
  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at that time of the steady clock and at no other; null: never. */
  set(atMs: number | null): void {
    if (this.#set?.atMs === atMs) return;
    this.#set?.callOff();
    this.#set = null;
    if (atMs === null) return;
    const ring = () => {
      this.#set = null;
      this.#ring();
    };
    const waitMs = Math.min(Math.max(0, atMs - this.#clock.steadyMs()), longestTimerMs);
    this.#set = { atMs, callOff: this.#clock.setTimer(ring, waitMs) };
  }
}
