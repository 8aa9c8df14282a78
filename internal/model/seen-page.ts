// What a recrawl remembers of the pages of a web source, between runs.

/**
 * One URL as the last run that answered left it. Times in ms since the epoch. `page`: it was there; `passed`: it
 * leads elsewhere, or asks not to be kept; `gone`: 404 or 410 after it had been there; `failed`: it was never had.
 */
export type SeenPage = {
  url: string;
  /** Links away from a seed, as it was found. */
  depth: number;
  state: "page" | "passed" | "gone" | "failed";
  /** When the server last answered for it. */
  checkedMs: number;
  /** When to ask again, by the adaptive schedule: this long after `checkedMs`. */
  intervalMs: number;
  /** When it was there first, and last. */
  firstMs: number;
  lastMs: number;
  /** Its body: when it came, with which status and digest, and the raw file that has it. Absent: it was never had. */
  body?: { atMs: number; status: number; digest: string; raw: string };
  etag?: string;
  lastModified?: string;
};

/** One sorted file of `SeenPage`s. */
export type SeenFileRef = { shard: number; path: string; pages: number; sizeBytes: number };

/** `_onpoint/state/<source>/v<N>.json`: what is known of a source; immutable. */
export type SeenState = {
  source: string;
  version: number;
  /** The generation of the run that made it, its date, and the version that it started from (null: from nothing). */
  run: string;
  date: string;
  base: number | null;
  createdAt: string;
  /** Shards that the URLs are spread over; a shard without URLs has no file. */
  shards: number;
  /** What decided which links were followed: under another one, outlinks of unchanged pages are not known. */
  scope: string;
  files: SeenFileRef[];
};

/**
 * What a run starts from, written once before its crawl begins. `whole`: the scope is another one, so that every page must be
 * asked for whole.
 */
export type SeenPin = { version: number | null; whole: boolean };
