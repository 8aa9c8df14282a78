// Stage process: a batch of files in, partitioned Parquet and a row proof out. Files are written to a fresh folder and copied
// to the lake under names that follow from the batch, so every repeat writes the same bytes to the same places.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { registerSchema } from "../catalog/schemas.ts";
import { quarantineFolder } from "../model/lake-paths.ts";
import type { ProcessTask, TableOutput } from "../model/task.ts";
import { withDiskFull } from "../process/disk-full.ts";
import type { DroppedFile } from "../process/dropped-file.ts";
import type { OpenBucket } from "../process/list-drops.ts";
import { checkUnchanged, localInput } from "../process/local-input.ts";
import { processInputs } from "../process/process-inputs.ts";
import { storeFiles } from "../process/store-files.ts";
import { Permanent } from "../std/errors.ts";
import { emptyResult, type TaskContext, type TaskResult } from "./work.ts";

export type ParquetDeps = {
  scratch: string;
  memoryLimitMb: number;
  openBucket: OpenBucket;
  registerSchema: typeof registerSchema;
};

/** Processes one batch. Throws Permanent for input that no retry can read, RetryLater when the disk is full. */
export async function batchesToParquet(
  deps: ParquetDeps,
  task: ProcessTask,
  context: TaskContext,
): Promise<TaskResult> {
  const { pipeline, run, lake, signal } = context;
  const source = pipeline.sources.find((each) => each.name === task.source);
  if (source === undefined)
    throw new Permanent(`the pipeline has no source "${task.source}" any more`);
  const scratch = join(deps.scratch, task.task);
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  try {
    // 1. Bring the inputs onto the local disk.
    const inputs: DroppedFile[] = [];
    for (const input of task.inputs) {
      signal.throwIfAborted();
      inputs.push(
        source.kind === "files"
          ? await localInput(input, scratch, deps.openBucket)
          : { local: await lake.local(input.path, scratch), name: input.path },
      );
    }
    // 2. Turn them into Parquet, with the proof that no row was lost.
    const written = await processInputs({
      source,
      tables: pipeline.tables,
      task: task.task,
      run: run.run,
      runDate: run.date,
      inputs,
      scratch,
      memoryLimitMb: deps.memoryLimitMb,
      registerSchema: (table, columns, merge) => deps.registerSchema(lake, table, columns, merge),
      localOf: (path) => lake.local(path, scratch),
      signal,
    });
    if (source.kind === "files") await checkUnchanged(task.inputs, deps.openBucket);
    // 3. Copy the files to the lake; nobody sees them before a snapshot names them.
    const tables: TableOutput[] = [];
    for (const { files, quarantineFiles, ...proof } of written) {
      tables.push({
        ...proof,
        files: await storeFiles(lake, `parts/${proof.table}/`, files),
        quarantineFiles: await storeFiles(
          lake,
          quarantineFolder(proof.table, run.date),
          quarantineFiles,
        ),
      });
    }
    return { ...emptyResult, tables };
  } catch (error) {
    throw await withDiskFull(error, `process ${task.task}`, scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
