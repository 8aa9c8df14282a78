// Puts an answer into the archive of its source, when it has one: what was kept of it, and what was not is said.
import type { Exchange } from "../fetch/fetch-page.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { FrontierLink } from "../model/link.ts";
import type { Source } from "../model/pipeline.ts";
import type { Original } from "../warc/exchange-records.ts";
import { SegmentArchive } from "../warc/segment-archive.ts";
import { keepOf, keepRulesFor } from "./keep-rules.ts";

/** `fetchedAt`: ISO 8601, UTC. `unmodified`: with status 304, the answer that still holds. Answers that are asked for again (5xx, 429) are not archived, the last one is. */
export function archiveAnswer(
  owner: ShardOwner,
  link: FrontierLink,
  source: Exclude<Source, { kind: "files" }>,
  exchange: Exchange,
  fetchedAt: string,
  unmodified: Original | null = null,
): void {
  if (source.kind !== "web" || !source.warc) return;
  const { segment } = owner;
  let archive = segment.archives.get(source.name);
  if (archive === undefined) {
    archive = new SegmentArchive(owner.recentPayloads, source.robots, fetchedAt);
    segment.archives.set(source.name, archive);
  }
  const { body, skipped, truncated } = keepOf(exchange, keepRulesFor(link, source));
  const whyShort = skipped !== null ? "unspecified" : truncated ? "length" : null;
  const about = { via: link.via ?? null, depth: link.depth };
  const archived = {
    url: link.url,
    date: fetchedAt,
    exchange,
    body,
    truncated: whyShort,
    about,
  } as const;
  const sizeBytes = archive.add(archived, unmodified);
  segment.holdMore(sizeBytes);
}
