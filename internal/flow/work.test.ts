import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test, vi } from "vitest";
import type { ActiveRun } from "../model/active-run.ts";
import { receiptPath } from "../model/lake-paths.ts";
import type { Pipeline } from "../model/pipeline.ts";
import type { TaskReceipt, UploadTask } from "../model/task.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import { openMemoryQueue } from "../queue/queue-memory.ts";
import { Fatal, Permanent } from "../std/errors.ts";
import { packTask } from "./task-message.ts";
import { emptyResult, type TaskContext, type WorkDeps, work } from "./work.ts";

const root = await mkdtemp(join(tmpdir(), "onpoint-work-"));
afterAll(() => rm(root, { recursive: true, force: true }));
const silent = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silent,
  hide: () => {},
};

type Body = (task: UploadTask, context: TaskContext) => Promise<typeof emptyResult>;
async function newWorker(body: Body, retries = 0) {
  const queue = openMemoryQueue();
  const lake = await openFileObjects(pathToFileURL(await mkdtemp(join(root, "lake-"))).href);
  const run = { token: "r", run: "r" } as ActiveRun;
  const deps: WorkDeps<UploadTask> = {
    stage: "upload",
    queue,
    activeRun: async (token) => (token === "r" ? run : null),
    lakeOf: async () => lake,
    pipelineOf: () => ({ retries: { crawl: 0, process: 0, etl: 0, upload: retries } }) as Pipeline,
    nameOf: () => "target",
    body,
    trace: (_, __, ___, inner) => inner(),
    onBusy: () => undefined,
    log: silent,
  };
  const stop = new AbortController();
  const publish = (task: string, token = "r") =>
    queue.publishWork(
      "upload",
      token,
      task,
      Buffer.from(JSON.stringify({ stage: "upload", task })),
      {},
    );
  const receiptOf = async (task: string) =>
    JSON.parse((await lake.get(receiptPath("r", "upload", task))).body.toString()) as TaskReceipt;
  const emptied = () =>
    vi.waitFor(async () => expect(await queue.workDepth("upload")).toBe(0), { interval: 5 });
  return { queue, lake, deps, stop, publish, receiptOf, emptied };
}

test("a task that was done before is acked, without its body; so is one of a run that has ended", async () => {
  const body = vi.fn<Body>(async () => emptyResult);
  const { queue, deps, stop, publish, emptied } = await newWorker(body);
  await queue.commit("r", "upload", "t", Buffer.from("{}"));
  await publish("t");
  await publish("u", "ended");
  const working = work(deps, stop.signal);
  await emptied();
  stop.abort();
  await working;
  expect(body).not.toHaveBeenCalled();
});

test("the first receipt wins, and the ledger says what it says", async () => {
  const { queue, lake, deps, stop, publish, emptied, receiptOf } = await newWorker(
    async () => emptyResult,
  );
  await lake.put(
    receiptPath("r", "upload", "t"),
    JSON.stringify({ stage: "upload", task: "t", state: "dead", error: "first" }),
  );
  await publish("t");
  const working = work(deps, stop.signal);
  await emptied();
  stop.abort();
  await working;
  expect(await receiptOf("t")).toMatchObject({ state: "dead", error: "first" });
  const record = await queue.readLedger("r", "upload", "t");
  expect(JSON.parse(Buffer.from(record?.data ?? []).toString())).toEqual({ state: "dead" });
});

test("a task is dead after its retries, at once when trying again cannot help", async () => {
  const body = vi.fn<Body>(async ({ task }) => {
    throw task === "never" ? new Permanent("bad input") : new Error("passing");
  });
  const { deps, stop, publish, emptied, receiptOf } = await newWorker(body, 1);
  await publish("again");
  await publish("never");
  const working = work(deps, stop.signal);
  await emptied();
  stop.abort();
  await working;
  expect(await receiptOf("again")).toMatchObject({ state: "dead", retries: 1, error: "passing" });
  expect(await receiptOf("never")).toMatchObject({ state: "dead", retries: 0, error: "bad input" });
  expect(body).toHaveBeenCalledTimes(3);
});

test("a worker that is told to stop gives its task back, and leaves no receipt", async () => {
  const started = Promise.withResolvers<void>();
  const { queue, deps, stop, publish, receiptOf } = await newWorker(async (_, { signal }) => {
    started.resolve();
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  });
  await publish("t");
  const working = work(deps, stop.signal);
  await started.promise;
  stop.abort();
  await working;
  await expect(receiptOf("t")).rejects.toThrow("no such object");
  const other = new AbortController();
  for await (const message of queue.takeWork("upload", 1, other.signal)) {
    expect(message).toMatchObject({ task: "t", deliveries: 2 });
    other.abort();
  }
});

test("a task too large for a message comes by way of the lake, whole", async () => {
  const body = vi.fn<Body>(async () => emptyResult);
  const { queue, lake, deps, stop, emptied, receiptOf } = await newWorker(body);
  const file = {
    path: `parts/${"p".repeat(500)}`,
    rows: 1,
    sizeBytes: 1,
    sha256: "",
    partition: {},
  };
  const files = Array.from({ length: 2_000 }, (_, n) => ({ ...file, path: `${file.path}${n}` }));
  const task: UploadTask = { stage: "upload", task: "t", to: "x", simulate: true, files };
  // A coordinator announces a task again and again.
  for (let n = 0; n < 2; n += 1)
    await queue.publishWork("upload", "r", "t", await packTask(lake, "r", task), {});
  const working = work(deps, stop.signal);
  await emptied();
  stop.abort();
  await working;
  expect(body.mock.calls.map(([given]) => given)).toEqual([task]);
  expect(await receiptOf("t")).toMatchObject({ state: "done" });
});

test("what the process cannot survive ends it, and no receipt is written", async () => {
  const { deps, stop, publish, receiptOf } = await newWorker(async () => {
    throw new Fatal("disk is full");
  }, 5);
  await publish("t");
  await expect(work(deps, stop.signal)).rejects.toThrow("disk is full");
  await expect(receiptOf("t")).rejects.toThrow("no such object");
});
