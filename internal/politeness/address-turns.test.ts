import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualProcess, VirtualTime } from "../../test/support/virtual-time.ts";
import { AddressTurns } from "./address-turns.ts";

const pace = fc.record({
  perSecond: fc.constantFrom(0.5, 2, 10, 100),
  concurrency: fc.integer({ min: 1, max: 8 }),
});
/** `atMs`: when the turn is asked for; `connectMs`: from turn to sending; null: it never is. `abortMs`: null: never. */
const request = fc.record({
  atMs: fc.nat(5_000),
  pace,
  connectMs: fc.option(fc.nat(2_000), { freq: 5 }),
  answerMs: fc.nat(3_000),
  abortMs: fc.option(fc.nat(20_000), { freq: 1 }),
});

test("an address is asked no sooner and by no more at a time than every request's pace allows", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 4 }),
      async (requests, pods) => {
        const time = new VirtualTime();
        const { clock } = new VirtualProcess(time);
        let waiting = 0;
        const turns = new AddressTurns(
          clock,
          () => pods,
          (change) => {
            waiting += change;
          },
        );
        const sends: { atMs: number; gapMs: number }[] = [];
        let inFlight = 0;
        let over = 0;
        for (const { atMs, pace, connectMs, answerMs, abortMs } of requests) {
          const abort = new AbortController();
          if (abortMs !== null) time.at(abortMs, () => abort.abort(new Error("no longer wanted")));
          const most = Math.max(1, Math.floor(pace.concurrency / pods));
          time.at(atMs, () => {
            turns
              .take("192.0.2.1", pace, abort.signal)
              .then((turn) => {
                expect(turn?.waitedMs).toBe(time.nowMs - atMs);
                inFlight += 1;
                expect(inFlight).toBeLessThanOrEqual(most);
                const end = () => {
                  inFlight -= 1;
                  over += 1;
                  turn?.ended();
                };
                if (connectMs === null) return end();
                time.at(time.nowMs + connectMs, () => {
                  sends.push({ atMs: time.nowMs, gapMs: (1_000 / pace.perSecond) * pods });
                  turn?.sent();
                  time.at(time.nowMs + answerMs, end);
                });
              })
              .catch((error: unknown) => {
                expect(error).toBe(abort.signal.reason);
                over += 1;
              });
          });
        }
        await time.pass(() => over === requests.length, 3_600_000);
        expect(over).toBe(requests.length);
        expect(waiting).toBe(0);
        for (const [n, { atMs, gapMs }] of sends.entries()) {
          const before = sends[n - 1];
          if (before !== undefined)
            expect(atMs - before.atMs).toBeGreaterThanOrEqual(Math.max(gapMs, before.gapMs));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("when it is closed, those who wait get no turn, nor does anybody later", async () => {
  const time = new VirtualTime();
  const turns = new AddressTurns(
    new VirtualProcess(time).clock,
    () => 1,
    () => undefined,
  );
  const { signal } = new AbortController();
  const slow = { perSecond: 0.1, concurrency: 1 };
  const first = await turns.take("192.0.2.1", slow, signal);
  const second = turns.take("192.0.2.1", slow, signal);
  const other = await turns.take("192.0.2.2", slow, signal);
  turns.close();
  expect(first).not.toBeNull();
  expect(other).not.toBeNull();
  expect(await second).toBeNull();
  expect(await turns.take("192.0.2.3", slow, signal)).toBeNull();
});
