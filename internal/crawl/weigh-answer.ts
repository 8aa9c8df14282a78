// What an answer, or the lack of one, means for the host and for the link. Pure: the table of the crawl's retry rules.
import type { FetchFault } from "../fetch/fetch-fault.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import { rateLimitOf } from "../fetch/rate-limit.ts";
import { retryAfterMs } from "../fetch/retry-after.ts";
import type { QueuedLink } from "../frontier/shard-frontier.ts";
import type { HostOutcome } from "../politeness/host-gate.ts";

/**
 * `read`: the answer is what was asked for. `redirect`: follow `location`. `again`: put the link back, with the attempt
 * counted or not (`costs`), for a token that is `renewed` or not. `anew`: begin its walk over the pages of an API once more.
 * `dead`: give it up.
 */
export type LinkOutcome =
  | { kind: "read" }
  | { kind: "redirect" }
  | { kind: "again"; costs: boolean; renewed?: boolean }
  | { kind: "anew" }
  | { kind: "dead"; reason: string };

/** Answers with 429 or 503 cost no retry, but they end too: with Retry-After, and without (a minute, doubling). */
const maxCalm = { told: 30, busy: 5 };

/** `retries`: attempts allowed beyond the first. `nowMs` is when the answer was received. */
export function weighAnswer(
  answer: Exchange,
  entry: QueuedLink,
  retries: number,
  nowMs: number,
): { gate: HostOutcome; link: LinkOutcome } {
  const { status } = answer;
  const isFailed = status >= 400;
  const limit = isFailed ? rateLimitOf(answer.headers, nowMs) : null;
  const isUsedUp = limit?.remaining === 0;
  const toldMs = retryAfterMs(answer.headers["retry-after"] ?? null, nowMs);
  const afterMs = toldMs ?? (isUsedUp ? limit.resetMs : null);
  const again = (costs: boolean, spent: boolean): LinkOutcome =>
    spent
      ? { kind: "dead", reason: `HTTP ${status} after ${entry.attempts + entry.calm + 1} attempts` }
      : { kind: "again", costs };
  const calm = (limit: number) => again(false, entry.calm >= limit);
  // Some servers forbid (403) what they have no more quota for.
  if (status === 429 || status === 503 || (status === 403 && isUsedUp)) {
    if (afterMs !== null)
      return { gate: { kind: "retry-after", afterMs }, link: calm(maxCalm.told) };
    return { gate: { kind: "busy" }, link: calm(maxCalm.busy) };
  }
  // RFC 9110 section 10.2.3 names 503 and redirects; other errors carry Retry-After too, and mean it.
  const told: HostOutcome | null =
    status >= 300 && afterMs !== null ? { kind: "retry-after", afterMs } : null;
  if (status >= 500 || status === 408)
    return { gate: told ?? { kind: "fault" }, link: again(true, entry.attempts >= retries) };
  const gate: HostOutcome = told ?? { kind: "ok" };
  if (status >= 200 && status < 300) return { gate, link: { kind: "read" } };
  if (status >= 300 && status < 400 && answer.headers.location !== undefined)
    return { gate, link: { kind: "redirect" } };
  return { gate, link: { kind: "dead", reason: `HTTP ${status}` } };
}

/** The same for a request that got no usable answer. */
export function weighFault(
  fault: FetchFault,
  entry: QueuedLink,
  retries: number,
): { gate: HostOutcome; link: LinkOutcome } {
  // It would be refused again, and the host knows nothing of it.
  if (fault.kind === "refused")
    return { gate: { kind: "ok" }, link: { kind: "dead", reason: fault.message } };
  const link: LinkOutcome =
    entry.attempts >= retries
      ? {
          kind: "dead",
          reason: `${fault.message} after ${entry.attempts + entry.calm + 1} attempts`,
        }
      : { kind: "again", costs: true };
  return { gate: { kind: "fault" }, link };
}
