// Writing what any SELECT yields: models use it too.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDuckDb, type Sql } from "../sql/duckdb.ts";
import { sqlList } from "../sql/quote.ts";
import { proveRows } from "./row-proof.ts";
import { writeParquet } from "./write-parquet.ts";

let root = "";
let sql: Sql;
let runs = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "onpoint-write-"));
  sql = await openDuckDb({ memoryLimitMb: 256, scratch: root, allowedPaths: [] });
});

afterAll(async () => {
  await sql.close();
  await rm(root, { recursive: true, force: true });
});

async function write(
  select: string,
  partitionBy: { name: string; expression: string | null }[] = [],
  sortBy: string[] = [],
  rowBytes?: number,
) {
  const folder = join(root, String(runs++));
  const columns = await sql.describe(select);
  return writeParquet({
    sql,
    select,
    columns,
    partitionBy,
    sortBy,
    runDate: "2026-03-04",
    folder,
    task: "m-1",
    ...(rowBytes === undefined ? {} : { rowBytes }),
  });
}

const read = (files: { local: string }[], columns: string) =>
  sql.rows(
    `SELECT ${columns} FROM read_parquet(${sqlList(files.map((file) => file.local))}, hive_partitioning=false)`,
  );

test("without partitions: one file, in the query's order", async () => {
  const files = await write("SELECT range AS n FROM range(1000) ORDER BY n DESC");
  expect(files.map(({ relative, rows, partition }) => [relative, rows, partition])).toEqual([
    ["m-1-0.parquet", 1000, {}],
  ]);
  expect((await read(files, "n")).slice(0, 2)).toEqual([{ n: "999" }, { n: "998" }]);
});

test("order holds within partitions", async () => {
  const files = await write("SELECT range AS n, range % 3 AS k FROM range(9) ORDER BY n DESC", [
    { name: "k", expression: null },
  ]);
  expect(files.map((file) => file.relative)).toEqual([
    "k=0/m-1-0.parquet",
    "k=1/m-1-0.parquet",
    "k=2/m-1-0.parquet",
  ]);
  expect(await read(files.slice(1, 2), "n, k")).toEqual(
    ["7", "4", "1"].map((n) => ({ n, k: "1" })),
  );
});

test("rows are sorted within a file, NULL last, and else stay as they come", async () => {
  const rows = "SELECT range AS n, nullif(range % 3, 0) AS k, range % 2 AS p FROM range(9)";
  const sorted = ["1", "4", "7", "2", "5", "8", "0", "3", "6"];
  const numbers = async (files: { local: string }[]) => (await read(files, "n")).map(({ n }) => n);
  expect(await numbers(await write(rows, [], ["k", "nowhere"]))).toEqual(sorted);
  const parts = await write(rows, [{ name: "p", expression: null }], ["K"]);
  const even = sorted.filter((n) => Number(n) % 2 === 0);
  expect(await numbers(parts.slice(0, 1))).toEqual(even);
});

test("sums of integers stay exact", async () => {
  const files = await write("SELECT sum(x) AS total FROM (VALUES (9007199254740993), (0)) v(x)");
  expect(await read(files, "total, typeof(total) AS type")).toEqual([
    { total: "9007199254740993", type: "DECIMAL(38,0)" },
  ]);
});

test("no rows, no file", async () => {
  expect(await write("SELECT 1 AS a WHERE false")).toEqual([]);
  expect(await write("SELECT 1 AS a WHERE false", [{ name: "a", expression: null }])).toEqual([]);
  expect(await write("SELECT 1 AS a WHERE false", [{ name: "dt", expression: null }])).toEqual([]);
});

test("too many partitions", async () => {
  await expect(
    write("SELECT range AS n FROM range(10001)", [{ name: "n", expression: null }]),
  ).rejects.toThrow(/partition by n: more than 10000 values/);
});

test("a proof that fails names the numbers", () => {
  const counts = { rowsIn: 10, rowsOut: 7, quarantined: 2, blank: 0, discarded: 0, replaced: 0 };
  expect(() => proveRows("t", counts)).toThrow(
    /10 in, but 7 out, 2 quarantined, 0 blank, 0 left out and 0 replaced/,
  );
  proveRows("t", { ...counts, blank: 1 });
  proveRows("t", { ...counts, discarded: 1 });
  proveRows("t", { ...counts, replaced: 1 });
});

test.each([
  [undefined, 100_000],
  [40, 100_000],
  [50, 81_920],
  [265, 14_336],
  [1_000_000, 2_048],
])("rows of %s bytes stand in groups of %i rows", async (rowBytes, rows) => {
  const [file] = await write("SELECT range AS n FROM range(100_000)", [], [], rowBytes);
  const [found] = await sql.rows(
    `SELECT max(row_group_num_rows)::INT AS rows FROM parquet_metadata(${sqlList([file?.local ?? ""])})`,
  );
  expect(found).toEqual({ rows });
});
