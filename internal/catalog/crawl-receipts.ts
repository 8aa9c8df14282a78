// The segments of a run that count, told from the lake alone: a segment that was saved twice (its owner lost the shard
// before the commit) must not be told twice.
import { doneFingerprints } from "../frontier/commit-segment.ts";
import type { SegmentReceipt } from "../model/segment.ts";
import type { ProcessTask } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import { readReceipts } from "./run-manifest.ts";

export type CountedSegment = Pick<
  SegmentReceipt,
  "segment" | "counts" | "deadLinks" | "hosts" | "walks"
>;
type Candidate = CountedSegment & { isBatched: boolean; done: string };

/**
 * Segments of one generation of a run, shard by shard. Of two that are done with the same link, the one whose raw files
 * are in a batch counts, else the older one: the order in which a shard's next owner adopts them.
 */
export async function* crawlReceipts(lake: Objects, token: string): AsyncGenerator<CountedSegment> {
  const batched = new Set<string>();
  for await (const { receipt } of readReceipts(lake, token, "batch")) {
    for (const input of (receipt as ProcessTask).inputs) batched.add(input.path);
  }
  let shard: number | null = null;
  let candidates: Candidate[] = [];
  for await (const { receipt } of readReceipts(lake, token, "crawl")) {
    const { files, ...found } = receipt as SegmentReceipt;
    // Names begin with the shard, so a shard's receipts come together: one shard is in memory at a time.
    if (found.shard !== shard) {
      yield* counted(candidates);
      candidates = [];
      shard = found.shard;
    }
    const { segment, counts, deadLinks, hosts, done, walks } = found;
    const isBatched = files.some((file) => batched.has(file.path));
    candidates.push({
      segment,
      counts,
      deadLinks,
      hosts,
      done,
      isBatched,
      ...(walks === undefined ? {} : { walks }),
    });
  }
  yield* counted(candidates);
}

function* counted(candidates: Candidate[]): Generator<CountedSegment> {
  const seen = new Set<string>();
  const batchedFirst = [
    ...candidates.filter((candidate) => candidate.isBatched),
    ...candidates.filter((candidate) => !candidate.isBatched),
  ];
  for (const { done, isBatched: _, ...segment } of batchedFirst) {
    const own = [...doneFingerprints(done)];
    if (own.some((fingerprint) => seen.has(fingerprint))) continue;
    for (const fingerprint of own) seen.add(fingerprint);
    yield segment;
  }
}
