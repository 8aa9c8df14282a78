// A web source for tests: nothing but what they change is worth a look.
import { standardFetchOptions } from "../../internal/model/fetch-options.ts";
import type { WebSource } from "../../internal/model/pipeline.ts";

/** A source "s" that is asked as fast as can be. */
export const webSource = (more: Partial<WebSource> = {}): WebSource => ({
  kind: "web",
  name: "s",
  seeds: ["https://a.test/"],
  headers: {},
  fetch: standardFetchOptions,
  rate: {
    perSecond: 500,
    concurrency: 1,
    backoffMs: 1,
    maxBackoffMs: 2,
    busyBackoffMs: 1,
    maxBlockMs: 60_000,
    maxCrawlDelayMs: 60_000,
    slowFactor: 1,
    perAddress: null,
    budgets: [],
  },
  sitemaps: false,
  robots: "ignore",
  render: "http",
  scope: { within: "any", include: ["**"], exclude: [], maxDepth: 9, maxPages: 100 },
  traps: null,
  follow: { links: ["a"], nofollow: "obey", metaRobots: "obey" },
  canonical: { query: "keep", dropParams: [], sessionIds: "keep", fragment: "drop" },
  auth: null,
  userAgent: null,
  content: { save: ["*/*"], skip: [], maxBytes: 1e6 },
  warc: false,
  recrawl: { mode: "conditional", minMs: 1, maxMs: 1 },
  pages: null,
  extract: [],
  ...more,
});
