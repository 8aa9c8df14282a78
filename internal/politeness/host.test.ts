// What a host adds to its gate: paces of all who ask, and gaps as the server measures them.
import { expect, test } from "vitest";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { Rate } from "../model/pipeline.ts";
import { Host } from "./host.ts";

const rate = (perSecond: number, concurrency = 2): Rate => ({
  perSecond,
  concurrency,
  backoffMs: 1_000,
  maxBackoffMs: 8_000,
  busyBackoffMs: 60_000,
  maxBlockMs: 3_600_000,
  maxCrawlDelayMs: 60_000,
  slowFactor: 1,
  perAddress: null,
  budgets: [],
});
const newOwner = () => ({ signal: new AbortController().signal }) as unknown as ShardOwner;

function newHost(perSecond: number, concurrency?: number): Host {
  const host = new Host("a.test:443", 0);
  host.join(newOwner(), "s", () => rate(perSecond, concurrency));
  return host;
}

/** A request that is sent at once and answered after `latencyMs`. Gives the time of the answer. */
function visit(host: Host, nowMs: number, latencyMs: number): number {
  const startMs = host.readyAt(nowMs);
  const flight = host.start(startMs);
  host.sent(flight, startMs);
  host.ended(flight, startMs + latencyMs, startMs + latencyMs, { kind: "ok" });
  return startMs + latencyMs;
}

test("the strictest of the sources that share a host counts, for as long as they have to do with it", () => {
  const host = newHost(10, 4);
  const [other, rates] = [newOwner(), [rate(2, 8), rate(50, 1)]];
  host.join(other, "slow", () => rates[0] ?? null);
  expect([host.gapMs, host.gate.pace.concurrency]).toEqual([500, 4]);
  host.join(other, "single", () => rates[1] ?? null);
  expect([host.gapMs, host.gate.pace.concurrency]).toEqual([500, 1]);
  host.leave(other, () => rate(10, 4));
  expect([host.gapMs, host.gate.pace.concurrency]).toEqual([100, 4]);
});

test("a crawl-delay counts from the request that asked for robots.txt, one request at a time", () => {
  const host = newHost(10);
  const endMs = visit(host, 0, 20);
  host.obeyDelay(5_000);
  expect(host.readyAt(endMs)).toBeGreaterThanOrEqual(5_000);
  expect(host.gate.pace.concurrency).toBe(1);
});

test("a policy counts from the first request on: those that were made before it was known are caught up", () => {
  const host = newHost(10);
  let nowMs = 0;
  for (let n = 0; n < 4; n += 1) nowMs = visit(host, nowMs, 20);
  host.heedPolicy(600, nowMs);
  expect(host.readyAt(nowMs)).toBe(nowMs + 4 * 600);
  nowMs = visit(host, nowMs, 20);
  host.heedPolicy(600, nowMs);
  expect(host.gapMs).toBe(600);
  expect(host.readyAt(nowMs)).toBeLessThan(nowMs + 610);
});

test("until a request is sent nothing else starts, and the gap begins when it is sent", () => {
  const host = newHost(10);
  const flight = host.start(0);
  expect(host.readyAt(700)).toBe(Number.POSITIVE_INFINITY);
  host.sent(flight, 1_000);
  expect(host.readyAt(1_000)).toBeGreaterThanOrEqual(1_100);
});

test("after an answer that came late for this host, the gap counts from when the request may have arrived", () => {
  const host = newHost(10);
  let nowMs = 0;
  for (let n = 0; n < 6; n += 1) nowMs = visit(host, nowMs, 10);
  const sentMs = host.readyAt(nowMs);
  nowMs = visit(host, nowMs, 70);
  expect(host.readyAt(nowMs)).toBeGreaterThanOrEqual(sentMs + 60 + 100);
});

test("a quick host that has not answered within its gap is asked later, a slow one as usual", () => {
  for (const [latencyMs, leastMs, mostMs] of [
    [10, 350, 360],
    [240, 100, 110],
  ] as const) {
    const host = newHost(10);
    let nowMs = 0;
    for (let n = 0; n < 6; n += 1) nowMs = visit(host, nowMs, latencyMs);
    nowMs = host.readyAt(nowMs);
    host.sent(host.start(nowMs), nowMs);
    expect(host.readyAt(nowMs) - nowMs).toBeGreaterThanOrEqual(leastMs);
    expect(host.readyAt(nowMs) - nowMs).toBeLessThanOrEqual(mostMs);
  }
});

test("a slow host gets slower requests, and its rate again when it is quick; one that answers promptly never does", () => {
  const host = newHost(10);
  let nowMs = 0;
  for (let n = 0; n < 20; n += 1) nowMs = visit(host, nowMs, 200);
  expect(host.gapMs).toBe(100);
  for (let n = 0; n < 40; n += 1) nowMs = visit(host, nowMs, 2_000);
  expect(host.gapMs).toBeGreaterThan(1_900);
  expect(host.gapMs).toBeLessThanOrEqual(2_000);
  for (let n = 0; n < 40; n += 1) nowMs = visit(host, nowMs, 20);
  expect(host.gapMs).toBe(100);
});

test("a host is deferred while it must be left alone for longer than a source waits", () => {
  const host = newHost(10);
  host.ended(host.start(0), 10, null, { kind: "retry-after", afterMs: 3_700_000 });
  expect([host.isDeferred(10), host.isDeferred(200_000)]).toEqual([true, false]);
  expect(host.readyAt(200_000)).toBe(3_700_010);
});
