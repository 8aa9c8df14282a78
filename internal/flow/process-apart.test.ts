import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { filesSource } from "../../test/support/process-batch.ts";
import type { Pipeline } from "../model/pipeline.ts";
import type { ProcessTask, TableOutput, TaskInput } from "../model/task.ts";
import { listDrops } from "../process/list-drops.ts";
import { OutOfMemory, Permanent } from "../std/errors.ts";
import { processApart } from "./process-apart.ts";
import { emptyResult, type TaskContext } from "./work.ts";

const noBucket = async (url: string): Promise<never> => {
  throw new Error(`no bucket ${url}`);
};
const context = {
  pipeline: { sources: [filesSource] } as unknown as Pipeline,
  signal: new AbortController().signal,
} as TaskContext;
const taskOf = (inputs: TaskInput[]): ProcessTask => ({
  stage: "process",
  task: "t",
  source: filesSource.name,
  kind: "files",
  inputs,
  trace: {},
});
const bytesOf = ({ inputs }: ProcessTask) => inputs.reduce((sum, each) => sum + each.sizeBytes, 0);

/** Runs a task in a world where so many bytes fit into memory; gives the pieces that were done, or tried. */
async function processed(task: ProcessTask, fits: number) {
  const tried: string[] = [];
  const done: ProcessTask[] = [];
  const result = await processApart(
    {
      runChild: async (piece) => {
        tried.push(piece.task);
        if (bytesOf(piece) > fits) throw new OutOfMemory("killed");
        done.push(piece);
        const table = { table: "t", rowsIn: bytesOf(piece) } as TableOutput;
        return { ...emptyResult, tables: [table] };
      },
      scratch: join(tmpdir(), "onpoint-never-made"),
      openBucket: noBucket,
      log: { warn: () => {} },
    },
    task,
    context,
  );
  return { tried, done, tables: result.tables };
}

const files = (...sizes: number[]) =>
  sizes.map((sizeBytes, i) => ({ path: `file:///f${i}`, sizeBytes, etag: "" }));

test("a task that fits is done once, by its own name", async () => {
  const { tried } = await processed(taskOf(files(1, 2, 3)), 6);
  expect(tried).toEqual(["t"]);
});

test("a task that does not fit is halved until its pieces do, in the order of its inputs", async () => {
  const { tried, done, tables } = await processed(taskOf(files(4, 1, 1, 6)), 6);
  expect(tried).toEqual(
    ["t", "t-h1", "t-h2", "t-h2-h1", "t-h2-h2"].filter((name) => tried.includes(name)),
  );
  expect(done.flatMap(({ inputs }) => inputs)).toEqual(files(4, 1, 1, 6));
  expect(tables.reduce((sum, { rowsIn }) => sum + rowsIn, 0)).toBe(12);
});

test("a single large file is halved at its records, and its parts again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "onpoint-halves-"));
  const path = join(folder, "a.ndjson");
  const line = `{"a":"${"x".repeat(1_000)}"}\n`;
  await writeFile(path, line.repeat(4_000));
  const inputs: TaskInput[] = [];
  for await (const input of listDrops(pathToFileURL(path).href, noBucket)) inputs.push(input);
  const { done } = await processed(taskOf(inputs), 1.2 * 1024 * 1024);
  const parts = done.flatMap(({ inputs }) => inputs).map(({ part }) => part);
  expect(parts.length).toBe(4);
  expect(parts.map((part) => [part?.from, part?.line])).toEqual(
    [0, 1_000, 2_000, 3_000].map((lines) => [lines * line.length, lines + 1]),
  );
  expect(parts.at(-1)?.to).toBe(4_000 * line.length);
  await rm(folder, { recursive: true });
});

test("an input that cannot be cut any smaller is given up, with what to do", async () => {
  const failed = processed(taskOf(files(7)), 6);
  await expect(failed).rejects.toThrow(Permanent);
  await expect(failed).rejects.toThrow(/f0.*give the pod more memory/);
});
