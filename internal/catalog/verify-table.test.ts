// Files of a table that were changed behind the lake's back, each in another way.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Snapshot } from "../model/snapshot.ts";
import type { Objects } from "../objects/objects.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import { measured } from "../process/written-file.ts";
import { openDuckDb, type Sql } from "../sql/duckdb.ts";
import { sqlText } from "../sql/quote.ts";
import { verifySnapshot } from "./verify-table.ts";

let folder: string;
let lake: Objects;
let sql: Sql;
let snapshot: Snapshot;
const fileAt = () => join(folder, "lake", "t.parquet");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "onpoint-verify-"));
  lake = await openFileObjects(pathToFileURL(join(folder, "lake")).href);
  sql = await openDuckDb({ memoryLimitMb: 64, scratch: folder, allowedPaths: [] });
});

afterAll(async () => {
  await sql.close();
  await lake.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  const made = join(folder, "made.parquet");
  await sql.run(
    `COPY (SELECT range AS id, nullif(range % 3, 0) AS n, [range, NULL] AS list, {a: range} AS s FROM range(10)) TO ${sqlText(made)} (FORMAT parquet)`,
  );
  const { local, relative, ...facts } = await measured(made, "t.parquet", 10, {});
  await lake.putFile(relative, local);
  const file = { ...facts, path: relative, run: "r", date: "2026-03-04", task: "x", source: "s" };
  snapshot = {
    table: "t",
    kind: "parts",
    version: 1,
    createdAt: "",
    createdBy: "r",
    columns: [],
    rows: 10,
    sizeBytes: file.sizeBytes,
    files: [file],
  };
});

const problemsOf = async () =>
  (await verifySnapshot(lake, snapshot, sql, folder)).mismatches.map(({ problem }) => problem);

test("a table as it was committed", async () => {
  expect(await verifySnapshot(lake, snapshot, sql, folder)).toEqual({
    files: 1,
    rows: 10,
    sizeBytes: snapshot.sizeBytes,
    mismatches: [],
  });
});

test("a file that is gone", async () => {
  await lake.delete("t.parquet");
  expect(await problemsOf()).toEqual(["it is not there"]);
});

test("one byte changed", async () => {
  const bytes = await readFile(fileAt());
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  await writeFile(fileAt(), bytes);
  expect((await problemsOf())[0]).toMatch(/^its SHA-256 is/);
});

test("a file cut short", async () => {
  await writeFile(fileAt(), (await readFile(fileAt())).subarray(0, -9));
  expect(await problemsOf()).toEqual([
    expect.stringMatching(/^it has \d+ bytes, not \d+/),
    expect.stringMatching(/^its SHA-256/),
    expect.stringMatching(/^it cannot be read as Parquet/),
  ]);
});

test("a manifest that tells of other rows", async () => {
  for (const file of snapshot.files) file.rows = 11;
  expect(await problemsOf()).toEqual([
    "its footer says 10 rows, not 11",
    "it has 10 rows, not 11",
    "its snapshot says 10 rows, its files together 11",
  ]);
});
