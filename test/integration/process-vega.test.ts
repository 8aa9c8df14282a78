// Real files of some size through the process know-how, within the memory of a small pod.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { processOne } from "../support/process-batch.ts";

const data = (name: string) =>
  fileURLToPath(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url));

test.each([
  ["airports.csv", 3376],
  ["zipcodes.csv", 42_049],
  ["birdstrikes.csv", 10_000],
  ["unemployment.tsv", 3218],
  ["movies.json", 3201],
  ["flights-200k.json", 200_000],
])("%s has %i rows", async (name, rows) => {
  const table = await processOne({ files: { [name]: { path: data(name) } }, onlyProof: true });
  expect([table.rowsIn, table.rowsOut, table.quarantined, table.blank]).toEqual([rows, rows, 0, 0]);
});

test("zip codes keep their zeros, every field its text", async () => {
  const table = await processOne({ files: { "zipcodes.csv": { path: data("zipcodes.csv") } } });
  const text = await readFile(data("zipcodes.csv"), "utf8");
  const [, ...lines] = text.trimEnd().split(/\r?\n/);
  expect(table.data.map((row) => row.zip_code)).toEqual(lines.map((line) => line.split(",")[0]));
  expect(table.columns[0]).toEqual({ name: "zip_code", type: "VARCHAR" });
});

test("three million rows by day in 384 MB, the same bytes in 2 GB", async () => {
  const hashes: string[] = [];
  for (const memoryLimitMb of [384, 2048]) {
    const table = await processOne({
      files: { "flights.parquet": { path: data("flights-3m.parquet") } },
      config: { partitionBy: [{ name: "day", expression: "cast(date as date)" }] },
      memoryLimitMb,
      onlyProof: true,
    });
    expect([table.rowsIn, table.rowsOut, table.files.length]).toEqual([3_000_000, 3_000_000, 182]);
    expect(table.files[0]?.relative).toBe("day=2001-01-01/drops-0001-0.parquet");
    hashes.push(table.files.map((file) => file.sha256).join());
  }
  expect(new Set(hashes).size).toBe(1);
});

test("three million rows by a key that no order helps", async () => {
  const table = await processOne({
    files: { "flights.parquet": { path: data("flights-3m.parquet") } },
    config: { partitionBy: [{ name: "origin", expression: null }] },
    memoryLimitMb: 384,
    onlyProof: true,
  });
  expect([table.rowsOut, table.files.length]).toEqual([3_000_000, 229]);
});
