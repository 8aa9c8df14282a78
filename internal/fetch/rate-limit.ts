// How many more requests a server says that it takes, and until when. Servers say so in many ways; what cannot be read for
// sure says nothing.
import { retryAfterMs } from "./retry-after.ts";

/** `remaining` requests within the next `resetMs` (more than 0, a day at most). */
export type RateLimit = { remaining: number; resetMs: number };

const dayMs = 86_400_000;
/** Servers write whole seconds, and some round down. */
const roundingMs = 1_000;
/** Greater numbers are a time since 1970, in seconds; and from `epochInMs` on in milliseconds. */
const epochInSeconds = 1_000_000_000;
const epochInMs = 100_000_000_000;

/**
 * The limit in an answer's headers (lower-case names) that binds first, null when there is none. Read are, in this order:
 * `RateLimit` with `RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers-10 (`"name";r=9;t=30`), as in drafts 07 and 08
 * (`limit=10, remaining=9, reset=30`), `RateLimit-Remaining` and `RateLimit-Reset` of drafts before 07, and the same names after
 * `X-`. `nowMs`, epoch, is when they were received; a reset that is a time counts from the answer's own Date.
 */
export function rateLimitOf(headers: Record<string, string>, nowMs: number): RateLimit | null {
  const limits =
    headers.ratelimit === undefined
      ? byFields(headers, nowMs)
      : byItems(headers.ratelimit, windowsOf(headers["ratelimit-policy"] ?? ""));
  // The one that is used up first; of those the longest.
  const [first] = limits.sort((a, b) => a.remaining - b.remaining || b.resetMs - a.resetMs);
  return first ?? null;
}

/**
 * The least time between two requests that keeps to the policies of an answer which says nothing of what remains: `q` requests
 * in any `w` seconds of `RateLimit-Policy`, evenly (draft-ietf-httpapi-ratelimit-headers-10, and as in drafts before 08
 * `100;w=60`). Null when there is none, or when the quota is not of requests.
 */
export function policyGapMs(headers: Record<string, string>): number | null {
  const gaps = (headers["ratelimit-policy"] ?? "").split(",").flatMap((item) => {
    const unit = parameterOf(item, "qu");
    const quota = wholeNumber(parameterOf(item, "q") ?? nameOf(item));
    const windowMs = seconds(parameterOf(item, "w"));
    const isOfRequests = unit === undefined || unit === '"requests"';
    if (quota === null || quota === 0 || windowMs === null || !isOfRequests) return [];
    return [Math.ceil(Math.min(windowMs, dayMs) / quota)];
  });
  return gaps.length === 0 ? null : Math.max(...gaps);
}

function byItems(header: string, windows: ReadonlyMap<string, number>): RateLimit[] {
  const items = header.split(",").map((item) => item.trim());
  const named = new Map(items.map((item) => item.split("=", 2) as [string, string]));
  if (named.has("remaining")) return limitOf(named.get("remaining"), seconds(named.get("reset")));
  return items.flatMap((item) => {
    const reset = seconds(parameterOf(item, "t")) ?? windows.get(nameOf(item)) ?? null;
    return limitOf(parameterOf(item, "r"), reset);
  });
}

/** Milliseconds of each policy's window, by its name. */
function windowsOf(policy: string): Map<string, number> {
  const windows = new Map<string, number>();
  for (const item of policy.split(",")) {
    const windowMs = seconds(parameterOf(item, "w"));
    if (windowMs !== null) windows.set(nameOf(item), windowMs);
  }
  return windows;
}

function byFields(headers: Record<string, string>, nowMs: number): RateLimit[] {
  return ["ratelimit", "x-ratelimit", "x-rate-limit"].flatMap((prefix) => {
    const remaining = headers[`${prefix}-remaining`];
    if (remaining === undefined) return [];
    return limitOf(remaining, resetOf(headers[`${prefix}-reset`], headers.date, nowMs));
  });
}

function resetOf(text: string | undefined, date: string | undefined, nowMs: number): number | null {
  const ms = seconds(text);
  const value = Number(text);
  if (ms === null || value < epochInSeconds) return ms;
  // Of a Date in the past nothing is known but that it is one; the same reading serves as for Retry-After.
  const serverMs = date === undefined ? nowMs : epochOf(date, nowMs);
  return (value < epochInMs ? value * 1_000 : value) - serverMs;
}

function epochOf(date: string, nowMs: number): number {
  // Seen from a day before, a date of about now is ahead, and one that is far off is none.
  const aheadMs = retryAfterMs(date, nowMs - dayMs / 2);
  return aheadMs === null || aheadMs >= dayMs ? nowMs : nowMs - dayMs / 2 + aheadMs;
}

function limitOf(remaining: string | undefined, resetMs: number | null): RateLimit[] {
  const count = wholeNumber(remaining);
  if (count === null || resetMs === null || resetMs < 0) return [];
  return [{ remaining: count, resetMs: Math.min(resetMs + roundingMs, dayMs) }];
}

function nameOf(item: string): string {
  return item.split(";", 1)[0]?.trim() ?? "";
}

function parameterOf(item: string, name: string): string | undefined {
  const found = item.split(";").find((part) => part.trim().startsWith(`${name}=`));
  return found?.trim().slice(name.length + 1);
}

function seconds(text: string | undefined): number | null {
  const value = text?.trim() ?? "";
  return /^\d{1,15}(\.\d+)?$/.test(value) ? Number(value) * 1_000 : null;
}

function wholeNumber(text: string | undefined): number | null {
  const value = text?.trim() ?? "";
  return /^\d{1,15}$/.test(value) ? Number(value) : null;
}
