// What a crawl of a world came to, against what it had to: the pages table, the dead letters and the server's log.
import { type Arrival, addressOf } from "./arrival.ts";
import { type CrawlLimits, type Expected, expectedCrawl } from "./expected.ts";
import { titleOf } from "./page-body.ts";
import { judgePoliteness, type Pace } from "./politeness.ts";
import { type Address, urlOf, type World } from "./world.ts";

/** Rows as `onpoint sql` and `onpoint dead ls` tell them. */
export type Crawled = {
  pages: { url: string; title: string | null; depth: number }[];
  dead: { subject: string; reason: string }[];
  arrivals: readonly Arrival[];
};

/** `faults`: everything that is wrong, in words; none means that the crawl was exact. */
export type Score = {
  faults: string[];
  pages: number;
  dead: number;
  forbidden: number;
  requests: number;
  /** The least number of requests that could have done it. */
  needed: number;
  smallestGapMs: number;
};

/** Judges one crawl from the world's seeds. `port`: of the world's server. */
export function scoreCrawl(
  world: World,
  crawled: Crawled,
  limits: CrawlLimits,
  pace: Pace,
  port: number,
): Score {
  const expected = expectedCrawl(world, limits);
  const politeness = judgePoliteness(world, crawled.arrivals, pace);
  const faults = [
    ...judgePages(world, expected, crawled, port),
    ...judgeDead(expected, crawled, port),
    ...judgeRequests(world, expected, crawled.arrivals),
    ...politeness.violations,
  ];
  const asked = new Set(crawled.arrivals.map(({ host }) => host));
  const robots = [...asked].length;
  return {
    faults,
    pages: expected.pages.size,
    dead: expected.dead.size,
    forbidden: expected.forbidden.size,
    requests: crawled.arrivals.length,
    needed: [...expected.requests.values()].reduce((sum, n) => sum + n, robots),
    smallestGapMs: politeness.smallestGapMs,
  };
}

function* judgePages(
  world: World,
  expected: Expected,
  { pages }: Crawled,
  port: number,
): Generator<string> {
  const addresses = new Map(
    [...expected.pages.keys()].map((address) => [urlOf(address, port), address]),
  );
  const seen = new Set<string>();
  for (const { url, title } of pages) {
    if (seen.has(url)) yield `two rows for ${url}`;
    seen.add(url);
    const address = addresses.get(url);
    const page = world.pages.get(address ?? "");
    if (page === undefined) yield `a row too many: ${url}`;
    else if (page.kind === "html" && page.form !== "no type" && title !== titleOf(page))
      yield `the row of ${url} has the title "${title}"`;
  }
  for (const [url] of addresses) if (!seen.has(url)) yield `no row for ${url}`;
}

function* judgeDead(expected: Expected, { dead }: Crawled, port: number): Generator<string> {
  const reasons = new Map(dead.map(({ subject, reason }) => [subject, reason]));
  if (reasons.size < dead.length) yield `${dead.length - reasons.size} dead letters more than URLs`;
  for (const [address, pattern] of expected.dead) {
    const url = urlOf(address, port);
    const reason = reasons.get(url);
    if (reason === undefined) yield `no dead letter for ${url} (${pattern.source})`;
    else if (!pattern.test(reason))
      yield `the dead letter of ${url} says "${reason}", not ${pattern.source}`;
    reasons.delete(url);
  }
  for (const [url, reason] of reasons) yield `a dead letter too many: ${url} (${reason})`;
}

/** Nothing forbidden, nothing that no page leads to, and nothing before robots.txt was had. */
function* judgeRequests(
  world: World,
  { requests, forbidden }: Expected,
  arrivals: readonly Arrival[],
): Generator<string> {
  const knownMs = new Map<string, number>();
  for (const arrival of arrivals) {
    const { host, path, status, answeredMs } = arrival;
    const address: Address = addressOf(arrival);
    if (path === "/robots.txt") {
      if (status > 0 && status < 500 && status !== 429 && !knownMs.has(host))
        knownMs.set(host, answeredMs);
    } else if (forbidden.has(address)) yield `${address} is forbidden, and was asked for`;
    else if (world.movedRobots.has(address.split("?hop=")[0] ?? "")) continue;
    else if (!requests.has(address)) yield `nothing leads to ${address}, and it was asked for`;
    else if (arrival.atMs < (knownMs.get(host) ?? Number.POSITIVE_INFINITY))
      yield `${address} was asked for before robots.txt was known`;
  }
}
