// `onpoint process-task`: one task of a process pod in a process of its own. The job comes by IPC, what came of it goes back.
import { writeFileSync } from "node:fs";
import { registerSchema } from "../internal/catalog/schemas.ts";
import { type ChildAnswer, errorAnswer } from "../internal/cluster/task-child.ts";
import { batchesToParquet } from "../internal/flow/batches-to-parquet.ts";
import type { TaskResult } from "../internal/flow/work.ts";
import type { ActiveRun } from "../internal/model/active-run.ts";
import type { ProcessTask } from "../internal/model/task.ts";
import { openObjects } from "../internal/objects/open-objects.ts";
import { readSettings } from "../internal/pod/settings.ts";
import { UsageError } from "../internal/std/errors.ts";
import { s3Options } from "./open-pod.ts";
import { pipelineOfRun } from "./run-pipeline.ts";

export type ProcessJob = {
  task: ProcessTask;
  run: ActiveRun;
  scratch: string;
  memoryLimitMb: number;
};

/** Does one job and ends. The parent kills it to stop it; when the parent is gone it ends at once. */
export async function processTaskCommand(): Promise<number> {
  const send = process.send?.bind(process);
  if (send === undefined) {
    const fix = "`onpoint run` and `onpoint process` start it";
    throw new UsageError("a task needs a parent process", "process-task", fix);
  }
  process.on("disconnect", () => process.exit(1));
  beFirstVictim();
  const job = await new Promise<ProcessJob>((resolve) => {
    process.once("message", (message) => resolve(message as ProcessJob));
  });
  const answer = await answerTo(job);
  await new Promise<void>((done) => send(answer, () => done()));
  return 0;
}

async function answerTo(job: ProcessJob): Promise<ChildAnswer<TaskResult>> {
  const settings = readSettings(process.env);
  const openLake = (url: string) => openObjects(url, s3Options(settings));
  const { scratch, memoryLimitMb, run, task } = job;
  try {
    const lake = await openLake(run.lake);
    try {
      const pipeline = await pipelineOfRun(run, settings.config, process.env);
      const deps = { scratch, memoryLimitMb, openBucket: openLake, registerSchema };
      const { signal } = new AbortController();
      const context = { run, pipeline, lake, signal };
      return { kind: "result", result: await batchesToParquet(deps, task, context) };
    } finally {
      await lake.close();
    }
  } catch (error) {
    return errorAnswer(error);
  }
}

/** Where memory runs out the system kills this process, not its parent (proc(5), oom_score_adj). Linux alone has it. */
function beFirstVictim(): void {
  if (process.platform !== "linux") return;
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // A sandbox may forbid it: then the system chooses.
  }
}
