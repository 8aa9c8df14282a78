// A book of requests: what is granted is never more than a budget has, whatever is lost, settled late or asked for twice.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type BudgetBook, newBook, settleGrant, takeGrant } from "./budget-book.ts";

const noonMs = Date.UTC(2026, 6, 31, 12, 30);
const hourMs = 3_600_000;
const minuteMs = 60_000;

test("a grant is a hundredth of the smallest budget, at least one and at most what is left", () => {
  const take = (requests: number, book = newBook()) =>
    takeGrant(book, [{ per: "day", requests }], "a", noonMs);
  expect(take(5_000)).toMatchObject({ requests: 50, untilMs: Date.UTC(2026, 6, 31, 12, 59) });
  expect(take(1_000_000)).toMatchObject({ requests: 100 });
  expect(take(7)).toMatchObject({ requests: 1 });
  const spent = { ...newBook(), spent: { "2026-07-31": 4_990 } };
  expect(take(5_000, spent)).toMatchObject({ requests: 10 });
  expect(spent.spent).toEqual({ "2026-07-31": 5_000, "2026-07-31T12": 10, "2026-07": 10 });
});

test("a budget that is used up is open again a minute after its window turned; the longest one counts", () => {
  const spent = { "2026-07-31T12": 10, "2026-07-31": 90, "2026-07": 500 };
  const waits = (per: "hour" | "day" | "month", requests: number) =>
    takeGrant({ spent: { ...spent }, open: [] }, [{ per, requests }], "a", noonMs);
  expect(waits("hour", 10)).toEqual({ waitUntilMs: Date.UTC(2026, 6, 31, 13, 1) });
  expect(waits("day", 90)).toEqual({ waitUntilMs: Date.UTC(2026, 7, 1, 0, 1) });
  expect(waits("month", 500)).toEqual({ waitUntilMs: Date.UTC(2026, 7, 1, 0, 1) });
  expect(waits("month", 501)).toMatchObject({ requests: 1 });
});

test("around the turn of a day a request counts for both", () => {
  const book = newBook();
  const turnMs = Date.UTC(2026, 6, 31);
  const budgets = [{ per: "day", requests: 1 }] as const;
  expect(takeGrant(book, budgets, "a", turnMs - 30_000)).toMatchObject({
    requests: 1,
    untilMs: turnMs + minuteMs,
  });
  expect(book.spent).toMatchObject({ "2026-07-30": 1, "2026-07-31": 1 });
  expect(takeGrant(book, budgets, "b", turnMs + 12 * hourMs)).toEqual({
    waitUntilMs: turnMs + 24 * hourMs + minuteMs,
  });
});

test("what was not used comes back once, and an answer that got lost takes nothing twice", () => {
  const book = newBook();
  const budgets = [{ per: "day", requests: 1_000 }] as const;
  const first = takeGrant(book, budgets, "a", noonMs);
  expect(takeGrant(book, budgets, "a", noonMs)).toEqual(first);
  expect(book.spent["2026-07-31"]).toBe(10);
  settleGrant(book, "a", 3);
  settleGrant(book, "a", 3);
  settleGrant(book, "unknown", 0);
  expect(book.spent["2026-07-31"]).toBe(3);
  expect(book.open).toEqual([]);
});

test("requests sent under valid grants are never more than a window's budget, by any clock near ours", () => {
  const step = fc.record({
    passMs: fc.integer({ min: 0, max: 20 * minuteMs }),
    skewMs: fc.integer({ min: -minuteMs + 1, max: minuteMs - 1 }),
    use: fc.nat(12),
    isSettled: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 900 }),
      (steps, perHour, perDay) => {
        let book: BudgetBook = newBook();
        const sent = new Map<string, number>();
        let nowMs = Date.UTC(2026, 6, 30, 22, 50);
        for (const [n, { passMs, skewMs, use, isSettled }] of steps.entries()) {
          nowMs += passMs;
          const budgets = [
            { per: "hour", requests: perHour },
            { per: "day", requests: perDay },
          ] as const;
          const grant = takeGrant(book, budgets, `${n}`, nowMs + skewMs);
          if ("waitUntilMs" in grant) continue;
          const used = Math.min(use, grant.requests);
          const iso = new Date(nowMs).toISOString();
          for (const window of [iso.slice(0, 13), iso.slice(0, 10)])
            sent.set(window, (sent.get(window) ?? 0) + used);
          if (isSettled) settleGrant(book, `${n}`, used);
          book = JSON.parse(JSON.stringify(book)) as BudgetBook;
          expect(Object.keys(book.spent).length).toBeLessThan(12);
          expect(book.open.length).toBeLessThanOrEqual(8);
        }
        for (const [window, count] of sent)
          expect(count).toBeLessThanOrEqual(window.length === 13 ? perHour : perDay);
      },
    ),
  );
});
