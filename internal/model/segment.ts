// A segment: some seconds of one shard's crawl, saved as one raw file a source and committed as one record.
//
// States: open -> saved (raw files, then the receipt, are in the lake) -> announced (links for other shards are on
// the frontier log) -> committed (the fenced append to the shard's ledger was accepted). A crash before `committed`
// leaves a receipt that the shard's next owner adopts if none of its URLs is done in another committed segment.
import type { FrontierLink } from "./link.ts";

/** A crawl target that was given up, and why. */
export type DeadLink = {
  url: string;
  source: string;
  reason: string;
  status: number;
  attempts: number;
  at: string;
  /** The link as it was on the frontier: `onpoint dead replay` fetches it again as it was meant. */
  link?: FrontierLink;
};

/** One raw file of a segment, or one archive: `pages` counts its records, or its exchanges. */
export type RawFile = { source: string; path: string; sizeBytes: number; pages: number };

/** Starts the reasons in `drops` of links that a later run should follow: their host had to be left alone for long. */
export const deferredPrefix = "deferred: ";

/** Counts of one source within one segment. */
export type SegmentCounts = {
  requests: number;
  pages: number;
  /** Those of `pages` that count against the source's page cap: neither redirects nor sitemaps. */
  saved?: number;
  bytes: number;
  retries: number;
  dead: number;
  /** Links not followed, by reason (out of scope, robots, ...). */
  drops: Record<string, number>;
};

/** Records of a walk over the pages of an API: those that its pages told of, and those that they had. */
export type WalkCounts = { told: number; read: number };

/** A snapshot of a shard's frontier in the lake. */
export type SnapshotRef = {
  path: string;
  sizeBytes: number;
  /** It takes the shard's ledger into account up to this sequence, and the frontier log up to that. */
  ledgerSeq: number;
  consumedSeq: number;
};

/** The commit record, as appended to `onpoint.crawled.<run>.<shard>`. */
export type SegmentRecord = {
  /** `<shard>-<fencing token>-<n>`, file-name safe; sorts by token, then by n. */
  segment: string;
  shard: number;
  files: RawFile[];
  /** Fingerprints (16 hex digits each, concatenated) of the links that this segment is done with. */
  done: string;
  dead: number;
  /** Links the owner still has to fetch after this segment, for the run. */
  pending: number;
  /** Last sequence of `onpoint.frontier.<run>.<shard>` whose links the owner has taken into account. */
  consumedSeq: number;
  counts: Record<string, SegmentCounts>;
  /**
   * Snapshots that the shard's next owner may start from, the newest first, two at most. A snapshot counts because a record
   * names it: the server refuses a zombie's record.
   */
  snapshots?: SnapshotRef[];
  /** By incremental source: the greatest value of its field; null: it was not read to its end. */
  high?: Record<string, string | null>;
  /** Sources of whose pages it learned something: `seenPath` has it. */
  seen?: string[];
};

/** What is kept of a host for `onpoint report`. */
export type HostCounts = {
  host: string;
  requests: number;
  /** Smallest gap between two requests as they were sent. */
  smallestGapMs: number | null;
  /** Smallest gap that was allowed at any time; null before the first. */
  allowedGapMs: number | null;
  robots: "none" | "allow" | "rules" | "disallow";
  backoffs: number;
  /** Links left out of the run because the host wants to be left alone for long. */
  deferred: number;
  /** How long its requests waited, all together, for their turn at an IP address; absent: none did. */
  addressWaitMs?: number;
};

/** The receipt of a segment in the lake: the record and all that follows from it. */
export type SegmentReceipt = SegmentRecord & {
  /** Link batches found, by shard: base64 of what was appended to the frontier log. */
  links: { shard: number; batch: string }[];
  deadLinks: DeadLink[];
  /** WARC files of the sources that want them; nothing processes them. */
  archives?: RawFile[];
  hosts: HostCounts[];
  /** By source and walk: see FrontierLink.pagesOf. */
  walks?: Record<string, Record<string, WalkCounts>>;
};
