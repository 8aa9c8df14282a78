// Stage etl, before models: the files of a run and those of its table in, the files in which no key is twice out. Readers see
// none of them before the run's snapshot names them.
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type MergeFile, mergeFiles } from "../etl/merge-files.ts";
import type { MergeOutput, MergeTask } from "../model/task.ts";
import { storeFiles } from "../process/store-files.ts";
import { openDuckDb, type Sql } from "../sql/duckdb.ts";
import { emptyResult, type TaskContext, type TaskResult } from "./work.ts";

export type NewestDeps = { scratch: string; memoryLimitMb: number };

/** Merges one table by its key. Throws Permanent when rows do not add up, the signal's reason when aborted. */
export async function parquetToNewest(
  deps: NewestDeps,
  task: MergeTask,
  { lake, signal }: Pick<TaskContext, "lake" | "signal">,
): Promise<TaskResult> {
  const scratch = join(deps.scratch, task.task);
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  let sql: Sql | null = null;
  const interrupt = () => sql?.interrupt();
  signal.addEventListener("abort", interrupt);
  try {
    // 1. The files onto the local disk.
    const files: (MergeFile & { isOwn: boolean })[] = [];
    for (const file of task.files) {
      signal.throwIfAborted();
      files.push({ ...file, local: await lake.local(file.path, scratch) });
    }
    const allowedPaths = [...new Set(files.map(({ local }) => dirname(local)))];
    sql = await openDuckDb({ memoryLimitMb: deps.memoryLimitMb, scratch, allowedPaths });
    signal.throwIfAborted();
    // 2. Those with older rows again, without them.
    const cut = await mergeFiles(sql, task, files, join(scratch, "out"));
    // 3. Back to the lake, beside what they take the place of.
    const merged: MergeOutput = { files: [], replaced: 0, updated: 0 };
    const own = new Set(files.filter(({ isOwn }) => isOwn).map(({ path }) => path));
    for (const { path, older, written } of cut) {
      const [stored = null] = written === null ? [] : await storeFiles(lake, "", [written]);
      merged.files.push({ from: path, to: stored });
      if (own.has(path)) merged.replaced += older;
      else merged.updated += older;
    }
    return { ...emptyResult, merged };
  } catch (error) {
    // An interrupted statement fails with DuckDB's own words.
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", interrupt);
    await sql?.close();
    await rm(scratch, { recursive: true, force: true });
  }
}
