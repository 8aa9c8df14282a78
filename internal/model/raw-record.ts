// What a crawl pod saves of one answer: one JSON object a line in `raw/<source>/dt=<date>/run=<run>/*.jsonl.zst`.
import type { LinkAsk, LinkKind } from "./link.ts";

/** What was known of a page before; times in ISO 8601, UTC. */
export type KnownBefore = {
  /** Whether it is another than at the visit before. */
  changed: boolean;
  first_seen: string;
  /** When the server had it last. */
  last_seen: string;
  /** It was there, and is not any more. */
  gone?: true;
  /** The body did not come again (304, or it was not due): the raw file in the lake that has it, and its status then. */
  body_in?: string;
  status?: number;
};

/** One fetched answer. At most one of `body` (text), `body_b64` and `body_file` is set: none when there was no body, or it was not kept. */
export type RawRecord = {
  url: string;
  final_url: string;
  status: number;
  headers: Record<string, string>;
  /** ISO 8601, UTC. */
  fetched_at: string;
  depth: number;
  source: string;
  kind: LinkKind;
  /** 0-based page number of an API source. */
  page: number;
  /** Columns that every row of an API's answer carries. */
  keys?: Record<string, unknown>;
  /** What the request had beyond its URL; absent: a GET without headers of its own. */
  ask?: LinkAsk;
  /** sha256 of the body as received after content decoding, hex; of the body that still holds when none came again. */
  digest: string;
  /** The Content-Type header, or what the body was found to be where the header is missing or wrong. */
  content_type: string;
  /** WHATWG name of the encoding the body was decoded by, or "". */
  charset: string;
  body: string | null;
  body_b64: string | null;
  /** The object in the lake that has the body, zstd unless it came packed: it is too long for a line. */
  body_file?: string;
  /** Milliseconds to the first byte of the answer and to its end. */
  timing: { first_byte_ms: number; total_ms: number };
  attempt: number;
  /** Why the body is not whole (`truncated at ... bytes`), or null. */
  error: string | null;
  /** Why the source's content rules kept no body; absent: they did. */
  skipped?: string;
  /** Absent: no earlier run saw the page. */
  known?: KnownBefore;
};
