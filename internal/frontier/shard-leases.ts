// The shard leases of one crawl pod: which shards are its share, taking, renewing and giving them back.
//
// A lease is used only until a time that is counted from before the renewal was sent: a pod that stalls or loses the queue
// stops asking hosts before anybody else can own them. It counts on both clocks: the wall's, which goes on while the machine
// sleeps, and the steady one, which nobody sets back. The server fences what such a pod would still commit.

import type { Lease, Queue } from "../queue/queue.ts";
import { type Clock, systemClock } from "../std/clock.ts";
import { LostLease } from "../std/errors.ts";
import { shareShards } from "./share-shards.ts";

type Held = { lease: Lease; untilWallMs: number; untilSteadyMs: number };

/** A lease is not used this close to its end. */
const marginMs = 500;

export class ShardLeases {
  readonly #queue: Queue;
  readonly #worker: string;
  readonly #ttlMs: number;
  readonly #held = new Map<number, Held>();
  readonly #clock: Clock;
  #membership: Lease | null = null;
  /** Pods that live, this one included, as of the last {@link balance}. */
  podCount = 1;
  #lastRenewalMs = Number.NEGATIVE_INFINITY;

  constructor(queue: Queue, worker: string, ttlMs: number, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#queue = queue;
    this.#worker = worker;
    this.#ttlMs = ttlMs;
  }

  get shards(): number[] {
    return [...this.#held.keys()];
  }

  isValid(shard: number): boolean {
    const held = this.#held.get(shard);
    return held !== undefined && this.#isInTime(held);
  }

  /** The lease of a shard. Throws LostLease when it is not held, or was not renewed in time. */
  lease(shard: number): Lease {
    const held = this.#held.get(shard);
    if (held === undefined || !this.#isInTime(held)) {
      throw new LostLease(`the lease of shard ${shard} is not held by ${this.#worker} any more`);
    }
    return held.lease;
  }

  /**
   * Takes the shards of `wanted` that are this pod's share and free; each is there with its weight ({@link shareShards}).
   * Gives those it took, and those it holds that are another living pod's share now.
   */
  async balance(
    wanted: ReadonlyMap<number, number>,
  ): Promise<{ gained: number[]; surplus: number[] }> {
    await this.#keepMembership();
    const members = (await this.#queue.leases("worker.")).map((info) => info.holder);
    this.podCount = new Set([...members, this.#worker]).size;
    const owners = shareShards(wanted, [...members, this.#worker]);
    const gained: number[] = [];
    for (const [shard, owner] of owners) {
      if (owner !== this.#worker || this.#held.has(shard)) continue;
      const until = this.#until();
      const lease = await this.#queue.acquire(`shard.${shard}`, this.#worker, this.#ttlMs);
      if (lease === null) continue;
      this.#held.set(shard, { lease, ...until });
      gained.push(shard);
    }
    const surplus = this.shards.filter(
      (shard) => (owners.get(shard) ?? this.#worker) !== this.#worker,
    );
    return { gained, surplus };
  }

  /**
   * Renews all leases when a third of their time is over. Gives the shards that were lost; one whose renewal failed
   * otherwise is kept as long as it is valid, and tried again.
   */
  async renew(): Promise<number[]> {
    const sentMs = this.#clock.steadyMs();
    if (sentMs - this.#lastRenewalMs < this.#ttlMs / 3) return [];
    const until = this.#until();
    this.#lastRenewalMs = sentMs;
    const lost: number[] = [];
    await Promise.all(
      [...this.#held].map(async ([shard, held]) => {
        try {
          held.lease = await this.#queue.renew(held.lease, this.#ttlMs);
          Object.assign(held, until);
        } catch (error) {
          // One failure must not hide that others are lost.
          if (!(error instanceof LostLease)) this.#lastRenewalMs = Number.NEGATIVE_INFINITY;
          // It may have been given up and taken anew meanwhile.
          else if (this.#held.get(shard) === held) {
            this.#held.delete(shard);
            lost.push(shard);
          }
        }
      }),
    );
    return lost;
  }

  /** Forgets a shard without giving it back (it is lost already). */
  drop(shard: number): void {
    this.#held.delete(shard);
  }

  /** Gives a shard back at once. */
  async release(shard: number): Promise<void> {
    const held = this.#held.get(shard);
    this.#held.delete(shard);
    if (held !== undefined) await this.#queue.release(held.lease);
  }

  /** Leaves the pods' list, so that the others take over what is released. */
  async leave(): Promise<void> {
    if (this.#membership !== null) await this.#queue.release(this.#membership);
    this.#membership = null;
  }

  /** How long a lease may be used that is taken or renewed from now on. */
  #until(): Pick<Held, "untilWallMs" | "untilSteadyMs"> {
    const usedMs = this.#ttlMs - marginMs;
    return {
      untilWallMs: this.#clock.wallMs() + usedMs,
      untilSteadyMs: this.#clock.steadyMs() + usedMs,
    };
  }

  #isInTime(held: Held): boolean {
    return held.untilWallMs > this.#clock.wallMs() && held.untilSteadyMs > this.#clock.steadyMs();
  }

  async #keepMembership(): Promise<void> {
    if (this.#membership !== null) {
      try {
        this.#membership = await this.#queue.renew(this.#membership, this.#ttlMs);
        return;
      } catch (error) {
        if (!(error instanceof LostLease)) throw error;
      }
    }
    this.#membership = await this.#queue.acquire(
      `worker.${this.#worker}`,
      this.#worker,
      this.#ttlMs,
    );
  }
}
