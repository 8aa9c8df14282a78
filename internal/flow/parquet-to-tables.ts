// Stage etl: a table's files in, one SQL model's table out, with its tests. A model whose test finds rows makes no table.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readKeptModels } from "../etl/kept-models.ts";
import { createTableView } from "../etl/table-view.ts";
import type { ModelTask, ModelTestResult, TableColumn, TableOutput } from "../model/task.ts";
import { storeFiles } from "../process/store-files.ts";
import { writeParquet } from "../process/write-parquet.ts";
import { openDuckDb, type Sql } from "../sql/duckdb.ts";
import { Permanent } from "../std/errors.ts";
import { emptyResult, type TaskContext, type TaskResult } from "./work.ts";

export type TablesDeps = { scratch: string; memoryLimitMb: number };

/** Runs one model. Throws Permanent when its SQL or one of its tests fails, the signal's reason when aborted. */
export async function parquetToTables(
  deps: TablesDeps,
  task: ModelTask,
  context: TaskContext,
): Promise<TaskResult> {
  const { lake, run, signal } = context;
  const models = await readKeptModels(lake, run.token);
  const model = models.find((each) => each.name === task.model);
  if (model === undefined)
    throw new Permanent(`the pipeline has no model "${task.model}" any more`);
  const scratch = join(deps.scratch, task.task);
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  let sql: Sql | null = null;
  const interrupt = () => sql?.interrupt();
  signal.addEventListener("abort", interrupt);
  try {
    // 1. The tables it reads, as views of exactly the files that the run sees.
    const views: { table: string; files: string[]; columns: TableColumn[] }[] = [];
    for (const [table, input] of Object.entries(task.inputs)) {
      const files: string[] = [];
      for (const path of input.files) {
        signal.throwIfAborted();
        files.push(await lake.local(path, scratch));
      }
      views.push({ table, files, columns: input.columns });
    }
    const folders = [
      ...new Set(views.flatMap((view) => view.files.map((file) => join(file, "..")))),
    ];
    sql = await openDuckDb({ memoryLimitMb: deps.memoryLimitMb, scratch, allowedPaths: folders });
    signal.throwIfAborted();
    for (const view of views) await createTableView(sql, view.table, view.files, view.columns);
    // 2. The model.
    const columns = await sql.describe(model.sql);
    const attempt = join(scratch, "out");
    const files = await writeParquet({
      sql,
      select: model.sql,
      partitionBy: model.partitionBy,
      columns,
      runDate: run.date,
      folder: attempt,
      task: task.task,
    });
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    // 3. Its tests, against what was written.
    await createTableView(
      sql,
      model.name,
      files.map((file) => file.local),
      columns,
    );
    const tests: ModelTestResult[] = [];
    for (const test of model.tests) {
      const [found] = await sql.rows(`SELECT count(*) AS failures FROM (\n${test.sql}\n)`);
      tests.push({ test: test.name, failures: Number(found?.failures ?? 0) });
    }
    const failed = tests.filter((test) => test.failures > 0);
    if (failed.length > 0) {
      const list = failed
        .map(({ test, failures }) => `test "${test}" found ${failures} rows`)
        .join(", ");
      throw new Permanent(`${list}; nothing of this run is published, see ${model.file}`);
    }
    // 4. Copy it to the lake.
    const output: TableOutput = {
      table: model.name,
      rowsIn: rows,
      rowsOut: rows,
      quarantined: 0,
      discarded: 0,
      blank: 0,
      files: await storeFiles(lake, `tables/${model.name}/`, files),
      quarantineFiles: [],
      schemaVersion: 1,
      columns,
    };
    return { ...emptyResult, tables: [output], tests };
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
