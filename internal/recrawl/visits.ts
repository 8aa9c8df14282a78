// When a known page is asked for again, how, and what an answer teaches. Pure.
import type { Recrawl } from "../model/pipeline.ts";
import type { SeenPage } from "../model/seen-page.ts";

/**
 * What became of a visit: `page`: a body came; `unmodified`: 304; `passed`: it leads elsewhere, or asks not to be kept; `gone`: 404 or
 * 410; `failed`: no answer, or one that is no page. Headers as the server sent them, or undefined.
 */
export type Visit = {
  url: string;
  depth: number;
  atMs: number;
  outcome: "page" | "unmodified" | "passed" | "gone" | "failed";
  status: number;
  digest: string;
  etag: string | undefined;
  lastModified: string | undefined;
};

const firstIntervalMs = 24 * 3_600_000;
// After this long a body is asked for again whole, whatever the validators say: servers err, and raw files are not kept for ever.
const maxBodyAgeMs = 30 * 24 * 3_600_000;
// A run comes a little sooner than the day before's: that much of the interval may be missing.
const earlyShare = 0.1;

/** The conditional header of a request (RFC 9110 section 13.1): If-None-Match where there was an ETag, else If-Modified-Since. */
export function conditionalHeaders(
  seen: SeenPage,
  recrawl: Recrawl,
  nowMs: number,
): Record<string, string> {
  const { state, body, etag, lastModified } = seen;
  if (recrawl.mode === "always" || state !== "page" || body === undefined) return {};
  if (nowMs - body.atMs > maxBodyAgeMs) return {};
  if (etag !== undefined) return { "if-none-match": etag };
  return lastModified === undefined ? {} : { "if-modified-since": lastModified };
}

/**
 * Whether a known page is to be asked for now. Only the adaptive mode leaves pages out, and never a seed (depth 0): they are
 * how new pages are found. A sitemap's `lastmodMs` after the last visit makes a page due, one before it puts it off, but not
 * for longer than `maxMs`: sitemaps lie.
 */
export function isDue(
  seen: SeenPage,
  recrawl: Recrawl,
  nowMs: number,
  lastmodMs: number | null = null,
): boolean {
  if (recrawl.mode !== "adaptive" || seen.state !== "page" || seen.depth === 0) return true;
  const sinceMs = nowMs - seen.checkedMs;
  if (lastmodMs !== null && lastmodMs > seen.checkedMs) return true;
  const waitMs = lastmodMs !== null ? recrawl.maxMs : seen.intervalMs;
  return sinceMs >= waitMs * (1 - earlyShare);
}

/** Whether a visit found something else than the one before: new, other content, gone, or back again. */
export function isChanged(
  before: SeenPage | null,
  visit: Pick<Visit, "outcome" | "digest">,
): boolean {
  if (visit.outcome === "unmodified") return false;
  if (visit.outcome === "gone") return before?.state !== "gone";
  return before?.state !== "page" || before.body?.digest !== visit.digest;
}

/**
 * What is known after a visit; `raw`: the lake path of the raw file that has its answer. The interval grows by half when a
 * page did not change and halves when it did (StormCrawler's AdaptiveScheduler), between `minMs` and `maxMs`. Null: nothing
 * that was not known before.
 */
export function seenAfter(
  before: SeenPage | null,
  visit: Visit,
  { minMs, maxMs }: Pick<Recrawl, "minMs" | "maxMs">,
  raw: string,
): SeenPage | null {
  const { url, depth, atMs, outcome } = visit;
  const clamp = (ms: number) => Math.round(Math.min(Math.max(ms, minMs), maxMs));
  const wasPage = before?.state === "page";
  const intervalMs = !wasPage
    ? clamp(firstIntervalMs)
    : clamp(before.intervalMs * (isChanged(before, visit) ? 0.5 : 1.5));
  switch (outcome) {
    case "failed":
      return before === null
        ? { url, depth, state: "failed", checkedMs: atMs, intervalMs, firstMs: atMs, lastMs: atMs }
        : null;
    case "unmodified":
      return before === null
        ? null
        : { ...before, checkedMs: atMs, lastMs: atMs, intervalMs, ...validators(visit) };
    case "gone":
      return before === null
        ? null
        : { ...bare(before), state: "gone", checkedMs: atMs, intervalMs };
    case "passed":
      return {
        url,
        depth,
        state: "passed",
        checkedMs: atMs,
        intervalMs,
        firstMs: before?.firstMs ?? atMs,
        lastMs: atMs,
      };
    case "page":
      return {
        url,
        depth,
        state: "page",
        checkedMs: atMs,
        intervalMs,
        firstMs: before === null || before.state === "failed" ? atMs : before.firstMs,
        lastMs: atMs,
        body: { atMs, status: visit.status, digest: visit.digest, raw },
        ...validators(visit),
      };
  }
}

function validators({ etag, lastModified }: Visit): Pick<SeenPage, "etag" | "lastModified"> {
  return {
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}

/** Without what belongs to a body that is not there any more. */
function bare({
  body: _body,
  etag: _etag,
  lastModified: _lastModified,
  ...rest
}: SeenPage): SeenPage {
  return rest;
}
