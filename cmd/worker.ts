// `onpoint process`, `onpoint etl`, `onpoint upload`: the entry points of the pods that pull tasks from a queue.
import { runInChild } from "../internal/cluster/task-child.ts";
import { parquetToNewest } from "../internal/flow/parquet-to-newest.ts";
import { parquetToTables } from "../internal/flow/parquet-to-tables.ts";
import { type ApartDeps, processApart } from "../internal/flow/process-apart.ts";
import { tablesToUploads } from "../internal/flow/tables-to-uploads.ts";
import { type WorkDeps, work } from "../internal/flow/work.ts";
import type { EtlTask, ProcessTask, Task, UploadTask } from "../internal/model/task.ts";
import { containerMemoryBytes, duckDbMemoryMb } from "../internal/pod/container-memory.ts";
import { inSpan } from "../internal/telemetry/trace.ts";
import { type Pod, withPod } from "./open-pod.ts";
import type { ProcessJob } from "./process-task.ts";
import { roleCommand } from "./role-command.ts";

const memoryMbOf = ({ memoryMb }: Pod["settings"]) =>
  duckDbMemoryMb(memoryMb, containerMemoryBytes());

/** Works the queue of a role until the process is told to drain. */
export function workerCommand(role: "process" | "etl" | "upload"): Promise<number> {
  return withPod(role, async (pod) => {
    switch (role) {
      case "process":
        await work(processDeps(pod), pod.signal);
        break;
      case "etl":
        await work(etlDeps(pod), pod.signal);
        break;
      case "upload":
        await work(uploadDeps(pod), pod.signal);
        break;
    }
    return 0;
  });
}

function common<T extends Task>(pod: Pod, stage: T["stage"]): Omit<WorkDeps<T>, "nameOf" | "body"> {
  return {
    stage,
    queue: pod.queue,
    activeRun: pod.activeRun,
    lakeOf: pod.lakeOf,
    pipelineOf: pod.pipelineOf,
    trace: (parent, task, run, body) =>
      inSpan(
        `${stage} task`,
        {
          kind: "consumer",
          parent,
          links: [run.trace],
          attributes: { "onpoint.run": run.token, "onpoint.task": task.task },
        },
        body,
      ),
    onBusy: (busy) => pod.parent?.send({ kind: "busy", busy }),
    log: pod.log,
  };
}

function processDeps(pod: Pod): WorkDeps<ProcessTask> {
  const { scratch, openLake, settings, log } = pod;
  const command = { args: roleCommand("process-task", []), env: process.env };
  const onLine = (line: string) => process.stderr.write(`${line}\n`);
  const runChild: ApartDeps["runChild"] = (task, { run, signal }) => {
    const job: ProcessJob = { task, run, scratch, memoryLimitMb: memoryMbOf(settings) };
    return runInChild(command, job, onLine, signal);
  };
  return {
    ...common<ProcessTask>(pod, "process"),
    nameOf: (task) => task.source,
    body: (task, context) =>
      processApart({ runChild, scratch, openBucket: openLake, log }, task, context),
  };
}

function etlDeps(pod: Pod): WorkDeps<EtlTask> {
  const { scratch, settings } = pod;
  return {
    ...common<EtlTask>(pod, "etl"),
    nameOf: (task) => ("model" in task ? task.model : `${task.table} by key`),
    body: (task, context) => {
      const memoryLimitMb = memoryMbOf(settings);
      return "model" in task
        ? parquetToTables({ scratch, memoryLimitMb }, task, context)
        : parquetToNewest({ scratch, memoryLimitMb }, task, context);
    },
  };
}

function uploadDeps(pod: Pod): WorkDeps<UploadTask> {
  const { scratch, openLake, log } = pod;
  return {
    ...common<UploadTask>(pod, "upload"),
    nameOf: (task) => task.to,
    body: (task, context) => tablesToUploads({ openTarget: openLake, scratch, log }, task, context),
  };
}
