// What becomes of a link once its fate is known: into the owner's open segment go its record, what it found, and that it is
// done. Everything here is in memory and counts only once the segment is committed.

import { setImmediate } from "node:timers/promises";
import type { Exchange } from "../fetch/fetch-page.ts";
import type { QueuedLink } from "../frontier/shard-frontier.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import { rawBodyPath } from "../model/lake-paths.ts";
import type { FrontierLink } from "../model/link.ts";
import type { ApiSource, Source, WebSource } from "../model/pipeline.ts";
import type { RawRecord } from "../model/raw-record.ts";
import type { SeenPage } from "../model/seen-page.ts";
import { greatest } from "../recrawl/high-water.ts";
import { describeError } from "../std/errors.ts";
import { archiveAnswer } from "./archive-answer.ts";
import { isNamed } from "./ask-source.ts";
import { keepRulesFor } from "./keep-rules.ts";
import { type Asking, carriedRecord, meaningOf, noteFailure, originalOf } from "./known-page.ts";
import type { Crawlable, Verdict } from "./may-fetch.ts";
import { type PageRules, pageRulesOf } from "./page-rules.ts";
import { type Reading, rawRecord, readPage, redirectLink } from "./read-answer.ts";
import { readApiPage, walkAnew } from "./read-api-page.ts";
import { readSitemap, type SitemapsSpent } from "./read-sitemap.ts";
import { bodilessRecord, noteOnRecord } from "./settle-known.ts";
import { longBodyOf } from "./spill-answers.ts";
import { trapBefore, withoutTraps } from "./watch-traps.ts";
import type { LinkOutcome } from "./weigh-answer.ts";

/** Links offered before others have their turn: a sitemap names tens of thousands. */
const maxOffered = 2_000;
/** By owner and source. */
const sitemapsSpent = new WeakMap<ShardOwner, Map<string, SitemapsSpent>>();
const pageRules = new WeakMap<WebSource, PageRules>();

/** The link was given up: a dead letter. A sitemap that nobody named may be missing. */
export function settleDead(
  owner: ShardOwner,
  entry: QueuedLink,
  reason: string,
  status: number,
): void {
  const { link } = entry;
  noteFailure(owner, link, Date.now());
  // Whoever asked for a robots.txt hears of it, and gives up links of its own.
  const isMissed = link.kind === "sitemap" ? link.via !== undefined : link.kind !== "robots";
  if (isMissed) {
    const attempts = entry.attempts + entry.calm + 1;
    owner.segment.countsOf(link.source).dead += 1;
    owner.segment.deadLinks.push({
      url: link.url,
      source: link.source,
      reason,
      status,
      attempts,
      at: new Date().toISOString(),
      link,
    });
  }
  finish(owner, link, false);
}

/** The link's answer went to whoever asked for it. */
export function settleAsked(owner: ShardOwner, link: FrontierLink): void {
  finish(owner, link, false);
}

/** The link must not be fetched: counted, and done with. */
export function settleDropped(owner: ShardOwner, link: FrontierLink, reason: string): void {
  owner.segment.countDrops(link.source, { [reason]: 1 });
  if (reason === "robots") noteFailure(owner, link, Date.now());
  finish(owner, link, false);
}

/**
 * Whether a link that may be fetched is done without it: it is a page of earlier runs that is not due (its record says where
 * its body is), a trap, or what a page of an API led back to. `host`: host and port.
 */
export function settleUnfetched(
  owner: ShardOwner,
  entry: QueuedLink,
  source: Crawlable,
  host: string,
  nowMs: number,
): boolean {
  const { kind, isCircle = false } = entry.link;
  if (kind === "robots") return false;
  if (isCircle) {
    settleDead(owner, entry, circleReason(entry.link), 0);
    return true;
  }
  const record = carriedRecord(owner, entry, source, nowMs);
  const trap = record === null ? trapBefore(owner, entry, source, host) : null;
  if (trap !== null) settleDropped(owner, entry.link, trap);
  if (record === null) return trap !== null;
  owner.segment.addRecord(record);
  finish(owner, entry.link, true);
  return true;
}

/** A link and what came back for it. */
type Answered = {
  entry: QueuedLink;
  answer: Exchange;
  source: Exclude<Source, { kind: "files" }>;
  children: readonly ApiSource[];
  fetchedAt: string;
  userAgent: string;
  kind: "read" | "redirect";
  before: SeenPage | null;
};

/** What a fetch of a link came to: `outcome` is what it means, `answer` null when there was none. */
export type Fetched = {
  source: Exclude<Source, { kind: "files" }>;
  /** Of an API source: those that are fetched for each of its records. */
  children: readonly ApiSource[];
  answer: Exchange | null;
  /** ISO 8601, UTC. */
  fetchedAt: string;
  /** The installation's. */
  userAgent: string;
  outcome: LinkOutcome;
  asking: Asking;
};

/** The link must not be fetched. */
export function settleRefused(
  owner: ShardOwner,
  entry: QueuedLink,
  host: string,
  verdict: Verdict,
): void {
  if (verdict.kind === "dead") settleDead(owner, entry, verdict.reason, 0);
  else if (verdict.kind === "defer") settleDeferred(owner, entry.link, host, verdict.reason);
  else settleDropped(owner, entry.link, "robots");
}

/** The link is left to a later run, because its host wants to be left alone for long. */
export function settleDeferred(
  owner: ShardOwner,
  link: FrontierLink,
  host: string,
  reason: string,
): void {
  owner.segment.countDeferred(host);
  noteFailure(owner, link, Date.now());
  settleDropped(owner, link, reason);
}

/**
 * The link was fetched: it is put back, given up, or read. Gives the new links of the owner's own shard. Only a sitemap takes
 * more than a moment.
 */
export async function settleOutcome(
  owner: ShardOwner,
  entry: QueuedLink,
  { source, children, answer, fetchedAt, userAgent, outcome: weighed, asking }: Fetched,
): Promise<FrontierLink[]> {
  const { link } = entry;
  const { before } = asking;
  const outcome = meaningOf(link, asking, answer, weighed);
  if (outcome.kind === "again") {
    owner.segment.countsOf(link.source).retries += 1;
    const attempts = entry.attempts + Number(outcome.costs);
    const calm = entry.calm + Number(!outcome.costs);
    const renewed = entry.renewed === true || outcome.renewed === true;
    owner.frontier.putBack({ link, attempts, calm, renewed });
    return [];
  }
  if (answer !== null && (outcome.kind === "read" || outcome.kind === "redirect")) {
    const { kind } = outcome;
    return settleAnswer(owner, {
      entry,
      answer,
      source,
      children,
      fetchedAt,
      userAgent,
      kind,
      before,
    });
  }
  if (answer !== null)
    archiveAnswer(owner, link, source, answer, fetchedAt, originalOf(link, outcome, before));
  const anew = outcome.kind === "anew" ? walkAnew(link) : null;
  if (anew !== null) {
    owner.segment.countDrops(link.source, { "paging: cursor expired, begun anew": 1 });
    const fresh = await offerInTurns(owner, [anew]);
    if (!owner.signal.aborted) finish(owner, link, false);
    return fresh;
  }
  if (answer !== null && (outcome.kind === "unmodified" || outcome.kind === "gone")) {
    const visited = { link, answer, source, fetchedAt, before };
    const attempt = entry.attempts + entry.calm + 1;
    owner.segment.addRecord(bodilessRecord(owner, visited, attempt, outcome.kind));
    finish(owner, link, outcome.kind === "unmodified");
  } else if (outcome.kind === "missing") settleDropped(owner, link, "still missing");
  else {
    const reason = outcome.kind === "dead" ? outcome.reason : "no answer";
    settleDead(owner, entry, reason, answer?.status ?? 0);
  }
  return [];
}

/** The link was answered. Gives the new links of the owner's own shard; those of other shards wait for the commit. */
async function settleAnswer(owner: ShardOwner, answered: Answered): Promise<FrontierLink[]> {
  const { entry, answer, source, fetchedAt, before } = answered;
  const { link } = entry;
  let record: RawRecord;
  let reading: Reading;
  try {
    const attempt = entry.attempts + entry.calm + 1;
    const keep = keepRulesFor(link, source);
    record = rawRecord(link, answer, fetchedAt, attempt, keep, longBody(owner, link, answer));
    reading = await readAnswer(owner, answered, record);
    reading = withoutTraps(owner, link, record, reading, source);
  } catch (error) {
    archiveAnswer(owner, link, source, answer, fetchedAt);
    // An answer that breaks its reader would break the shard's next owner, too, and be asked for for ever.
    settleDead(owner, entry, `the answer cannot be read: ${describeError(error)}`, answer.status);
    return [];
  }
  const fresh = await offerInTurns(owner, reading.links);
  const long = longBodyOf(answer);
  // Before its record: what that names is there.
  if (long !== null && record.body_file !== undefined && reading.error === null)
    await owner.lake.putFile(record.body_file, long.path);
  if (owner.signal.aborted) return [];
  // From here on nothing waits: all that is known of the link goes into one segment.
  archiveAnswer(owner, link, source, answer, fetchedAt);
  owner.segment.countDrops(link.source, reading.drops);
  if (reading.error !== null) {
    settleDead(owner, entry, reading.error, answer.status);
    return fresh;
  }
  const { high } = owner.segment;
  if (reading.high !== undefined)
    high.set(link.source, greatest(high.get(link.source), reading.high));
  if (reading.walk !== undefined) owner.segment.countWalk(link.source, reading.walk);
  const isKept = reading.keep ?? true;
  const isPage = isKept && answered.kind === "read";
  noteOnRecord(
    owner,
    { link, answer, source, fetchedAt, before },
    record,
    isPage ? "page" : "passed",
  );
  if (isKept) owner.segment.addRecord(record);
  finish(owner, link, isPage);
  return fresh;
}

/** Where the body of an answer that is not held will be, and its digest. */
function longBody({ run }: ShardOwner, link: FrontierLink, answer: Exchange) {
  const digest = longBodyOf(answer)?.digest() ?? null;
  if (digest === null) return null;
  return { digest, path: rawBodyPath(link.source, run.date, run.token, digest) };
}

function circleReason({ page, url }: FrontierLink): string {
  return `repeated cursor or URL: page ${page} was there before: ${url}`;
}

/** Links may be committed before what they were found on: whoever fetches that again finds them again. */
async function offerInTurns(
  owner: ShardOwner,
  links: readonly FrontierLink[],
): Promise<FrontierLink[]> {
  if (links.length <= maxOffered) return owner.offerFound(links);
  const fresh: FrontierLink[] = [];
  for (let at = 0; at < links.length && !owner.signal.aborted; at += maxOffered) {
    for (const link of owner.offerFound(links.slice(at, at + maxOffered))) fresh.push(link);
    await setImmediate();
  }
  return fresh;
}

function spentOf(owner: ShardOwner, source: string): SitemapsSpent {
  const bySource = sitemapsSpent.get(owner) ?? new Map<string, SitemapsSpent>();
  sitemapsSpent.set(owner, bySource);
  const spent = bySource.get(source) ?? { count: 0, sizeBytes: 0 };
  bySource.set(source, spent);
  return spent;
}

async function readAnswer(
  owner: ShardOwner,
  answered: Answered,
  record: RawRecord,
): Promise<Reading> {
  const { answer, source, userAgent } = answered;
  const { link } = answered.entry;
  if (answered.kind === "redirect") {
    const rules = source.kind === "web" ? rulesFor(source, userAgent) : null;
    const reading = readRedirect(link, answer, rules, source.fetch.limits.redirects);
    const [target] = reading.links;
    // What a source POSTs may hold secrets, like its headers.
    if (target?.ask?.body !== undefined && !isNamed(target, source))
      return {
        links: [],
        error: `redirects a POST to ${target.url}, which the source does not name`,
        drops: {},
      };
    if (reading.links[0] !== undefined) record.final_url = reading.links[0].url;
    return reading;
  }
  if (source.kind === "api") return readApiPage(link, answer, source, answered.children);
  const rules = rulesFor(source, userAgent);
  if (link.kind === "sitemap")
    return readSitemap(link, answer.body, rules, spentOf(owner, link.source));
  return readPage(link, answer, record, rules);
}

function readRedirect(
  link: FrontierLink,
  answer: Exchange,
  rules: PageRules | null,
  maxRedirects: number,
): Reading {
  const target = redirectLink(link, answer);
  const location = answer.headers.location ?? "";
  if (target === null)
    return { links: [], error: `redirects to "${location}", which leads nowhere`, drops: {} };
  const { chain = [] } = target;
  if (chain.includes(target.url)) {
    const loop = [...chain.slice(chain.indexOf(target.url)), target.url].join(" -> ");
    return { links: [], error: `redirects in a loop: ${loop}`, drops: {} };
  }
  if (chain.length > maxRedirects) {
    return {
      links: [],
      error: `more than ${maxRedirects} redirects, the last one to ${target.url}`,
      drops: {},
    };
  }
  if (rules !== null && link.kind === "page") {
    const reason = rules.outOfScope(target.url, target.depth);
    if (reason !== null && link.priority === 0) {
      return {
        links: [],
        error: `the seed redirects out of scope (${reason}), to ${target.url}`,
        drops: {},
      };
    }
    if (reason !== null) return { links: [], error: null, drops: { [`redirect: ${reason}`]: 1 } };
  }
  return { links: [target], error: null, drops: {} };
}

function finish(owner: ShardOwner, link: FrontierLink, savedPage: boolean): void {
  if (savedPage && link.kind === "page") owner.segment.countSaved(link.source);
  owner.segment.addDone(link);
  owner.frontier.settle(link, savedPage);
}

function rulesFor(source: WebSource, userAgent: string): PageRules {
  let rules = pageRules.get(source);
  if (rules === undefined) {
    rules = pageRulesOf(source, userAgent);
    pageRules.set(source, rules);
  }
  return rules;
}
