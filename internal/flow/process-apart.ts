// A batch in a child process of its own, and in halves when it does not fit into memory: what was killed, or ran out of it, is
// done again as several smaller tasks one after the other, whose tables are the batch's.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessTask } from "../model/task.ts";
import { halveTask } from "../process/halve-task.ts";
import type { OpenBucket } from "../process/list-drops.ts";
import { OutOfMemory, Permanent } from "../std/errors.ts";
import type { Log } from "../telemetry/log.ts";
import { emptyResult, type TaskContext, type TaskResult } from "./work.ts";

/** DuckDB's text goes on for pages. */
const whyChars = 300;

export type ApartDeps = {
  /** Runs the stage's body in a child, which may be killed: then it throws OutOfMemory. */
  runChild: (task: ProcessTask, context: TaskContext) => Promise<TaskResult>;
  /** The folder below which a child has one named like its task. */
  scratch: string;
  openBucket: OpenBucket;
  log: Pick<Log, "warn">;
};

/** Processes one batch. Throws Permanent for input that no retry can read, and when the least part of it needs too much memory. */
export async function processApart(
  deps: ApartDeps,
  task: ProcessTask,
  context: TaskContext,
): Promise<TaskResult> {
  const tables: TaskResult["tables"] = [];
  const waiting = [task];
  for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) {
    try {
      tables.push(...(await deps.runChild(piece, context)).tables);
    } catch (error) {
      if (!(error instanceof OutOfMemory)) throw error;
      const halves = await halvesOf(deps, piece, context);
      if (halves.length < 2) throw tooLarge(piece, error);
      deps.log.warn("task.halved", { task: piece.task, why: error.message.slice(0, whyChars) });
      waiting.unshift(...halves);
    } finally {
      // One that was killed has left its files.
      await rm(join(deps.scratch, piece.task), { recursive: true, force: true });
    }
  }
  return { ...emptyResult, tables };
}

async function halvesOf(
  { openBucket }: ApartDeps,
  task: ProcessTask,
  { pipeline, signal }: TaskContext,
): Promise<ProcessTask[]> {
  const source = pipeline.sources.find(({ name }) => name === task.source);
  return source === undefined ? [task] : halveTask(task, source, openBucket, signal);
}

function tooLarge({ inputs, task }: ProcessTask, cause: OutOfMemory): Permanent {
  const sizeBytes = inputs.reduce((sum, input) => sum + input.sizeBytes, 0);
  const names = [...new Set(inputs.map(({ path }) => path))].slice(0, 3).join(", ");
  return new Permanent(
    `process ${task} (${Math.ceil(sizeBytes / 2 ** 20)} MiB of ${names}): it needs more memory than there is, and cannot be cut any smaller; give the pod more memory, or raise ONPOINT_MEMORY_MB`,
    { cause },
  );
}
