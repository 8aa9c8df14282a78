// The engine's lock-down, errors and answers, against the real engine.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Permanent } from "../std/errors.ts";
import { openDuckDb, type Sql } from "./duckdb.ts";
import { sqlName, sqlText } from "./quote.ts";

let root = "";
let sql: Sql;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "onpoint-sql-"));
  await writeFile(join(root, "outside.csv"), "a\n1\n");
  sql = await openDuckDb({ memoryLimitMb: 128, scratch: join(root, "scratch"), allowedPaths: [] });
});

afterAll(async () => {
  await sql.close();
  await rm(root, { recursive: true, force: true });
});

describe("lock-down", () => {
  test.each([
    [
      "a path outside the allowed folders",
      () => `SELECT * FROM read_csv(${sqlText(join(root, "outside.csv"))})`,
    ],
    ["a write outside", () => `COPY (SELECT 1) TO ${sqlText(join(root, "written.csv"))}`],
    ["the network", () => "SELECT * FROM read_parquet('s3://bucket/x.parquet')"],
    ["an extension", () => "INSTALL httpfs"],
    ["a setting", () => "SET threads=4"],
    ["another database", () => `ATTACH ${sqlText(join(root, "x.db"))}`],
  ])("refuses %s", async (_, statement) => {
    await expect(sql.rows(statement())).rejects.toThrow(Permanent);
  });

  test("lets scratch be used", async () => {
    const path = sqlText(join(root, "scratch", "x.parquet"));
    await sql.run(`COPY (SELECT 42 AS v) TO ${path}`);
    expect(await sql.rows(`SELECT v FROM ${path}`)).toEqual([{ v: 42 }]);
  });
});

test("rows are fit for JSON and exact", async () => {
  const [row] = await sql.rows(
    "SELECT 9223372036854775807 AS big, 12.50::DECIMAL(6,2) AS money, DATE '2024-02-29' AS day, '2024-01-01T00:00:00+02:00'::TIMESTAMPTZ AS at, [1, 2] AS list",
  );
  expect(row).toEqual({
    big: "9223372036854775807",
    money: "12.50",
    day: "2024-02-29",
    at: "2023-12-31 22:00:00+00",
    list: [1, 2],
  });
  expect(JSON.parse(JSON.stringify(row))).toEqual(row);
});

test("errors keep DuckDB's text", async () => {
  await expect(sql.run("SELEC 1")).rejects.toThrow(/syntax error at or near "SELEC"/);
  await expect(sql.run("SELECT * FROM nowhere")).rejects.toThrow(/nowhere does not exist/);
});

test("out of memory is permanent and says what to do", async () => {
  const wide = "SELECT list(range) FROM range(100000000)";
  await expect(sql.run(wide)).rejects.toThrow(/out of memory; give the pod more/);
});

test("interrupt ends the running statement, also one that has not quite begun", async () => {
  const own = await openDuckDb({
    memoryLimitMb: 128,
    scratch: join(root, "own"),
    allowedPaths: [],
  });
  const running = own.run(
    "SELECT count(*) FROM range(100000000) a, range(1000) b WHERE a.range + b.range = 7",
  );
  own.interrupt();
  await expect(running).rejects.toThrow(/interrupt/i);
  await own.close();
});

describe("readTables", () => {
  test.each([
    ["SELECT * FROM a JOIN b USING (x)", ["a", "b"]],
    ['SELECT nope(x) FROM "A b" WHERE x IN (SELECT y FROM c)', ["A b", "c"]],
    ["WITH q AS (SELECT * FROM a), r AS (SELECT * FROM q) SELECT * FROM r, Q", ["a"]],
    ["WITH a AS (SELECT * FROM a) SELECT * FROM a", ["a"]],
    [
      "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t JOIN b USING (n)) SELECT * FROM t",
      ["b"],
    ],
    ["SELECT * FROM (WITH q AS (SELECT 1) SELECT * FROM q) JOIN q ON true", ["q"]],
    ["SELECT 1 UNION ALL SELECT x FROM a ORDER BY 1", ["a"]],
  ])("%s", async (text, tables) => {
    expect(await sql.readTables(text)).toEqual(tables);
  });

  test("throws for what is no SELECT", async () => {
    await expect(sql.readTables("SELEC")).rejects.toThrow(/syntax error/);
    await expect(sql.readTables("DROP TABLE a")).rejects.toThrow(/SELECT/);
  });
});

test("names and texts are quoted", async () => {
  const name = `a "quoted" name; --`;
  const [row] = await sql.rows(`SELECT ${sqlText("it's")} AS ${sqlName(name)}`);
  expect(row).toEqual({ [name]: "it's" });
  expect(() => sqlName("")).toThrow(RangeError);
});
