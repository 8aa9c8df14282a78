// The queue's logs of a run, followed into the coordinator's view of it.
import type { ActiveRun } from "../model/active-run.ts";
import { receiptPath } from "../model/lake-paths.ts";
import type { SegmentRecord } from "../model/segment.ts";
import type { TaskReceipt, TaskStage } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import type { Queue } from "../queue/queue.ts";
import type { RunView } from "./run-view.ts";

export type FollowDeps = { queue: Queue; lake: Objects; run: ActiveRun };

/**
 * Notes task receipts and segments in `view` as their records come, and calls `onNews` after each. Returns when `signal` is
 * aborted; throws what goes wrong on the way.
 */
export async function followRun(
  { queue, lake, run }: FollowDeps,
  view: RunView,
  onNews: () => void,
  signal: AbortSignal,
): Promise<void> {
  const ledger = async () => {
    for await (const { stage, task } of queue.watchLedger(run.token, signal)) {
      if (view.receipt(stage as TaskStage, task) !== null) continue;
      const { body } = await lake.get(receiptPath(run.token, stage, task));
      view.addReceipt(JSON.parse(body.toString("utf8")) as TaskReceipt);
      onNews();
    }
  };
  const crawled = async () => {
    for await (const { data, headers } of queue.watchCrawled(run.token, signal)) {
      const record = JSON.parse(Buffer.from(data).toString("utf8")) as SegmentRecord;
      view.addSegment(record, headers, Date.now());
      onNews();
    }
  };
  await Promise.all([ledger(), crawled()]);
}
