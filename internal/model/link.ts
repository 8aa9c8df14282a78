// Links: what travels on the frontier log.

/** Lower goes first. */
export type LinkPriority = 0 | 1 | 2;

/**
 * How the answer is to be read: an HTML page, an API page whose next link is its outlink, a sitemap, or a robots.txt that the
 * owner of another shard asked for (crawl/ask-elsewhere.ts).
 */
export type LinkKind = "page" | "api" | "sitemap" | "robots";

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
