// Links: what travels on the frontier log.

/** Lower goes first. */
export type LinkPriority = 0 | 1 | 2;

/**
 * How the answer is to be read: an HTML page, an API page whose next link is its outlink, a sitemap, or a robots.txt that the
 * owner of another shard asked for (crawl/ask-elsewhere.ts).
 */
export type LinkKind = "page" | "api" | "sitemap" | "robots";

/**
 * What a request of an API source has beyond its URL: values set in the source's body, by dotted path (present: it is a POST),
 * and headers of its own. The source's body itself, which may hold secrets, does not travel.
 */
export type LinkAsk = { body?: Record<string, unknown>; headers?: Record<string, string> };

/** Pages known from a total: those before `upTo` are offered, `size` records each; `total`: what the answer said. */
export type PagesKnown = { upTo: number; size: number; total: number };

/** A URL to fetch for a source of a run. */
export type FrontierLink = {
  /** Canonical absolute URL; a fragment only where the source has `canonical.fragment: routes`. */
  url: string;
  source: string;
  kind: LinkKind;
  depth: number;
  /** 0 seed, 1 sitemap, 2 link. */
  priority: LinkPriority;
  /** The page it was found on. */
  via?: string;
  /** Pages behind the source's first API page, 0-based. */
  page?: number;
  /** Absent: a GET without headers of its own. With the URL it says which request it is. */
  ask?: LinkAsk;
  /** Columns that the rows of the answer carry: keys of the parent's record. */
  keys?: Record<string, unknown>;
  /** Of an API page that was offered because a total named it. */
  known?: PagesKnown;
  /** Of an API page behind a first one that told the total of the records: the walk over the pages, 16 hex digits. */
  pagesOf?: string;
  /** Behind the first page of an API that gives each page the next: the request of the first one. */
  first?: { url: string; ask?: LinkAsk };
  /** How often its walk over the pages was begun anew, because a cursor had expired. */
  walk?: number;
  /** Another page of the same walk asked for the same before: it is reported, and not fetched. */
  isCircle?: boolean;
  /** Redirects followed to get here. */
  redirects?: number;
  /** The URLs of those redirects, first to last. */
  chain?: string[];
  /** When a sitemap or feed says that it last changed, in ms since 1970. */
  lastmodMs?: number;
  /** Above 0 for a replayed dead letter: makes it a new link to the seen table. */
  replay?: number;
};

/** A batch of links for one shard of one run, as appended to the frontier log: its JSON, zstd when it is long. */
export type LinkBatch = { links: FrontierLink[] };
