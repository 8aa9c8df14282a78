// A limit that a host tells is never exceeded, once it has told it, whatever overtakes what: on a virtual clock, against a server
// that counts requests in fixed windows.
import fc from "fast-check";
import { expect, test } from "vitest";
import { HostGate } from "./host-gate.ts";

const pace = {
  gapMs: 10,
  concurrency: 4,
  backoffMs: 1_000,
  maxBackoffMs: 9_000,
  busyBackoffMs: 60_000,
};

/** One request on its way: when it reaches the server, and when its answer is back. */
type Trip = {
  sentMs: number;
  arrivesMs: number;
  endsMs: number;
  told: { remaining: number; endMs: number } | null;
};

/** Gives how many requests the server counted in each window. Answers tell whole seconds, rounded down. */
function drive(
  { limit, windowMs, concurrency }: { limit: number; windowMs: number; concurrency: number },
  latencies: readonly [number, number][],
  requests: number,
): Map<number, number> {
  const gate = new HostGate({ ...pace, concurrency }, () => 0);
  const counts = new Map<number, number>();
  const trips: Trip[] = [];
  let nowMs = 0;
  let started = 0;
  let hasHeard = false;
  // Before the first answer nothing is known.
  const canStart = () => started < requests && (started === 0 || hasHeard);
  while (started < requests || trips.length > 0) {
    const next = Math.min(
      ...trips.map((trip) => (trip.told === null ? trip.arrivesMs : trip.endsMs)),
      canStart() ? gate.readyAt(nowMs) : Number.POSITIVE_INFINITY,
    );
    expect(next, "nothing will ever happen again").toBeLessThan(Number.POSITIVE_INFINITY);
    nowMs = Math.max(nowMs, next);
    for (const trip of trips.filter((each) => each.told === null && each.arrivesMs <= nowMs)) {
      const window = Math.floor(trip.arrivesMs / windowMs);
      counts.set(window, (counts.get(window) ?? 0) + 1);
      const remaining = Math.max(0, limit - (counts.get(window) ?? 0));
      trip.told = { remaining, endMs: (window + 1) * windowMs - trip.arrivesMs };
    }
    for (const trip of trips.filter((each) => each.told !== null && each.endsMs <= nowMs)) {
      trips.splice(trips.indexOf(trip), 1);
      gate.end(nowMs, { kind: "ok" });
      hasHeard = true;
      const { remaining, endMs } = trip.told as NonNullable<Trip["told"]>;
      gate.learn(nowMs, trip.sentMs, {
        remaining,
        resetMs: Math.floor(endMs / 1_000) * 1_000 + 1_000,
      });
    }
    if (canStart() && gate.readyAt(nowMs) <= nowMs) {
      gate.start(nowMs);
      const [toMs, backMs] = latencies[started % latencies.length] as [number, number];
      trips.push({
        sentMs: nowMs,
        arrivesMs: nowMs + toMs,
        endsMs: nowMs + toMs + backMs,
        told: null,
      });
      started += 1;
    }
  }
  return counts;
}

test("a host is never asked more often in a window than it takes", () => {
  fc.assert(
    fc.property(
      fc.record({
        limit: fc.integer({ min: 1, max: 12 }),
        windowMs: fc.constantFrom(2_000, 5_000, 60_000),
        concurrency: fc.integer({ min: 1, max: 4 }),
      }),
      fc.array(fc.tuple(fc.nat(800), fc.integer({ min: 1, max: 900 })), {
        minLength: 1,
        maxLength: 9,
      }),
      (server, latencies) => {
        const counts = drive(server, latencies, 40);
        expect(Math.max(...counts.values())).toBeLessThanOrEqual(server.limit);
      },
    ),
  );
});

test("those in flight count as taken", () => {
  const gate = new HostGate(pace, () => 0);
  gate.start(0);
  gate.start(10);
  gate.end(50, { kind: "ok" });
  gate.learn(50, 10, { remaining: 2, resetMs: 5_000 });
  gate.start(60);
  expect(gate.readyAt(70)).toBe(Number.POSITIVE_INFINITY);
  gate.end(80, { kind: "ok" });
  gate.end(90, { kind: "ok" });
  expect(gate.readyAt(90)).toBe(5_050);
});

test("after the window one request goes first, and an answer without a limit ends it", () => {
  const gate = new HostGate(pace, () => 0);
  gate.start(0);
  gate.end(5, { kind: "ok" });
  gate.learn(5, 0, { remaining: 0, resetMs: 1_000 });
  expect(gate.memory(5).blockedUntilMs).toBe(1_005);
  gate.start(1_005);
  expect(gate.readyAt(1_500)).toBe(Number.POSITIVE_INFINITY);
  gate.end(1_600, { kind: "ok" });
  gate.learn(1_600, 1_005, null);
  gate.start(1_600);
  expect(gate.readyAt(1_610)).toBe(1_610);
});
