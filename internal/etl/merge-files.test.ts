// Real DuckDB, real files: what stays of a table when a run's files are merged into it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TableKey } from "../model/pipeline.ts";
import { openDuckDb, type Sql } from "../sql/duckdb.ts";
import { sqlText } from "../sql/quote.ts";
import { type MergeFile, mergeFiles } from "./merge-files.ts";

let root = "";
let sql: Sql;
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "onpoint-merge-"));
  sql = await openDuckDb({ memoryLimitMb: 128, scratch: root, allowedPaths: [] });
});
afterAll(async () => {
  await sql.close();
  await rm(root, { recursive: true, force: true });
});

async function file(isNew: boolean, select: string): Promise<MergeFile> {
  const name = `f${count++}.parquet`;
  const [stats] = await sql.rows(
    `COPY (${select}) TO ${sqlText(join(root, name))} (FORMAT parquet, RETURN_STATS)`,
  );
  return {
    local: join(root, name),
    path: `parts/t/dt=1/${name}`,
    rows: Number(stats?.count),
    isNew,
  };
}

async function merge(files: MergeFile[], key: Partial<TableKey> = {}) {
  const task = { task: "t-by-key-1", table: "t", key: { columns: ["id"], newest: null, ...key } };
  const cut = await mergeFiles(sql, { ...task, columns: [] }, files, join(root, `out${count++}`));
  const rows: Record<string, unknown>[] = [];
  for (const { local, path } of files) {
    const found = cut.find((each) => each.path === path);
    if (found?.written === null) continue;
    const from = sqlText(found?.written?.local ?? local);
    const some = await sql.rows(`SELECT * FROM read_parquet(${from}, hive_partitioning = false)`);
    for (const each of some) rows.push(each);
  }
  return { cut, rows };
}

const values = (...rows: string[]) => `SELECT * FROM (VALUES ${rows.join(", ")}) AS v(id, v)`;

test("a new row takes the place of the old one; files without one stay as they are", async () => {
  const old = await file(false, values("(1, 'a')", "(2, 'b')", "(3, 'c')"));
  const other = await file(false, values("(4, 'd')"));
  const fresh = await file(true, values("(2, 'x')", "(5, 'y')"));
  const { cut, rows } = await merge([old, other, fresh]);
  expect(cut.map(({ path, older }) => [path, older])).toEqual([[old.path, 1]]);
  expect(cut[0]?.written?.relative).toMatch(/^parts\/t\/dt=1\/t-by-key-1-0-0\.parquet$/);
  expect(rows.map(({ id, v }) => `${id}${v}`)).toEqual(["1a", "3c", "4d", "2x", "5y"]);
});

test("among the run's own files the later one counts, and a file may lose all its rows", async () => {
  const first = await file(true, values("(1, 'a')"));
  const second = await file(true, values("(1, 'b')", "(2, 'c')"));
  const { cut, rows } = await merge([first, second]);
  expect(cut).toEqual([{ path: first.path, older: 1, written: null }]);
  expect(rows.map(({ v }) => v)).toEqual(["b", "c"]);
});

test("a stale row that is read later does not take the place of a newer one", async () => {
  const select = (v: string, at: string) => `SELECT 1 AS id, '${v}' AS v, DATE '${at}' AS at`;
  const old = await file(false, select("new", "2026-02-01"));
  const stale = await file(true, select("stale", "2026-01-01"));
  expect((await merge([old, stale], { newest: "at" })).rows).toMatchObject([{ v: "new" }]);
  const same = await file(true, select("same", "2026-02-01"));
  expect((await merge([old, same], { newest: "at" })).rows).toMatchObject([{ v: "same" }]);
});

test("a key whose type has grown is the same key, and a row without one is like no other", async () => {
  const old = await file(false, "SELECT 7::BIGINT AS id, 'a' AS v UNION ALL SELECT NULL, 'b'");
  const fresh = await file(true, "SELECT '7' AS id, 'c' AS v UNION ALL SELECT NULL, 'd'");
  const { rows } = await merge([old, fresh]);
  expect(rows.map(({ v }) => v).sort()).toEqual(["b", "c", "d"]);
});

test("old files that had no such column are left alone", async () => {
  const old = await file(false, "SELECT 'a' AS v");
  const fresh = await file(true, values("(1, 'b')"));
  expect((await merge([old, fresh])).cut).toEqual([]);
});

test("columns may be called what DuckDB calls a row's place", async () => {
  const select = (ids: string, v: string) =>
    `SELECT id, '${v}' || id AS v, 9 AS file_row_number, 'f' AS filename, 1 AS file_index FROM (VALUES ${ids}) AS ids(id)`;
  const first = await file(false, select("(1), (2), (3)", "a"));
  const second = await file(false, select("(4), (5)", "b"));
  const fresh = await file(true, select("(6), (5), (2)", "c"));
  const { rows } = await merge([first, second, fresh]);
  expect(rows.map(({ v }) => v)).toEqual(["a1", "a3", "b4", "c6", "c5", "c2"]);
  expect(rows[0]).toMatchObject({ file_row_number: 9, filename: "f", file_index: 1 });
  const { rows: byIt } = await merge([first, fresh], { columns: ["file_row_number"] });
  expect(byIt.map(({ v }) => v)).toEqual(["c2"]);
});

test("large files are merged in little memory, to the same bytes each time", async () => {
  const old = await file(false, "SELECT range AS id, 'old' || range AS v FROM range(500000)");
  const fresh = await file(true, "SELECT range * 2 AS id, 'new' AS v FROM range(100000)");
  const [one, two] = [await merge([old, fresh]), await merge([old, fresh])];
  expect(one.cut.map(({ older }) => older)).toEqual([100_000]);
  expect(one.rows.length).toBe(500_000);
  expect(one.cut[0]?.written?.sha256).toBe(two.cut[0]?.written?.sha256);
});
