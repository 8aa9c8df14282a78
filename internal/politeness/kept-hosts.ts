// What of a host outlives its owner: blocks, long gaps, and what its robots.txt said. Kept in the queue's small state under
// `host/<shard>/<authority>`, for a time only, so that it never grows without end; read once for a whole shard when it is
// taken over. Most hosts have nothing to keep: a new owner waits for a short gap anyway.

import type { Queue } from "../queue/queue.ts";
import type { Clock } from "../std/clock.ts";
import type { RobotsEntry } from "./ask-robots.ts";
import type { Host } from "./host.ts";
import { HostBudgets, nameInKey } from "./host-budgets.ts";
import { quietMs } from "./host-gate.ts";

/** A new owner waits this long before it asks any host of a shard: shorter gaps need not be kept. */
export const takeoverGapMs = 1_000;
/** A gap is kept for this long beyond the request that it follows. */
const spareMs = 10 * 60_000;
const dayMs = 86_400_000;

/** Clocks of two pods differ by less. A wait that is told on ends so much later at most, and never sooner. */
const skewMs = 60_000;

/** `leftMs` counts from when the record was written. */
type KeptRobots = {
  key: string;
  state: "allow" | "disallow";
  leftMs: number;
  tries: number;
  why: string;
};
type KeptHost = {
  authority: string;
  /** Epoch, of the writer's clock. */
  writtenMs: number;
  ttlMs: number;
  /** Until its next request. */
  waitMs: number;
  /** Until the end of its last block, which may be over; null: none. */
  blockMs: number | null;
  busyStep: number;
  /** Least time between two requests, whoever asked for it; the same, of robots.txt. */
  gapMs: number;
  robotsGapMs: number;
  /** The same, of the host's own policy. */
  policyGapMs: number;
  robots: KeptRobots[];
};

export class KeptHosts {
  readonly #queue: Queue;
  readonly #clock: Clock;
  readonly #isOwned: (shard: number) => boolean;
  readonly #budgets: HostBudgets;
  readonly #shards = new Map<number, Map<string, KeptHost>>();

  /** `isOwned`: whether this pod holds the shard's lease. What it knew before it lost one must not replace what is true now. */
  constructor(queue: Queue, clock: Clock, isOwned: (shard: number) => boolean) {
    this.#queue = queue;
    this.#isOwned = isOwned;
    this.#clock = clock;
    this.#budgets = new HostBudgets(queue, clock);
  }

  /** Reads what is kept of a shard's hosts. To be called under its lease, before any of them is asked. */
  async load(shard: number): Promise<void> {
    const kept = new Map<string, KeptHost>();
    for (const value of (await this.#queue.listState(folderOf(shard))).values()) {
      const host = JSON.parse(Buffer.from(value).toString()) as KeptHost;
      kept.set(host.authority, host);
    }
    this.#shards.set(shard, kept);
  }

  forget(shard: number): void {
    this.#shards.delete(shard);
  }

  /** Makes a host that is new to this pod as polite as its last owner was. `enteredMs`: when the shard was taken over. */
  restore(host: Host, enteredMs: number): void {
    const kept = this.#shards.get(host.shard)?.get(host.authority);
    if (kept === undefined) return;
    const ageMs = Math.max(0, this.#clock.wallMs() - kept.writtenMs - skewMs);
    if (ageMs >= kept.ttlMs) return;
    const nowMs = this.#clock.steadyMs();
    const { waitMs, blockMs, busyStep, gapMs, robotsGapMs, policyGapMs, robots } = kept;
    if (blockMs !== null) host.gate.restore({ blockedUntilMs: nowMs + blockMs - ageMs, busyStep });
    host.gate.holdUntil(Math.max(enteredMs + gapMs, nowMs + waitMs - ageMs));
    if (robotsGapMs > 0) host.obeyDelay(robotsGapMs);
    if (policyGapMs > 0) host.heedPolicy(policyGapMs, nowMs);
    for (const { key, leftMs, ...entry } of robots)
      host.robots.set(key, { ...entry, robots: null, untilMs: nowMs + leftMs - ageMs });
  }

  /** Whether a request may start only after {@link prepare}. */
  mustPrepare(host: Host, nowMs: number): boolean {
    return this.mustKeep(host, nowMs) || this.#budgets.mustTake(host);
  }

  async prepare(host: Host): Promise<void> {
    if (this.mustKeep(host, this.#clock.steadyMs())) await this.keep(host);
    if (this.#budgets.mustTake(host)) await this.#budgets.take(host);
  }

  /** Writes down what the next owner must know, and gives back what was taken from the host's budgets. */
  async farewell(host: Host): Promise<void> {
    await this.keep(host);
    if (this.#isOwned(host.shard)) await this.#budgets.settle(host);
  }

  /** Whether a request may start only after {@link keep}: the pod may die on the way, and the next owner must wait for long. */
  mustKeep(host: Host, nowMs: number): boolean {
    if (!hasLongGap(host)) return false;
    const { gapMs, robotsGapMs, untilMs } = host.kept;
    return host.gapMs > gapMs || host.robotsGapMs > robotsGapMs || nowMs + host.gapMs > untilMs;
  }

  /** Whether the next owner must be told something. It would wait for `waitsMs` anyway. */
  hasNews(host: Host, nowMs: number, waitsMs: number): boolean {
    const { busyStep } = host.gate.memory(nowMs);
    return (
      host.gate.nextStartMs > nowMs + waitsMs ||
      busyStep > 0 ||
      host.robotsGapMs > 0 ||
      host.policyGapMs > 0 ||
      host.isGranted
    );
  }

  /** Writes a host's state down, under the lease of its shard. */
  async keep(host: Host): Promise<void> {
    if (!this.#isOwned(host.shard)) return;
    const nowMs = this.#clock.steadyMs();
    const { blockedUntilMs, busyStep } = host.gate.memory(nowMs);
    const waitMs = Math.max(0, host.gate.nextStartMs - nowMs);
    const robots = [...host.robots].flatMap(([key, entry]) => keptRobots(key, entry, nowMs));
    const usesMs = [
      waitMs,
      busyStep > 0 ? waitMs + quietMs : 0,
      hasLongGap(host) ? 2 * host.gapMs + spareMs : 0,
      ...robots.map(({ leftMs }) => leftMs),
    ];
    const ttlMs = Math.min(Math.max(...usesMs), 2 * dayMs);
    if (ttlMs <= 0) return;
    const kept: KeptHost = {
      authority: host.authority,
      writtenMs: this.#clock.wallMs(),
      ttlMs,
      waitMs,
      blockMs: Number.isFinite(blockedUntilMs) ? blockedUntilMs - nowMs : null,
      busyStep,
      gapMs: host.gapMs,
      robotsGapMs: host.robotsGapMs,
      policyGapMs: host.policyGapMs,
      robots,
    };
    this.#shards.get(host.shard)?.set(host.authority, kept);
    await this.#queue.putState(keyOf(host), Buffer.from(JSON.stringify(kept)), ttlMs + skewMs);
    host.kept = { gapMs: kept.gapMs, robotsGapMs: kept.robotsGapMs, untilMs: nowMs + ttlMs };
  }
}

/** One that a new owner would not keep of itself. What robots.txt asks for it does not know. */
function hasLongGap(host: Host): boolean {
  return host.gapMs > takeoverGapMs || host.robotsGapMs > 0 || host.policyGapMs > 0;
}

/** Rules are read again: they can be large, and asking for them is a visit like any other. */
function keptRobots(key: string, entry: RobotsEntry, nowMs: number): KeptRobots[] {
  const { state, untilMs, tries, why } = entry;
  if (state === "rules" || untilMs <= nowMs) return [];
  return [{ key, state, leftMs: untilMs - nowMs, tries, why }];
}

function folderOf(shard: number): string {
  return `host/${shard}/`;
}

function keyOf({ shard, authority }: Host): string {
  return folderOf(shard) + nameInKey(authority);
}
