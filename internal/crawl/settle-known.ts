// What is noted of a page's answer beside its record: what the visit taught, for the next run, and in the record what was known
// before.
import type { Exchange } from "../fetch/fetch-page.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { FrontierLink } from "../model/link.ts";
import type { RawRecord } from "../model/raw-record.ts";
import type { SeenPage } from "../model/seen-page.ts";
import type { Visit } from "../recrawl/visits.ts";
import { noteVisit } from "./known-page.ts";
import type { Crawlable } from "./may-fetch.ts";
import { rawRecord } from "./read-answer.ts";

/** An answer of a page, and what was known of it. `fetchedAt`: ISO 8601, UTC. */
export type Visited = {
  link: FrontierLink;
  answer: Exchange;
  source: Crawlable;
  fetchedAt: string;
  before: SeenPage | null;
};

/** The record of a page that did not change (304), or is gone. */
export function bodilessRecord(
  owner: ShardOwner,
  visited: Visited,
  attempt: number,
  outcome: "unmodified" | "gone",
): RawRecord {
  const { link, answer, fetchedAt, before } = visited;
  const bodiless = { ...answer, body: Buffer.alloc(0), truncated: false };
  const record = rawRecord(link, bodiless, fetchedAt, attempt);
  record.digest = outcome === "gone" ? "" : (before?.body?.digest ?? "");
  noteOnRecord(owner, visited, record, outcome);
  return record;
}

/** Notes a visit, and in its record what was known before. */
export function noteOnRecord(
  owner: ShardOwner,
  { link, answer, source, before, fetchedAt }: Visited,
  record: RawRecord,
  outcome: Visit["outcome"],
): void {
  if (source.kind !== "web" || link.kind !== "page") return;
  const { status, headers } = answer;
  const { digest } = record;
  const visit = { atMs: Date.parse(fetchedAt), outcome, status, digest, headers };
  const known = noteVisit(owner, link, source, before, visit);
  if (known !== null) record.known = known;
}
