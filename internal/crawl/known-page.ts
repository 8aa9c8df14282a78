// A page that earlier runs knew: how it is asked for, what its answer means, and what is noted of it.
import type { Exchange } from "../fetch/fetch-page.ts";
import type { QueuedLink } from "../frontier/shard-frontier.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { FrontierLink } from "../model/link.ts";
import type { WebSource } from "../model/pipeline.ts";
import type { KnownBefore, RawRecord } from "../model/raw-record.ts";
import type { SeenPage } from "../model/seen-page.ts";
import { SegmentVisits } from "../recrawl/segment-visits.ts";
import { conditionalHeaders, isChanged, isDue, type Visit } from "../recrawl/visits.ts";
import { scopeOf } from "../url/scope.ts";
import type { Original } from "../warc/exchange-records.ts";
import type { Crawlable } from "./may-fetch.ts";
import type { LinkOutcome } from "./weigh-answer.ts";

/** `unmodified`: 304 to a conditional request. `gone`: 404 or 410 of a page that was there. `missing`: of one that never was. */
export type Meaning = LinkOutcome | { kind: "unmodified" } | { kind: "gone" } | { kind: "missing" };

/** What is known of a link, and the headers to ask for it with. */
export type Asking = { before: SeenPage | null; headers: Record<string, string> };

const nothing: Asking = { before: null, headers: {} };

/** How a link is asked for. */
export function askFor(
  owner: ShardOwner,
  link: FrontierLink,
  source: Crawlable,
  nowMs: number,
): Asking {
  const known = source.kind === "web" ? (owner.known?.find(link) ?? null) : null;
  if (known === null || source.kind !== "web") return nothing;
  const headers = known.whole ? {} : conditionalHeaders(known.page, source.recrawl, nowMs);
  return { before: known.page, headers };
}

/** What an answer means for a link that may be known. */
export function meaningOf(
  link: FrontierLink,
  { before, headers }: Asking,
  answer: Exchange | null,
  outcome: LinkOutcome,
): Meaning {
  if (answer === null || before === null) return outcome;
  const isConditional = Object.keys(headers).length > 0;
  if (answer.status === 304 && isConditional) return { kind: "unmodified" };
  if (answer.status !== 404 && answer.status !== 410) return outcome;
  if (before.state === "page" || before.state === "gone") return { kind: "gone" };
  // It was a dead letter before; only a page that names it now makes it one again.
  return isRemembered(link) ? { kind: "missing" } : outcome;
}

/** The answer that a 304 says still holds. */
export function originalOf(
  { url }: FrontierLink,
  meaning: Meaning,
  before: SeenPage | null,
): Original | null {
  if (meaning.kind !== "unmodified" || before?.body === undefined) return null;
  return { url, date: isoDate(before.body.atMs), recordId: null };
}

/** Notes what a visit of a page taught; gives what its record says of the time before. */
export function noteVisit(
  owner: ShardOwner,
  link: FrontierLink,
  source: WebSource,
  before: SeenPage | null,
  visit: Omit<Visit, "url" | "depth" | "etag" | "lastModified"> & { headers: Exchange["headers"] },
): KnownBefore | null {
  const { headers, ...rest } = visit;
  visitsOf(owner, link.source).add(
    before,
    {
      ...rest,
      url: link.url,
      depth: link.depth,
      etag: headers.etag,
      lastModified: headers["last-modified"],
    },
    source.recrawl,
  );
  if (before === null || before.state === "failed" || before.state === "passed") return null;
  const isGone = visit.outcome === "gone";
  return {
    changed: isChanged(before, visit),
    first_seen: isoDate(before.firstMs),
    last_seen: isoDate(isGone ? before.lastMs : visit.atMs),
    ...(isGone ? { gone: true } : {}),
    ...(visit.outcome === "unmodified" && before.body !== undefined
      ? { body_in: before.body.raw, status: before.body.status }
      : {}),
  };
}

/** A page was given up, or robots.txt forbids it: if nothing is known of it, it is tried again by the next run. */
export function noteFailure(owner: ShardOwner, link: FrontierLink, nowMs: number): void {
  if (link.kind !== "page" || (owner.known?.find(link) ?? null) !== null) return;
  const visit: Visit = {
    url: link.url,
    depth: link.depth,
    atMs: nowMs,
    outcome: "failed",
    status: 0,
    digest: "",
    etag: undefined,
    lastModified: undefined,
  };
  visitsOf(owner, link.source).add(null, visit, { minMs: 0, maxMs: 0 });
}

/** The record of a page that is not due, in the place of a fetch; null when it is to be fetched. */
export function carriedRecord(
  owner: ShardOwner,
  { link, attempts }: QueuedLink,
  source: Crawlable,
  nowMs: number,
): RawRecord | null {
  if (source.kind !== "web" || source.recrawl.mode !== "adaptive" || attempts > 0) return null;
  const known = owner.known?.find(link) ?? null;
  if (known === null || known.whole) return null;
  const { page } = known;
  if (page.body === undefined || isDue(page, source.recrawl, nowMs, link.lastmodMs ?? null))
    return null;
  return {
    url: link.url,
    final_url: link.url,
    status: page.body.status,
    headers: {},
    fetched_at: isoDate(page.body.atMs),
    depth: link.depth,
    source: link.source,
    kind: "page",
    page: 0,
    digest: page.body.digest,
    content_type: "",
    charset: "",
    body: null,
    body_b64: null,
    timing: { first_byte_ms: 0, total_ms: 0 },
    attempt: 0,
    error: null,
    known: {
      changed: false,
      first_seen: isoDate(page.firstMs),
      last_seen: isoDate(page.lastMs),
      body_in: page.body.raw,
      status: page.body.status,
    },
  };
}

/**
 * The pages of earlier runs that a shard has to look at, some hundred at a time: those in scope, but for pages that are gone.
 * A page that did not change names no links, so what it links to must come from here.
 */
export async function* knownLinks(
  owner: ShardOwner,
  sources: readonly WebSource[],
): AsyncGenerator<FrontierLink[]> {
  for (const source of sources) {
    const outOfScope = scopeOf(source.scope, source.seeds);
    for await (const pages of owner.known?.pages(source.name) ?? []) {
      yield pages
        .filter(({ state, url, depth }) => state !== "gone" && outOfScope(url, depth) === null)
        .map(({ url, depth }) => ({ url, source: source.name, kind: "page", depth, priority: 2 }));
    }
  }
}

/** It came from {@link knownLinks}: no page, sitemap or seed of this run named it. */
function isRemembered({ via, priority }: FrontierLink): boolean {
  return via === undefined && priority === 2;
}

function visitsOf({ segment }: ShardOwner, source: string): SegmentVisits {
  let visits = segment.visits.get(source);
  if (visits === undefined) {
    visits = new SegmentVisits();
    segment.visits.set(source, visits);
  }
  return visits;
}

const isoDate = (ms: number) => new Date(ms).toISOString();
