// Stage batch: committed raw files in, batches out, while the crawl still runs. Run by the coordinator. A cut is committed to
// the lake before its task is announced, so a coordinator that comes back cuts the same.
import type { ActiveRun } from "../model/active-run.ts";
import { receiptPath } from "../model/lake-paths.ts";
import type { ProcessTask } from "../model/task.ts";
import { type Objects, PreconditionFailed } from "../objects/objects.ts";
import { batchName } from "../process/cut-batches.ts";
import type { LooseFile, RunView } from "./run-view.ts";

export type BatchDeps = {
  run: ActiveRun;
  lake: Objects;
  kindOf: (source: string) => ProcessTask["kind"];
  /** What is made of a source's files: part of the batches' names. */
  transformOf: (source: string) => string;
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
  for (const source of view.looseFiles.keys()) {
    let cut = dueCuts(view.looseFiles.get(source) ?? [], deps, crawlComplete, nowMs)[0];
    while (cut !== undefined) {
      await commitCut(deps, view, source, cut);
      cut = dueCuts(view.looseFiles.get(source) ?? [], deps, crawlComplete, nowMs)[0];
    }
  }
}

/**
 * Commits the next cut of a source. Cuts are numbered, and a number is given once: a coordinator that others have taken for
 * dead finds the number taken, learns the cut that counts, and cuts anew from what is left.
 */
async function commitCut(
  deps: BatchDeps,
  view: RunView,
  source: string,
  cut: LooseFile[],
): Promise<void> {
  // 1. Name the batch by its files, in the order of their names.
  const inputs = cut
    .map(({ file }) => ({ path: file.path, sizeBytes: file.sizeBytes, etag: "" }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const task: ProcessTask = {
    stage: "process",
    task: batchName(source, inputs, deps.transformOf(source)),
    source,
    kind: deps.kindOf(source),
    inputs,
    trace: cut[0]?.trace ?? {},
  };
  // 2. Commit the cut.
  const number = [...view.batches.values()].filter((batch) => batch.source === source).length + 1;
  const name = `${source}-${String(number).padStart(6, "0")}`;
  const path = receiptPath(deps.run.token, "batch", name);
  try {
    await deps.lake.put(path, JSON.stringify(task), { ifAbsent: true });
  } catch (error) {
    if (!(error instanceof PreconditionFailed)) throw error;
    const { body } = await deps.lake.get(path);
    view.addBatch(JSON.parse(body.toString("utf8")) as ProcessTask);
    return;
  }
  // 3. Only now does it exist.
  view.addBatch(task);
}

/** The cuts that are due, oldest files first. */
export function dueCuts(
  loose: readonly LooseFile[],
  limits: { batchBytes: number; batchMs: number },
  crawlComplete: boolean,
  nowMs: number,
): LooseFile[][] {
  const cuts: LooseFile[][] = [];
  let open: LooseFile[] = [];
  let openBytes = 0;
  for (const each of loose) {
    open.push(each);
    openBytes += each.file.sizeBytes;
    if (openBytes < limits.batchBytes) continue;
    cuts.push(open);
    open = [];
    openBytes = 0;
  }
  const oldestMs = loose[loose.length - open.length]?.sinceMs ?? nowMs;
  if (open.length > 0 && (crawlComplete || nowMs - oldestMs >= limits.batchMs)) cuts.push(open);
  return cuts;
}
