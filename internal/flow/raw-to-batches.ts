// Stage batch: committed raw files in, batches out, while the crawl still runs. Run by the coordinator. A cut is committed to
// the lake before its task is announced, so a coordinator that comes back cuts the same.
import type { ActiveRun } from "../model/active-run.ts";
import { receiptPath } from "../model/lake-paths.ts";
import type { RawFile } from "../model/segment.ts";
import type { ProcessTask } from "../model/task.ts";
import { type Objects, PreconditionFailed } from "../objects/objects.ts";
import { batchName } from "../process/cut-batches.ts";
import type { LooseFile, RunView } from "./run-view.ts";

export type BatchDeps = {
  run: ActiveRun;
  lake: Objects;
  kindOf: (source: string) => ProcessTask["kind"];
  batchBytes: number;
  batchMs: number;
};

/** Cuts what is due: a source's loose files by size, by age, or all of them once the crawl is complete. */
export async function rawToBatches(
  deps: BatchDeps,
  view: RunView,
  crawlComplete: boolean,
  nowMs: number,
): Promise<void> {
  for (const [source, loose] of view.looseFiles) {
    for (const files of dueCuts(loose, deps, crawlComplete, nowMs)) {
      // 1. Name the batch by its files, in the order of their names.
      const inputs = files
        .map((file) => ({ path: file.path, sizeBytes: file.sizeBytes, etag: "" }))
        .sort((a, b) => (a.path < b.path ? -1 : 1));
      const kind = deps.kindOf(source);
      const trace = loose.find(({ file }) => file === files[0])?.trace ?? {};
      const task: ProcessTask = {
        stage: "process",
        task: batchName(source, inputs),
        source,
        kind,
        inputs,
        trace,
      };
      // 2. Commit the cut.
      const path = receiptPath(deps.run.token, "batch", task.task);
      await deps.lake
        .put(path, JSON.stringify(task), { ifAbsent: true })
        .catch((error: unknown) => {
          if (!(error instanceof PreconditionFailed)) throw error;
        });
      // 3. Only now does it exist.
      view.addBatch(task);
    }
  }
}

/** The cuts that are due, oldest files first. */
export function dueCuts(
  loose: readonly LooseFile[],
  limits: { batchBytes: number; batchMs: number },
  crawlComplete: boolean,
  nowMs: number,
): RawFile[][] {
  const cuts: RawFile[][] = [];
  let open: RawFile[] = [];
  let openBytes = 0;
  for (const { file } of loose) {
    open.push(file);
    openBytes += file.sizeBytes;
    if (openBytes < limits.batchBytes) continue;
    cuts.push(open);
    open = [];
    openBytes = 0;
  }
  const oldestMs = loose[loose.length - open.length]?.sinceMs ?? nowMs;
  if (open.length > 0 && (crawlComplete || nowMs - oldestMs >= limits.batchMs)) cuts.push(open);
  return cuts;
}
