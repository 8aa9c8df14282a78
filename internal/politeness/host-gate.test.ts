import fc from "fast-check";
import { expect, test } from "vitest";
import { Fatal } from "../std/errors.ts";
import { HostGate, type HostOutcome, type HostPace } from "./host-gate.ts";

const minute = 60_000;
const day = 86_400_000;
const pace: HostPace = {
  gapMs: 500,
  concurrency: 2,
  backoffMs: 1000,
  maxBackoffMs: 8000,
  busyBackoffMs: minute,
};
const newGate = (more: Partial<HostPace> = {}, random = () => 0) =>
  new HostGate({ ...pace, ...more }, random);
const t0 = Date.UTC(2026, 10, 24);

/** One request whose answer comes `tookMs` after its start; gives the time of the answer. */
function visit(gate: HostGate, nowMs: number, outcome: HostOutcome, tookMs = 10): number {
  const startMs = gate.readyAt(nowMs);
  gate.start(startMs);
  gate.end(startMs + tookMs, outcome);
  return startMs + tookMs;
}

test("starts are a gap apart, from start to start", () => {
  const gate = newGate();
  expect(gate.readyAt(t0)).toBe(t0);
  gate.start(t0);
  expect(gate.readyAt(t0)).toBe(t0 + 500);
  gate.end(t0 + 400, { kind: "ok" });
  expect(gate.readyAt(t0 + 400)).toBe(t0 + 500);
  expect(gate.readyAt(t0 + 900)).toBe(t0 + 900);
});

test("a full host is ready only after an answer", () => {
  const gate = newGate({ gapMs: 0 });
  gate.start(t0);
  gate.start(t0);
  expect(gate.readyAt(t0 + day)).toBe(Number.POSITIVE_INFINITY);
  gate.end(t0 + 5, { kind: "ok" });
  expect(gate.readyAt(t0 + 5)).toBe(t0 + 5);
});

test("a start too early, too many, or an end of nothing is a bug", () => {
  const gate = newGate();
  expect(() => gate.end(t0, { kind: "ok" })).toThrow(Fatal);
  gate.start(t0);
  expect(() => gate.start(t0 + 499)).toThrow(Fatal);
  gate.start(t0 + 500);
  expect(() => gate.start(t0 + day)).toThrow(Fatal);
  expect(gate.counts.requests).toBe(2);
});

test("Retry-After holds the whole host from the moment of the answer", () => {
  const gate = newGate({ gapMs: 0 });
  gate.start(t0);
  gate.start(t0);
  gate.end(t0 + 10, { kind: "retry-after", afterMs: 5000 });
  expect(gate.readyAt(t0 + 10)).toBe(t0 + 5010);
  expect(() => gate.start(t0 + 11)).toThrow(Fatal);
  gate.end(t0 + 20, { kind: "retry-after", afterMs: 1000 });
  expect(gate.blockedUntil).toBe(t0 + 5010);
  expect(gate.counts.backoffs).toBe(1);
});

test("a longer Retry-After within a block lengthens it", () => {
  const gate = newGate({ gapMs: 0 });
  gate.start(t0);
  gate.start(t0);
  gate.end(t0, { kind: "busy" });
  gate.end(t0 + 10, { kind: "retry-after", afterMs: day });
  expect(gate.readyAt(t0 + 10)).toBe(t0 + 10 + day);
});

test("429 and 503 without Retry-After: a minute, doubling to a day", () => {
  const gate = newGate();
  const waits: number[] = [];
  let nowMs = t0;
  for (let incident = 0; incident < 13; incident += 1) {
    nowMs = visit(gate, nowMs, { kind: "busy" });
    waits.push((gate.readyAt(nowMs) - nowMs) / minute);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440]);
  expect(gate.counts.backoffs).toBe(13);
});

test("a success does not forgive a 429; 30 quiet minutes do", () => {
  const gate = newGate();
  visit(gate, t0, { kind: "busy" });
  const nowMs = visit(gate, gate.blockedUntil + 29 * minute, { kind: "busy" });
  expect(gate.blockedUntil - nowMs).toBe(2 * minute);
  const endMs = gate.blockedUntil;
  visit(gate, endMs, { kind: "ok" });
  const laterMs = visit(gate, endMs + 30 * minute, { kind: "busy" });
  expect(gate.blockedUntil - laterMs).toBe(minute);
});

test("faults: the first wait doubles to the longest, and a success forgives", () => {
  const gate = newGate();
  const waits: number[] = [];
  let nowMs = t0;
  for (let incident = 0; incident < 6; incident += 1) {
    nowMs = visit(gate, nowMs, { kind: "fault" });
    waits.push(gate.readyAt(nowMs) - nowMs);
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
  nowMs = visit(gate, nowMs, { kind: "ok" });
  nowMs = visit(gate, nowMs, { kind: "fault" });
  expect(gate.blockedUntil - nowMs).toBe(1000);
});

test("faults are forgiven after 30 quiet minutes too", () => {
  const gate = newGate();
  visit(gate, t0, { kind: "fault" });
  const nowMs = visit(gate, gate.blockedUntil + 30 * minute, { kind: "fault" });
  expect(gate.blockedUntil - nowMs).toBe(1000);
});

test.each(["fault", "busy"] as const)("%s answers of one block window count once", (kind) => {
  const gate = newGate({ gapMs: 0, concurrency: 4 });
  for (let request = 0; request < 4; request += 1) gate.start(t0);
  for (let request = 0; request < 4; request += 1) gate.end(t0 + request, { kind });
  const firstMs = kind === "fault" ? 1000 : minute;
  expect(gate.blockedUntil).toBe(t0 + firstMs);
  expect(gate.counts.backoffs).toBe(1);
  const nowMs = visit(gate, t0, { kind });
  expect(gate.blockedUntil - nowMs).toBe(2 * firstMs);
});

test("a success that was under way when the block began forgives nothing", () => {
  const gate = newGate({ gapMs: 0 });
  gate.start(t0);
  gate.start(t0);
  gate.end(t0, { kind: "fault" });
  gate.end(t0 + 1, { kind: "ok" });
  const nowMs = visit(gate, t0, { kind: "fault" });
  expect(gate.blockedUntil - nowMs).toBe(2000);
});

test("a 429 within the block of a fault is news; a fault within that of a 429 is not", () => {
  const gate = newGate({ gapMs: 0, concurrency: 3 });
  for (let request = 0; request < 3; request += 1) gate.start(t0);
  gate.end(t0, { kind: "fault" });
  gate.end(t0, { kind: "busy" });
  gate.end(t0 + 30_000, { kind: "fault" });
  expect(gate.blockedUntil).toBe(t0 + minute);
  expect(gate.counts.backoffs).toBe(2);
});

test("jitter adds up to a tenth, and never goes past the longest wait", () => {
  const gate = newGate({}, () => 0.5);
  let nowMs = visit(gate, t0, { kind: "busy" });
  expect(gate.blockedUntil - nowMs).toBe(63_000);
  const faulty = newGate({ maxBackoffMs: 1000 }, () => 1);
  nowMs = visit(faulty, t0, { kind: "fault" });
  expect(faulty.blockedUntil - nowMs).toBe(1000);
});

test("a slower pace counts at once, a faster one from the next request on", () => {
  const gate = newGate();
  gate.start(t0);
  gate.setPace({ ...pace, gapMs: 2000 });
  expect(gate.readyAt(t0)).toBe(t0 + 2000);
  gate.setPace({ ...pace, gapMs: 100, concurrency: 1 });
  expect(gate.readyAt(t0)).toBe(Number.POSITIVE_INFINITY);
  gate.end(t0 + 1, { kind: "ok" });
  expect(gate.readyAt(t0 + 1)).toBe(t0 + 2000);
  gate.start(t0 + 2000);
  gate.end(t0 + 2001, { kind: "ok" });
  expect(gate.readyAt(t0 + 2001)).toBe(t0 + 2100);
});

test("a hold is never shortened, and is no backoff", () => {
  const gate = newGate();
  expect(gate.blockedUntil).toBe(0);
  gate.holdUntil(t0 + 5000);
  gate.holdUntil(t0 + 1000);
  expect(gate.readyAt(t0)).toBe(t0 + 5000);
  expect(gate.blockedUntil).toBe(t0 + 5000);
  expect(gate.counts.backoffs).toBe(0);
});

test("the next owner goes on where this one stopped: block and ladder", () => {
  const gate = newGate();
  visit(gate, t0, { kind: "busy" });
  const nowMs = visit(gate, gate.blockedUntil, { kind: "busy" });
  const memory = gate.memory(nowMs);
  expect(memory).toEqual({ blockedUntilMs: nowMs + 2 * minute, busyStep: 2 });
  const next = newGate();
  next.restore(memory);
  expect(next.readyAt(nowMs)).toBe(nowMs + 2 * minute);
  const thenMs = visit(next, nowMs, { kind: "busy" });
  expect(next.blockedUntil - thenMs).toBe(4 * minute);
  expect(gate.memory(nowMs + 2 * minute + 30 * minute).busyStep).toBe(0);
});

test("counts requests and the smallest gap", () => {
  const gate = newGate();
  visit(gate, t0, { kind: "ok" });
  expect(gate.counts).toEqual({ requests: 1, smallestGapMs: null, backoffs: 0 });
  visit(gate, t0 + 900, { kind: "ok" });
  visit(gate, t0 + 1000, { kind: "ok" });
  visit(gate, t0 + 9000, { kind: "ok" });
  expect(gate.counts).toEqual({ requests: 4, smallestGapMs: 500, backoffs: 0 });
});

const outcome: fc.Arbitrary<HostOutcome> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<HostOutcome>({ kind: "ok" }) },
  fc.record({
    kind: fc.constant("retry-after" as const),
    afterMs: fc.integer({ min: 1, max: 5000 }),
  }),
  fc.constant<HostOutcome>({ kind: "fault" }),
  fc.constant<HostOutcome>({ kind: "busy" }),
);
const request = fc.record({
  tookMs: fc.nat(3000),
  idleMs: fc.constantFrom(0, 0, 0, 1, 700),
  outcome,
});

/** Least block an answer must cause, for this test's own bookkeeping. */
function leastBlockMs(result: HostOutcome, backoffMs: number): number {
  if (result.kind === "retry-after") return result.afterMs;
  if (result.kind === "busy") return minute;
  return result.kind === "fault" ? backoffMs : 0;
}

test("on a virtual clock no promise is ever broken, and the host is always asked again", () => {
  fc.assert(
    fc.property(
      fc.record({
        gapMs: fc.nat(1000),
        concurrency: fc.integer({ min: 1, max: 4 }),
        backoffMs: fc.nat(2000),
        maxBackoffMs: fc.integer({ min: 2000, max: 20_000 }),
        busyBackoffMs: fc.constant(minute),
      }),
      fc.array(request, { minLength: 1, maxLength: 40 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(40),
      (options, requests, random, tightenAt) => {
        const gate = newGate(options, () => random);
        let { gapMs, concurrency } = options;
        let [nowMs, lastStartMs, blockMs, slowBlockMs] = [t0, Number.NEGATIVE_INFINITY, 0, 0];
        const flying: { endMs: number; outcome: HostOutcome }[] = [];
        const land = () => {
          flying.sort((a, b) => a.endMs - b.endMs);
          const first = flying.shift();
          if (first === undefined) throw new Error("waits for an answer, but none is under way");
          nowMs = Math.max(nowMs, first.endMs);
          const { kind } = first.outcome;
          // What comes inside a block is the same incident, unless the host names a time.
          const isNews =
            kind === "retry-after" || nowMs >= (kind === "fault" ? gate.blockedUntil : slowBlockMs);
          gate.end(nowMs, first.outcome);
          if (!isNews || kind === "ok") return;
          blockMs = Math.max(blockMs, nowMs + leastBlockMs(first.outcome, options.backoffMs));
          if (kind !== "fault") slowBlockMs = gate.blockedUntil;
        };
        requests.forEach(({ tookMs, idleMs, outcome: result }, index) => {
          if (index === tightenAt) {
            gate.setPace({ ...gate.pace, gapMs: gapMs * 2, concurrency: 1 });
            gapMs *= 2;
            concurrency = 1;
          }
          nowMs += idleMs;
          for (;;) {
            const nextEndMs = Math.min(...flying.map(({ endMs }) => endMs));
            const readyMs = gate.readyAt(nowMs);
            // Answers that come while we wait are heard before the start that they may forbid.
            if (nextEndMs <= readyMs) {
              land();
              continue;
            }
            expect(readyMs - nowMs).toBeLessThanOrEqual(day);
            nowMs = readyMs;
            break;
          }
          expect(nowMs - lastStartMs).toBeGreaterThanOrEqual(gapMs);
          expect(nowMs).toBeGreaterThanOrEqual(blockMs);
          expect(flying.length).toBeLessThan(concurrency);
          gate.start(nowMs);
          lastStartMs = nowMs;
          flying.push({ endMs: nowMs + tookMs, outcome: result });
        });
        expect(gate.counts.requests).toBe(requests.length);
        expect(gate.counts.smallestGapMs ?? gapMs).toBeGreaterThanOrEqual(options.gapMs);
      },
    ),
    { numRuns: 500 },
  );
});
