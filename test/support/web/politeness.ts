// Whether the server's log shows that a host was asked as seldom as it allows. Only what is certain counts: a request may
// have arrived a little before the server read it, and by how much at most is in the log.
import { type Arrival, addressOf } from "./arrival.ts";
import { type FaultName, faults } from "./faults.ts";
import type { Host, World } from "./world.ts";

/** Of one host: least time from request to request, most requests at once, least time after an error. */
export type Pace = { gapMs: number; concurrency: number; backoffMs: number };

/** Violations, as text; `smallestGapMs` is what the log shows without any allowance. */
export type Politeness = { violations: string[]; smallestGapMs: number };

/** Two clocks that tick at their own pace, and half a ms of rounding. */
const toleranceMs = 1;
/** A request sent before the answer had come, which then asks to be left alone, is none. */
const onTheWireMs = 100;

/** Judges a whole log. Hosts that the world does not have are judged like those without robots.txt. */
export function judgePoliteness(
  world: World,
  arrivals: readonly Arrival[],
  pace: Pace,
): Politeness {
  const violations: string[] = [];
  let smallestGapMs = Number.POSITIVE_INFINITY;
  for (const [name, own] of Map.groupBy(arrivals, (arrival) => arrival.host)) {
    const host = world.hosts.get(name);
    const found = [
      ...judgeGaps(host, own, pace),
      ...judgeBlocks(world, own, pace),
      ...judgeCrowds(own, pace),
    ];
    violations.push(...found.map((text) => `${name}: ${text}`));
    for (const [n, arrival] of own.entries()) {
      const before = own[n - 1];
      if (before !== undefined) smallestGapMs = Math.min(smallestGapMs, arrival.atMs - before.atMs);
    }
  }
  return { violations, smallestGapMs };
}

function* judgeGaps(
  host: Host | undefined,
  own: readonly Arrival[],
  pace: Pace,
): Generator<string> {
  let gapMs = pace.gapMs;
  let knownMs = Number.POSITIVE_INFINITY;
  for (const [n, arrival] of own.entries()) {
    const before = own[n - 1];
    if (arrival.atMs > knownMs) gapMs = Math.max(gapMs, host?.delayMs ?? 0);
    if (before !== undefined) {
      const passedMs = arrival.atMs - (before.atMs - before.lateMs);
      if (passedMs < gapMs - toleranceMs)
        yield `${arrival.path} ${passedMs.toFixed(1)} ms after ${before.path}, at ${arrival.atMs.toFixed(0)}; ${gapMs} are allowed`;
    }
    if (arrival.path === "/robots.txt" && arrival.status === 200)
      knownMs = Math.min(knownMs, arrival.answeredMs);
  }
}

/** Retry-After, and the source's own backoff after errors. */
function* judgeBlocks(world: World, own: readonly Arrival[], pace: Pace): Generator<string> {
  let block = { fromMs: 0, untilMs: 0, by: "" };
  for (const arrival of own) {
    const isSent = arrival.atMs - arrival.lateMs <= block.fromMs + onTheWireMs;
    if (!isSent && arrival.atMs < block.untilMs - toleranceMs)
      yield `${arrival.path} ${(block.untilMs - arrival.atMs).toFixed(1)} ms too soon after ${block.by}`;
    const waitMs = blockMs(world, arrival, pace);
    if (arrival.answeredMs + waitMs > block.untilMs) {
      const by = `${arrival.path} answered ${arrival.status}`;
      block = { fromMs: arrival.answeredMs, untilMs: arrival.answeredMs + waitMs, by };
    }
  }
}

function blockMs(world: World, arrival: Arrival, pace: Pace): number {
  if (arrival.retryAfterMs !== null) return arrival.retryAfterMs;
  if (arrival.status >= 500) return pace.backoffMs;
  if (arrival.status !== 0) return 0;
  // The answer broke off. When the crawler noticed is when the connection ended, not before.
  const fault: FaultName | undefined = world.pages.get(addressOf(arrival))?.fault?.name;
  return fault === undefined || faults[fault].backs === "backoff" ? pace.backoffMs : 0;
}

function* judgeCrowds(own: readonly Arrival[], pace: Pace): Generator<string> {
  for (const arrival of own) {
    const atOnce = own.filter(
      ({ atMs, endMs }) => atMs <= arrival.atMs && endMs > arrival.atMs + toleranceMs,
    );
    if (atOnce.length > pace.concurrency)
      yield `${atOnce.length} requests at once at ${arrival.atMs.toFixed(0)}; ${pace.concurrency} are allowed`;
  }
}
