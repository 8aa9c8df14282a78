// How a pod works through its queue, the same for process, etl and upload: lease -> look into the ledger -> work -> receipt in
// the lake -> ledger -> ack. Whatever is cut off in the middle is done again by somebody, to the same result.
import { writeReceipt } from "../catalog/run-manifest.ts";
import type { ActiveRun } from "../model/active-run.ts";
import type { Pipeline } from "../model/pipeline.ts";
import type { Task, TaskReceipt } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import type { Headers, Queue, WorkMessage } from "../queue/queue.ts";
import { describeError, Fatal, Permanent, RetryLater } from "../std/errors.ts";
import { backoffMs, pause } from "../std/pause.ts";
import type { Log } from "../telemetry/log.ts";
import { counter, histogram, secondsBuckets } from "../telemetry/meter.ts";
import { unpackTask } from "./task-message.ts";

/** What a stage body gives back; the rest of the receipt is filled in here. */
export type TaskResult = Pick<
  TaskReceipt,
  "tables" | "tests" | "uploaded" | "simulated" | "merged"
>;
export const emptyResult: TaskResult = { tables: [], tests: [], uploaded: [], simulated: false };

export type TaskContext = {
  run: ActiveRun;
  pipeline: Pipeline;
  lake: Objects;
  signal: AbortSignal;
};

export type WorkDeps<T extends Task> = {
  stage: T["stage"];
  queue: Queue;
  activeRun: (token: string) => Promise<ActiveRun | null>;
  lakeOf: (run: ActiveRun) => Promise<Objects>;
  pipelineOf: (run: ActiveRun) => Pipeline;
  /** Source, model or target of a task, for reading. */
  nameOf: (task: T) => string;
  body: (task: T, context: TaskContext) => Promise<TaskResult>;
  trace: <R>(parent: Headers, task: T, run: ActiveRun, body: () => Promise<R>) => Promise<R>;
  onBusy: (busy: boolean) => void;
  log: Log;
};

const taskSeconds = histogram(
  "onpoint.task.duration",
  "s",
  "Time of a task, with its retries",
  secondsBuckets,
);
const rowsWritten = counter(
  "onpoint.rows",
  "{row}",
  "Rows of tables written, quarantined, and left out by their contract",
);
const filesUploaded = counter("onpoint.uploads", "{file}", "Files uploaded, or simulated to be");

/** A task that was delivered this often without an end kills its workers: it is given up. */
const maxDeliveries = 12;
const extendEveryMs = 5_000;

/** Works one task at a time until `signal` is aborted; a task under way is then given back at once. */
export async function work<T extends Task>(deps: WorkDeps<T>, signal: AbortSignal): Promise<void> {
  for await (const message of deps.queue.takeWork(deps.stage, 1, signal)) {
    deps.onBusy(true);
    const keepAlive = setInterval(() => message.extend(), extendEveryMs);
    try {
      await workOne(deps, message, signal);
    } catch (error) {
      if (error instanceof Fatal) throw error;
      if (!signal.aborted)
        deps.log.error("task.failed", { task: message.task, error: describeError(error) });
      // Longer and longer: deliveries are counted, and a lake that is away for minutes is no worker that dies.
      const laterMs = backoffMs(message.deliveries - 1, 1_000, 60_000);
      message.release(signal.aborted ? 0 : laterMs);
    } finally {
      clearInterval(keepAlive);
      deps.onBusy(false);
    }
  }
}

async function workOne<T extends Task>(
  deps: WorkDeps<T>,
  message: WorkMessage,
  signal: AbortSignal,
): Promise<void> {
  const { queue, stage } = deps;
  // 1. A run that has ended, or a task that is done, needs nothing more.
  const run = await deps.activeRun(message.run);
  if (run === null || (await queue.readLedger(message.run, stage, message.task)) !== null)
    return message.ack();
  const lake = await deps.lakeOf(run);
  const task = await unpackTask<T>(lake, message.data);
  const context = { run, pipeline: deps.pipelineOf(run), lake, signal };
  // 2. Work, with retries.
  const receipt = await deps.trace(message.headers, task, run, () =>
    attempt(deps, task, context, message.deliveries),
  );
  // 3. Receipt: the first one counts, whoever wrote it.
  const { receipt: winner } = await writeReceipt(
    context.lake,
    run.token,
    stage,
    task.task,
    receipt,
  );
  // 4. Ledger, then ack.
  await queue.commit(
    run.token,
    stage,
    task.task,
    Buffer.from(JSON.stringify({ state: winner.state })),
  );
  await message.ack();
  measure(receipt);
  const { state, error, seconds } = receipt;
  deps.log[state === "done" ? "info" : "error"](`task.${state}`, {
    stage,
    task: task.task,
    seconds,
    ...(error ? { error } : {}),
  });
}

function measure({ stage, state, seconds, tables, uploaded, simulated }: TaskReceipt): void {
  taskSeconds(seconds, { stage, outcome: state });
  for (const { table, rowsOut, quarantined, discarded = 0 } of tables) {
    rowsWritten(rowsOut, { table, outcome: "written" });
    if (discarded > 0) rowsWritten(discarded, { table, outcome: "discarded" });
    if (quarantined > 0) rowsWritten(quarantined, { table, outcome: "quarantined" });
  }
  if (uploaded.length > 0)
    filesUploaded(uploaded.length, { outcome: simulated ? "simulated" : "uploaded" });
}

async function attempt<T extends Task>(
  deps: WorkDeps<T>,
  task: T,
  context: TaskContext,
  deliveries: number,
): Promise<TaskReceipt> {
  const startedMs = performance.now();
  const receiptOf = (
    state: TaskReceipt["state"],
    retries: number,
    error: string | null,
    result: TaskResult,
  ): TaskReceipt => ({
    stage: deps.stage,
    task: task.task,
    state,
    name: deps.nameOf(task),
    retries,
    seconds: Math.round(performance.now() - startedMs) / 1000,
    endedAt: new Date().toISOString(),
    error,
    ...result,
  });
  if (deliveries > maxDeliveries) {
    const reason = `its worker died, or could not reach queue or lake, ${deliveries - 1} times while working on it; see the log of the ${deps.stage} pods`;
    return receiptOf("dead", deliveries - 1, reason, emptyResult);
  }
  const retries = context.pipeline.retries[deps.stage];
  for (let failed = 0; ; failed += 1) {
    try {
      return receiptOf("done", failed, null, await deps.body(task, context));
    } catch (error) {
      if (context.signal.aborted || error instanceof Fatal) throw error;
      deps.log.warn("task.attempt-failed", {
        task: task.task,
        attempt: failed + 1,
        error: describeError(error),
      });
      if (error instanceof Permanent || failed >= retries)
        return receiptOf("dead", failed, describeError(error), emptyResult);
      const leastMs = error instanceof RetryLater ? error.afterMs : 0;
      await pause(Math.max(leastMs, backoffMs(failed, 500, 30_000)), context.signal);
      if (context.signal.aborted) throw error;
    }
  }
}
