// What of a host outlives its owner: blocks, long gaps, and what its robots.txt said. Kept in the queue's small state under
// `host/<shard>/<authority>`, for a time only, so that it never grows without end; read once for a whole shard when it is
// taken over. Most hosts have nothing to keep: a new owner waits for a short gap anyway.

import type { Queue } from "../queue/queue.ts";
import type { Clock } from "../std/clock.ts";
import type { RobotsEntry } from "./ask-robots.ts";
import type { Host } from "./host.ts";
import { quietMs } from "./host-gate.ts";

/** A new owner waits this long before it asks any host of a shard: shorter gaps need not be kept. */
export const takeoverGapMs = 1_000;
/** A gap is kept for this long beyond the request that it follows. */
const spareMs = 10 * 60_000;
const dayMs = 86_400_000;

/** Times are of the wall's clock: another process reads them. */
type KeptRobots = {
  key: string;
  state: "allow" | "disallow";
  untilMs: number;
  tries: number;
  why: string;
};
type KeptHost = {
  authority: string;
  /** End of its block; 0: none. */
  blockedUntilMs: number;
  busyStep: number;
  /** Least time between two requests, whoever asked for it. */
  gapMs: number;
  /** The same, of robots.txt. */
  robotsGapMs: number;
  robots: KeptRobots[];
  endsMs: number;
};

export class KeptHosts {
  readonly #queue: Queue;
  readonly #clock: Clock;
  readonly #shards = new Map<number, Map<string, KeptHost>>();

  constructor(queue: Queue, clock: Clock) {
    this.#queue = queue;
    this.#clock = clock;
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
    const wallMs = this.#clock.wallMs();
    if (kept === undefined || kept.endsMs <= wallMs) return;
    const toSteadyMs = this.#clock.steadyMs() - wallMs;
    const { blockedUntilMs, busyStep, gapMs, robotsGapMs, robots } = kept;
    host.gate.restore({
      blockedUntilMs: blockedUntilMs > wallMs ? blockedUntilMs + toSteadyMs : 0,
      busyStep,
    });
    host.gate.holdUntil(enteredMs + gapMs);
    if (robotsGapMs > 0) host.obeyDelay(robotsGapMs);
    for (const { key, untilMs, ...entry } of robots)
      host.robots.set(key, { ...entry, robots: null, untilMs: untilMs + toSteadyMs });
  }

  /** Whether a request may start only after {@link keep}: the pod may die on the way, and the next owner must wait for long. */
  mustKeep(host: Host, nowMs: number): boolean {
    return host.gapMs > takeoverGapMs && nowMs + host.gapMs > host.keptUntilMs;
  }

  /** Whether the next owner must be told something. `isEnd`: of this pod's ownership. */
  hasNews(host: Host, nowMs: number): boolean {
    const { blockedUntilMs, busyStep } = host.gate.memory(nowMs);
    return blockedUntilMs > nowMs + takeoverGapMs || busyStep > 0 || host.gapMs > takeoverGapMs;
  }

  /** Writes a host's state down. */
  async keep(host: Host): Promise<void> {
    const nowMs = this.#clock.steadyMs();
    const toWallMs = this.#clock.wallMs() - nowMs;
    const { blockedUntilMs, busyStep } = host.gate.memory(nowMs);
    const isBlocked = blockedUntilMs > nowMs;
    const robots = [...host.robots].flatMap(([key, entry]) =>
      keptRobots(key, entry, nowMs, toWallMs),
    );
    const usesMs = [
      isBlocked ? blockedUntilMs - nowMs : 0,
      busyStep > 0 ? Math.max(0, blockedUntilMs - nowMs) + quietMs : 0,
      host.gapMs > takeoverGapMs ? 2 * host.gapMs + spareMs : 0,
      ...robots.map(({ untilMs }) => untilMs - toWallMs - nowMs),
    ];
    const ttlMs = Math.min(Math.max(...usesMs), 2 * dayMs);
    if (ttlMs <= 0) return;
    const kept: KeptHost = {
      authority: host.authority,
      blockedUntilMs: isBlocked ? blockedUntilMs + toWallMs : 0,
      busyStep,
      gapMs: host.gapMs,
      robotsGapMs: host.robotsGapMs,
      robots,
      endsMs: nowMs + toWallMs + ttlMs,
    };
    this.#shards.get(host.shard)?.set(host.authority, kept);
    await this.#queue.putState(keyOf(host), Buffer.from(JSON.stringify(kept)), ttlMs);
    host.keptUntilMs = Math.max(host.keptUntilMs, nowMs + ttlMs);
  }
}

/** Rules are read again: they can be large, and asking for them is a visit like any other. */
function keptRobots(
  key: string,
  { state, untilMs, tries, why }: RobotsEntry,
  nowMs: number,
  toWallMs: number,
): KeptRobots[] {
  if (state === "rules" || untilMs <= nowMs) return [];
  return [{ key, state, untilMs: untilMs + toWallMs, tries, why }];
}

function folderOf(shard: number): string {
  return `host/${shard}/`;
}

/** Other characters than a key may have are written as `=hex`. */
function keyOf({ shard, authority }: Host): string {
  const name = authority.replace(
    /[^A-Za-z0-9_.-]/g,
    (char) => `=${char.charCodeAt(0).toString(16)}`,
  );
  return folderOf(shard) + name;
}
