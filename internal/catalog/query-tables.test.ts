import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SnapshotFile } from "../model/snapshot.ts";
import type { TaskReceipt } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import { openDuckDb } from "../sql/duckdb.ts";
import { sqlText } from "../sql/quote.ts";
import { UsageError } from "../std/errors.ts";
import { readQuarantinedRows } from "./quarantined-rows.ts";
import { queryTables } from "./query-tables.ts";
import { writeReplay } from "./replays.ts";
import { writeReceipt } from "./run-manifest.ts";
import { publishSnapshot } from "./snapshots.ts";

let folder: string;
let lake: Objects;
const scratch = () => join(folder, "scratch");
const query = (text: string) => queryTables(lake, text, { scratch: scratch(), memoryLimitMb: 64 });
const rowsOf = async (text: string) => (await query(text)).rows;
const refusal = async (text: string) => {
  const error = await query(text).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message;
};

/** Writes Parquet files, each the rows of a SELECT, and publishes them as a table. */
async function publish(
  table: string,
  selects: Record<string, string>,
  kind: "parts" | "quarantine",
) {
  const sql = await openDuckDb({ memoryLimitMb: 64, scratch: scratch(), allowedPaths: [folder] });
  const add: SnapshotFile[] = [];
  let columns: { name: string; type: string }[] = [{ name: "a", type: "BIGINT" }];
  for (const [path, select] of Object.entries(selects)) {
    const file = join(folder, "lake", path);
    await mkdir(dirname(file), { recursive: true });
    await sql.run(`COPY (${select}) TO ${sqlText(file)} (FORMAT parquet)`);
    columns = await sql.describe(select);
    const facts = { rows: 1, sizeBytes: 1, sha256: path, partition: {} };
    add.push({ ...facts, path, run: "r", date: "2026-01-01", task: "t", source: "s" });
  }
  await sql.close();
  await publishSnapshot(lake, {
    table,
    kind,
    columns,
    by: "r",
    replace: () => false,
    add,
    now: "",
  });
}

const badRow = (n: number) =>
  `SELECT 'in.csv' AS file, ${n}::BIGINT AS line, ${n * 10}::BIGINT AS byte_offset, 'BAD_CAST:a' AS reason,
   repeat('x', 300) AS raw, false AS raw_is_base64, 1 AS schema_version, 't' AS task`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "onpoint-query-'"));
  lake = await openFileObjects(pathToFileURL(join(folder, "lake")).href);
  await mkdir(scratch(), { recursive: true });
  await publish(
    "flights",
    {
      "parts/flights/dt=1/it's.parquet": "SELECT 1::BIGINT AS a, 'x' AS b",
      "parts/flights/dt=2/2.parquet": "SELECT 'y' AS b, 2::BIGINT AS a, NULL::DATE AS c",
    },
    "parts",
  );
  await publish("nothing", {}, "parts");
  await publish("Mixed.Name", { "parts/m/1.parquet": "SELECT 7 AS n" }, "parts");
});
afterAll(async () => {
  await lake.close();
  await rm(folder, { recursive: true, force: true });
});

describe("a query", () => {
  it("reads all files of a table, their columns by name", async () => {
    expect(await query("SELECT a, b, c FROM flights ORDER BY a;")).toEqual({
      columns: [
        { name: "a", type: "BIGINT" },
        { name: "b", type: "VARCHAR" },
        { name: "c", type: "DATE" },
      ],
      rows: [
        { a: "1", b: "x", c: null },
        { a: "2", b: "y", c: null },
      ],
    });
  });

  it("knows the columns of a result without rows, and of two with one name", async () => {
    const empty = await query("FROM nothing; -- no files\n");
    expect(empty).toEqual({ columns: [{ name: "a", type: "BIGINT" }], rows: [] });
    const twice = await query("SELECT 1 AS c, 2 AS c");
    expect(twice.columns.map(({ name }) => twice.rows[0]?.[name])).toEqual([1, 2]);
  });

  it("names tables in any case, in quotes, behind WITH and in subqueries", async () => {
    expect(await rowsOf('SELECT n FROM "mixed.name"')).toEqual([{ n: 7 }]);
    const text = `WITH f AS (FROM FLIGHTS) SELECT count(*) AS n FROM f WHERE a IN (SELECT a FROM nothing)`;
    expect(await rowsOf(text)).toEqual([{ n: "0" }]);
    expect(await rowsOf("SELECT column_name AS c FROM (DESCRIBE nothing)")).toEqual([{ c: "a" }]);
    expect(await rowsOf("DESCRIBE nothing")).toHaveLength(1);
    expect(await rowsOf("SELECT count(*) AS n FROM flights JOIN nothing USING (a)")).toEqual([
      { n: "0" },
    ]);
    expect(await rowsOf("SELECT sum(i) AS s FROM range(4) t(i)")).toEqual([{ s: "6" }]);
  });

  it("that names no table there is gets the nearest one and all of them", async () => {
    const text = await refusal("SELECT * FROM flihgts");
    expect(text).toContain("did you mean flights?");
    expect(text).toContain("Mixed.Name, flights, nothing");
  });

  it("that is wrong gets DuckDB's own words", async () => {
    expect(await refusal("SELEC 1")).toMatch(/^Parser Error: syntax error at or near "SELEC"/);
    expect(await refusal("SELECT z FROM flights")).toMatch(/^Binder Error: .*"z"/);
    expect(await refusal("SELECT 'x'::INT")).toMatch(/^Conversion Error/);
  });

  it("is one SELECT over committed tables and nothing else", async () => {
    const before = await readdir(folder, { recursive: true });
    const file = `${folder}/lake/parts/m/1.parquet`.replaceAll("'", "''");
    for (const text of [
      "",
      "SELECT 1; SELECT 2",
      `COPY (SELECT 1) TO '${file}'`,
      `SELECT 1) TO '${file}'; (SELECT 2`,
      "CREATE TABLE t AS SELECT 1",
      "SET threads = 8",
      "PRAGMA version",
      "SHOW TABLES",
      `SELECT * FROM read_parquet('${file}')`,
      `SELECT * FROM flights WHERE a IN (SELECT n FROM read_parquet('${file}'))`,
      `SELECT * FROM '${file}'`,
      `SELECT * FROM query('FROM glob(''*'')')`,
      "SELECT * FROM information_schema.tables",
      "SELECT * FROM duckdb_settings()",
    ]) {
      await refusal(text);
    }
    expect(await readdir(folder, { recursive: true })).toEqual(before);
  });
});

describe("quarantined rows", () => {
  it("are one table, empty while there are none", async () => {
    expect(await rowsOf("SELECT count(*) AS n FROM quarantine")).toEqual([{ n: "0" }]);
    expect(await rowsOf("SELECT table_name, line FROM quarantine")).toEqual([]);
    await publish("quarantine_x", { "quarantine/x/1.parquet": badRow(1) }, "quarantine");
    await publish("quarantine_y", { "quarantine/y/1.parquet": badRow(2) }, "quarantine");
    expect(await rowsOf("SELECT table_name AS t, line FROM quarantine ORDER BY line")).toEqual([
      { t: "x", line: "1" },
      { t: "y", line: "2" },
    ]);
  });

  it("of a run are read up to a number, the rest is counted, the settled ones are gone", async () => {
    const selects = {
      "quarantine/z/1.parquet": `${badRow(1)} UNION ALL ${badRow(2)}`,
      "quarantine/z/2.parquet": badRow(3),
    };
    await publish("quarantine_z", selects, "quarantine");
    const file = (n: number, rows: number) => ({
      path: `quarantine/z/${n}.parquet`,
      rows,
      sizeBytes: 1,
      sha256: "",
      partition: {},
    });
    const output = { table: "z", quarantined: 3, quarantineFiles: [file(1, 2), file(2, 1)] };
    await writeReceipt(lake, "r", "process", "t", {
      task: "t",
      name: "drops",
      tables: [output],
    } as unknown as TaskReceipt);
    const read = (rowsMax: number) =>
      readQuarantinedRows(lake, "r", {
        rowsMax,
        rawChars: 200,
        scratch: scratch(),
        memoryLimitMb: 64,
      });

    const all = await read(10);
    expect(all.total).toBe(3);
    expect(all.rows.map(({ line, byteOffset }) => [line, byteOffset])).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
    expect(all.rows[0]).toMatchObject({
      table: "z",
      source: "drops",
      file: "in.csv",
      reason: "BAD_CAST:a",
    });
    expect(all.rows[0]?.raw).toHaveLength(200);
    const some = await read(2);
    expect(some).toMatchObject({ total: 3, rows: all.rows.slice(0, 2) });

    const decide = (id: string | undefined) =>
      writeReplay(lake, "r", { decidedAt: "", ids: [id ?? ""], links: [], tasks: [] });
    await decide(all.rows[0]?.id);
    expect(await read(2)).toMatchObject({ total: 2, rows: all.rows.slice(1) });
    await decide(all.files[1]?.id);
    expect(await read(2)).toMatchObject({ total: 1, rows: [all.rows[1]] });
  });
});
