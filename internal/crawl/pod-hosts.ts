// The hosts that a crawl pod has in memory, by name, by shard, and by when they may next be asked. A host that has nothing to
// do is kept for as long as there is room, so that its robots.txt need not be asked for again; then the one that was idle
// longest is forgotten. What must not be forgotten is written down first (kept-hosts.ts).

import { Host } from "../politeness/host.ts";
import { type KeptHosts, takeoverGapMs } from "../politeness/kept-hosts.ts";
import { ReadyHosts } from "../politeness/ready-hosts.ts";
import type { Clock } from "../std/clock.ts";

/** Idle hosts remembered: about 1 KB each, more with long rules. */
const maxIdle = 20_000;
/** Hosts written down at a time when a shard is left. */
const writesAtOnce = 64;

/** `waitMs`: no host is asked for so long after the shard was taken over. */
type Shard = { enteredMs: number; waitMs: number; hosts: Set<Host> };

export class PodHosts {
  readonly ready = new ReadyHosts<Host>();
  readonly #kept: KeptHosts;
  readonly #clock: Clock;
  readonly #byName = new Map<string, Host>();
  readonly #shards = new Map<number, Shard>();
  /** In the order in which they fell idle. */
  readonly #idle = new Set<Host>();

  constructor(kept: KeptHosts, clock: Clock) {
    this.#kept = kept;
    this.#clock = clock;
  }

  get size(): number {
    return this.#byName.size;
  }

  all(): Iterable<Host> {
    return this.#byName.values();
  }

  of(shard: number): Iterable<Host> {
    return this.#shards.get(shard)?.hosts ?? [];
  }

  /**
   * A shard was taken over; whoever had it may have asked its hosts just now. `gapMs`: the longest gap that any run keeps; of
   * those beyond `takeoverGapMs` there is word.
   */
  async enter(shard: number, gapMs: number): Promise<void> {
    await this.#kept.load(shard);
    // It may be known: a shard lost unnoticed, for a while, and gained again.
    const entered = this.#shard(shard);
    entered.enteredMs = this.#clock.steadyMs();
    entered.waitMs = Math.min(gapMs, takeoverGapMs);
    for (const host of entered.hosts) this.#hold(host, entered, host.gapMs);
  }

  /** The host of that name. It must not be asked before `gapMs` are over since the shard was taken over. */
  open(authority: string, shard: number, gapMs: number): Host {
    const known = this.#byName.get(authority);
    if (known !== undefined) {
      this.#idle.delete(known);
      return known;
    }
    const host = new Host(authority, shard);
    this.#byName.set(authority, host);
    const entered = this.#shard(shard);
    entered.hosts.add(host);
    this.#hold(host, entered, gapMs);
    return host;
  }

  find(authority: string): Host | null {
    return this.#byName.get(authority) ?? null;
  }

  /** To be called when a host may have fallen idle. Gives hosts that were forgotten for it and must be written down. */
  rest(host: Host): Host[] {
    if (!host.isIdle || this.#byName.get(host.authority) !== host) return [];
    this.#idle.delete(host);
    this.#idle.add(host);
    const leaving: Host[] = [];
    for (const oldest of this.#idle) {
      if (this.#idle.size <= maxIdle) break;
      this.#forget(oldest);
      // Opened again, it would not be held.
      if (this.#kept.hasNews(oldest, this.#clock.steadyMs(), 0)) leaving.push(oldest);
    }
    return leaving;
  }

  /** Forgets the hosts of a shard that goes to another pod, and leaves word of them. */
  async leave(shard: number): Promise<void> {
    const { hosts: known, waitMs } = this.#shard(shard);
    const hosts = [...known];
    for (const host of hosts) this.#forget(host);
    this.#shards.delete(shard);
    this.#kept.forget(shard);
    const nowMs = this.#clock.steadyMs();
    const telling = hosts.filter(
      (host) => (host.isWanted && host.robots.size > 0) || this.#kept.hasNews(host, nowMs, waitMs),
    );
    for (let start = 0; start < telling.length; start += writesAtOnce)
      await Promise.all(
        telling.slice(start, start + writesAtOnce).map((host) => this.#kept.farewell(host)),
      );
  }

  #shard(shard: number): Shard {
    let known = this.#shards.get(shard);
    if (known === undefined) {
      known = { enteredMs: this.#clock.steadyMs(), waitMs: takeoverGapMs, hosts: new Set() };
      this.#shards.set(shard, known);
    }
    return known;
  }

  #hold(host: Host, { enteredMs, waitMs }: Shard, gapMs: number): void {
    host.gate.holdUntil(enteredMs + Math.max(gapMs, waitMs));
    this.#kept.restore(host, enteredMs);
  }

  #forget(host: Host): void {
    this.ready.remove(host);
    this.#idle.delete(host);
    this.#byName.delete(host.authority);
    this.#shards.get(host.shard)?.hosts.delete(host);
  }
}
