// The shard leases of one crawl pod: which shards are its share, taking, renewing and giving them back.
//
// A lease is used only until `validUntilMs`, counted from before the renewal was sent: a pod that stalls or loses the queue
// stops asking hosts before anybody else can own them. The server fences what such a pod would still commit.

import type { Lease, Queue } from "../queue/queue.ts";
import { LostLease } from "../std/errors.ts";
import { shareShards } from "./share-shards.ts";

type Held = { lease: Lease; validUntilMs: number };

export class ShardLeases {
  readonly #queue: Queue;
  readonly #worker: string;
  readonly #ttlMs: number;
  readonly #held = new Map<number, Held>();
  #membership: Lease | null = null;
  #lastRenewalMs = 0;

  constructor(queue: Queue, worker: string, ttlMs: number) {
    this.#queue = queue;
    this.#worker = worker;
    this.#ttlMs = ttlMs;
  }

  get shards(): number[] {
    return [...this.#held.keys()];
  }

  isValid(shard: number, nowMs: number): boolean {
    return (this.#held.get(shard)?.validUntilMs ?? 0) > nowMs;
  }

  /** The lease of a shard. Throws LostLease when it is not held, or was not renewed in time. */
  lease(shard: number): Lease {
    const held = this.#held.get(shard);
    if (held === undefined || held.validUntilMs <= Date.now()) {
      throw new LostLease(`the lease of shard ${shard} is not held by ${this.#worker} any more`);
    }
    return held.lease;
  }

  /**
   * Takes the shards of `wanted` that are this pod's share and free. Gives those it took, and those it holds that are
   * another living pod's share now.
   */
  async balance(wanted: readonly number[]): Promise<{ gained: number[]; surplus: number[] }> {
    await this.#keepMembership();
    const members = (await this.#queue.leases("worker.")).map((info) => info.holder);
    const owners = shareShards(wanted, [...members, this.#worker]);
    const gained: number[] = [];
    for (const [shard, owner] of owners) {
      if (owner !== this.#worker || this.#held.has(shard)) continue;
      const sentMs = Date.now();
      const lease = await this.#queue.acquire(`shard.${shard}`, this.#worker, this.#ttlMs);
      if (lease === null) continue;
      this.#held.set(shard, { lease, validUntilMs: sentMs + this.#ttlMs - 500 });
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
    const sentMs = Date.now();
    if (sentMs - this.#lastRenewalMs < this.#ttlMs / 3) return [];
    this.#lastRenewalMs = sentMs;
    const lost: number[] = [];
    await Promise.all(
      [...this.#held].map(async ([shard, held]) => {
        try {
          held.lease = await this.#queue.renew(held.lease, this.#ttlMs);
          held.validUntilMs = sentMs + this.#ttlMs - 500;
        } catch (error) {
          // One failure must not hide that others are lost.
          if (!(error instanceof LostLease)) this.#lastRenewalMs = 0;
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
