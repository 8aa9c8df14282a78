// Two runs that publish one table with a key at once: the second is told to merge anew, and then each key is there once.
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { filesSource } from "../../test/support/process-batch.ts";
import { queryTables } from "../catalog/query-tables.ts";
import { registerSchema } from "../catalog/schemas.ts";
import { readSnapshot } from "../catalog/snapshots.ts";
import type { ActiveRun } from "../model/active-run.ts";
import type { TableConfig } from "../model/pipeline.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { TaskReceipt } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import { diskEtag } from "../process/list-drops.ts";
import { batchesToParquet } from "./batches-to-parquet.ts";
import { parquetToNewest } from "./parquet-to-newest.ts";
import { publishRun } from "./publish-run.ts";
import { mergesOf, openMergePlanner } from "./run-merges.ts";
import { RunView } from "./run-view.ts";
import { tableResults } from "./table-results.ts";
import { emptyResult } from "./work.ts";

const table: TableConfig = {
  partitionBy: [{ name: "dt", expression: null }],
  sortBy: [],
  key: { columns: ["id"], newest: null },
  contract: "evolve",
  conflict: "text",
  compatibility: "none",
  aliases: {},
  columns: {},
  checks: [],
};
const pipeline = { sources: [filesSource], tables: { t: table } } as never;
const { signal } = new AbortController();

/** A run that has read `csv`. */
async function runOf(root: string, lake: Objects, name: string, csv: string) {
  const run = { token: `${name}-1`, run: name, date: "2026-03-04", generation: 1 } as ActiveRun;
  const scratch = join(root, name);
  const deps = {
    run,
    sources: [filesSource],
    pipeline,
    scratch,
    memoryLimitMb: 128,
    lake,
    shards: 1,
  };
  const path = join(root, `${name}.csv`);
  await writeFile(path, csv);
  const inputs = [
    { path: pathToFileURL(path).href, sizeBytes: 1, etag: diskEtag(await stat(path)) },
  ];
  const openBucket = () => Promise.reject(new Error("no bucket here"));
  const result = await batchesToParquet(
    { scratch, memoryLimitMb: 128, openBucket, registerSchema },
    { stage: "process", task: `drops-${name}`, source: "drops", kind: "files", inputs, trace: {} },
    { pipeline, run, lake, signal },
  );
  const receipt = { ...emptyResult, ...result, stage: "process", name: "drops", state: "done" };
  const process = [{ ...receipt, task: `drops-${name}` } as unknown as TaskReceipt];
  return {
    /** Its results, merged into the table as it is in `snapshots`. */
    async merged(snapshots: ReadonlyMap<string, Snapshot>) {
      const tasks = openMergePlanner(deps)(
        () => true,
        process,
        snapshots,
        (task) => task,
      );
      const outputs = new Map<string, TaskReceipt>();
      for (const task of tasks)
        outputs.set(
          task.task,
          (await parquetToNewest(deps, task, { lake, signal })) as TaskReceipt,
        );
      const merges = mergesOf(deps, tasks, ({ task }) => outputs.get(task) ?? null);
      return tableResults(deps, { process, etl: [], upload: [] }, snapshots, merges);
    },
    publish: (results: ReturnType<typeof tableResults>) =>
      publishRun({ ...deps, openTarget: openBucket }, results, [], new RunView(), signal),
  };
}

test("a publisher that was outrun changes nothing, and merged anew it leaves each key once", async () => {
  const root = await mkdtemp(join(tmpdir(), "onpoint-outrun-"));
  await mkdir(join(root, "lake"));
  const lake = await openFileObjects(pathToFileURL(join(root, "lake")).href);
  const rows = async () => {
    const limits = { scratch: join(root, "query"), memoryLimitMb: 128 };
    return (await queryTables(lake, "SELECT id, v FROM t ORDER BY id", limits)).rows;
  };
  try {
    const one = await runOf(root, lake, "one", "id,v\n1,one\n2,one\n");
    const two = await runOf(root, lake, "two", "id,v\n2,two\n3,two\n");
    // 1. Both have merged into what there was: nothing.
    const [ofOne, ofTwo] = [await one.merged(new Map()), await two.merged(new Map())];
    expect(await one.publish(ofOne)).toBe(true);
    const published = await readSnapshot(lake, "t");
    // 2. The second comes too late.
    expect(await two.publish(ofTwo)).toBe(false);
    expect(await readSnapshot(lake, "t")).toEqual(published);
    // 3. Anew, into what the first one published.
    const snapshots = new Map([["t", published as Snapshot]]);
    expect(await two.publish(await two.merged(snapshots))).toBe(true);
    expect(await rows()).toEqual([
      { id: "1", v: "one" },
      { id: "2", v: "two" },
      { id: "3", v: "two" },
    ]);
    expect((await readSnapshot(lake, "t"))?.key).toEqual(["id"]);
  } finally {
    await lake.close();
    await rm(root, { recursive: true, force: true });
  }
});
