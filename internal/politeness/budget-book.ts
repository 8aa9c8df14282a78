// How many requests a host was asked in this hour, day and month, of UTC: what budgets are held against. One book a host, kept
// by all processes and runs together (host-budgets.ts). Pure.
//
// What must stay true: a request is in the book before it is sent. Requests are taken from it by grants; what a grant did not
// use comes back when it is settled, and never when its holder died. Clocks of processes and servers differ: a request counts
// in every window that it may be in, so around the turn of a window it counts for both.
import type { Budget } from "../model/pipeline.ts";

/** Clocks differ by less, the way to the server included. */
export const turnMs = 60_000;
/** A grant is a hundredth of the smallest budget, and at most this: what a crash may lose. */
const mostGranted = 100;
/** Grants that may be settled; older ones are spent. */
const openGrants = 8;

/**
 * `spent`: by window, which is called by the start of its ISO 8601 time ("2026-07", "2026-07-01", "2026-07-01T13"). `open`:
 * grants that may give something back.
 */
export type BudgetBook = {
  spent: Record<string, number>;
  open: (Grant & { id: string; windows: string[] })[];
};
/** So many requests, to be sent before that (epoch). */
export type Grant = { requests: number; untilMs: number };

const chars = { hour: 13, day: 10, month: 7 } as const;
const periods = ["hour", "day", "month"] as const;

export function newBook(): BudgetBook {
  return { spent: {}, open: [] };
}

/**
 * Takes requests from the book, which it changes; or gives, as `waitUntilMs`, when there are some again. `budgets`: one at
 * least. `id` of the grant: asked for again, after an answer that got lost, it is the same one.
 */
export function takeGrant(
  book: BudgetBook,
  budgets: readonly Budget[],
  id: string,
  nowMs: number,
): Grant | { waitUntilMs: number } {
  const known = book.open.find((each) => each.id === id);
  if (known !== undefined) return known;
  forgetPast(book, nowMs);
  let left = mostGranted;
  let waitUntilMs = nowMs;
  for (const { per, requests } of budgets) {
    left = Math.min(left, Math.max(1, Math.floor(requests / 100)));
    for (const window of windowsAt(per, nowMs)) {
      const rest = requests - (book.spent[window] ?? 0);
      left = Math.min(left, rest);
      if (rest <= 0) waitUntilMs = Math.max(waitUntilMs, endOf(window) + turnMs);
    }
  }
  if (left <= 0) return { waitUntilMs };
  const windows = periods.flatMap((per) => windowsAt(per, nowMs));
  for (const window of windows) book.spent[window] = (book.spent[window] ?? 0) + left;
  const grant = { id, requests: left, untilMs: validUntil(nowMs), windows };
  book.open = [...book.open, grant].slice(-openGrants);
  return grant;
}

/** A grant's holder has no more use for it: what was not `used` may be taken by others. Once; then it does nothing. */
export function settleGrant(book: BudgetBook, id: string, used: number): void {
  const grant = book.open.find((each) => each.id === id);
  if (grant === undefined) return;
  book.open = book.open.filter((each) => each !== grant);
  for (const window of grant.windows) {
    const spent = book.spent[window];
    if (spent !== undefined) book.spent[window] = spent - (grant.requests - used);
  }
}

/** The windows that a time may be in: two around the turn from one to the next. */
function windowsAt(per: Budget["per"], nowMs: number): string[] {
  const at = (ms: number) => new Date(ms).toISOString().slice(0, chars[per]);
  return [...new Set([at(nowMs - turnMs), at(nowMs + turnMs)])];
}

/** Until when a request counts in the windows of now. Days and months turn when an hour does. */
function validUntil(nowMs: number): number {
  const hourMs = 3_600_000;
  const sinceTurnMs = (nowMs + turnMs) % hourMs;
  const isAtTurn = sinceTurnMs < 2 * turnMs;
  return nowMs - sinceTurnMs + (isAtTurn ? 2 * turnMs : hourMs);
}

function endOf(window: string): number {
  const [year = 0, month = 1, day = 1, hour = 0] = window.split(/[-T]/).map(Number);
  if (window.length === chars.month) return Date.UTC(year, month);
  if (window.length === chars.day) return Date.UTC(year, month - 1, day + 1);
  return Date.UTC(year, month - 1, day, hour + 1);
}

function forgetPast(book: BudgetBook, nowMs: number): void {
  for (const window of Object.keys(book.spent))
    if (endOf(window) + 2 * turnMs < nowMs) Reflect.deleteProperty(book.spent, window);
  book.open = book.open.filter(({ windows }) => windows.some((each) => each in book.spent));
}
