// The lake has the last word: segments that it has and the queue lost are adopted before a crawl is called complete.
import { receiptFolder } from "../model/lake-paths.ts";
import type { SegmentRecord } from "../model/segment.ts";
import type { Headers, Queue } from "../queue/queue.ts";
import { type LakeFolder, receiptsToAdopt, recordOf } from "./commit-segment.ts";

/** Records of adopted segments, and how many batches of links went back to the log because of them. */
export type Adopted = { records: SegmentRecord[]; links: number };

/**
 * Looks at the receipts of all segments; those that are not `isKnown` and overlap with nothing in their shard's ledger count
 * from now on, and their links are put on the log again. For a crawl whose owners are idle.
 */
export async function adoptLostSegments(
  { folder, queue, trace }: { folder: LakeFolder; queue: Queue; trace: Headers },
  shards: readonly number[],
  isKnown: (segment: string) => boolean,
  batchedFiles: ReadonlySet<string>,
): Promise<Adopted> {
  const adopted: Adopted = { records: [], links: 0 };
  let isAnyUnknown = false;
  for await (const { path } of folder.lake.list(receiptFolder(folder.token, "crawl"))) {
    const name = path.slice(path.lastIndexOf("/") + 1, -".json".length);
    if (!isKnown(name)) isAnyUnknown = true;
  }
  if (!isAnyUnknown) return adopted;
  for (const shard of shards) {
    const messages = await queue.readCrawled(folder.token, shard);
    const ledger = messages.map(
      ({ data }) => JSON.parse(Buffer.from(data).toString("utf8")) as SegmentRecord,
    );
    const consumedSeq = ledger.at(-1)?.consumedSeq ?? 0;
    for (const receipt of await receiptsToAdopt(folder, shard, ledger, async () => batchedFiles)) {
      if (isKnown(receipt.segment)) continue;
      for (const { shard: to, batch } of receipt.links) {
        await queue.appendLinks(folder.token, to, Buffer.from(batch, "base64"), trace);
        adopted.links += 1;
      }
      adopted.records.push(recordOf(receipt, 0, consumedSeq));
    }
  }
  return adopted;
}
