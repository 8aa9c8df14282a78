// How many flights a pod has under way, in all and by shard, and who waits for their end.
import type { Clock } from "../std/clock.ts";

/** Flights that may wait beside those in the air. */
const maxWaiting = 4_096;

type Watcher = { shard: number | null; landed: () => void };

export class Flights {
  readonly #byShard = new Map<number, number>();
  #watchers: Watcher[] = [];
  #count = 0;
  waiting = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those that do not wait for their turn at an address or at another host than their own: waiting takes no room from others. */
  get inAir(): number {
    return this.#count - Math.min(this.waiting, maxWaiting);
  }

  begin(shard: number): void {
    this.#count += 1;
    this.#byShard.set(shard, this.#of(shard) + 1);
  }

  end(shard: number): void {
    this.#count -= 1;
    const left = this.#of(shard) - 1;
    if (left > 0) this.#byShard.set(shard, left);
    else this.#byShard.delete(shard);
    const over = this.#watchers.filter((each) => this.#of(each.shard) === 0);
    this.#watchers = this.#watchers.filter((each) => !over.includes(each));
    for (const { landed } of over) landed();
  }

  /** Resolves when none of the shard (null: none at all) is under way. */
  landed(shard: number | null): Promise<void> {
    if (this.#of(shard) === 0) return Promise.resolve();
    return new Promise((landed) => this.#watchers.push({ shard, landed }));
  }

  /** The same, or `graceMs` are over. */
  landedWithin(shard: number, graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const callOff = this.#clock.setTimer(resolve, graceMs);
      void this.landed(shard).then(() => {
        callOff();
        resolve();
      });
    });
  }

  #of(shard: number | null): number {
    return shard === null ? this.#count : (this.#byShard.get(shard) ?? 0);
  }
}
