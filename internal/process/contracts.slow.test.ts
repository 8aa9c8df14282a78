// What the contract of a table does with real files.
import { describe, expect, test } from "vitest";
import { processOne } from "../../test/support/process-batch.ts";
import type { TableConfig } from "../model/pipeline.ts";

const registryOf = (columns: string) =>
  new Map([
    [
      "t",
      {
        version: 1,
        columns: columns.split("; ").map((text) => {
          const [name = "", type = ""] = text.split(" ");
          return { name, type };
        }),
      },
    ],
  ]);

const rows = [
  '{"id":1,"n":5}',
  '{"id":2,"n":"many"}',
  '{"id":3,"n":7,"extra":true}',
  '{"id":4,"n":8,"extra":null}',
].join("\n");
const csv = "id,n,extra\n1,5,\n2,many,\n3,7,true\n4,8,\n";
const run = (
  config: Partial<TableConfig>,
  text: string,
  registry = registryOf("id BIGINT; n BIGINT; dt DATE"),
) => processOne({ files: { x: text }, config, registry });

describe.each([
  ["NDJSON", rows, ['{"id":2,"n":"many"}', '{"id":3,"n":7,"extra":true}'], [2, 3]],
  ["CSV", csv, ["2,many,", "3,7,true"], [3, 4]],
])("rows that the schema does not describe, in %s", (_, text, raw, line) => {
  test("quarantine: are put aside as they were", async () => {
    const table = await run({ contract: "quarantine" }, text);
    expect(table.data.map(({ id }) => id)).toEqual(["1", "4"]);
    expect(table.bad.map((row) => row.reason)).toEqual(["BAD_CAST:n", "NEW_COLUMN:extra"]);
    expect(table.bad.map((row) => String(row.raw).trim())).toEqual(raw);
    expect(table.bad.map((row) => Number(row.line))).toEqual(line);
    expect(table.bad.map((row) => row.schema_version)).toEqual([1, 1]);
    expect(table.columns.map(({ name }) => name)).toEqual(["id", "n", "dt"]);
  });

  test("discard_row: are left out and counted", async () => {
    const table = await run({ contract: "discard_row" }, text);
    expect(table.data.map(({ id }) => id)).toEqual(["1", "4"]);
    expect(table).toMatchObject({ discarded: 2, quarantined: 0, bad: [] });
  });

  test("freeze: fail their batch", async () => {
    await expect(run({ contract: "freeze" }, text)).rejects.toThrow(
      /its schema is frozen, and 2 rows do not fit it: BAD_CAST:n, NEW_COLUMN:extra/,
    );
  });

  test("evolve with variants: keep their value in a column of its own", async () => {
    const table = await run({ conflict: "variant" }, text);
    expect(table.data.map(({ n, n__text }) => [n, n__text])).toEqual([
      ["5", null],
      [null, "many"],
      ["7", null],
      ["8", null],
    ]);
    expect(table.columns).toContainEqual({ name: "n", type: "BIGINT" });
    expect(table.columns).toContainEqual({ name: "extra", type: "BOOLEAN" });
  });

  test("evolve with quarantine: only the value without a type is put aside", async () => {
    const table = await run({ conflict: "quarantine" }, text);
    expect(table.data.map(({ id }) => id)).toEqual(["1", "3", "4"]);
    expect(table.bad.map((row) => row.reason)).toEqual(["BAD_CAST:n"]);
  });
});

test("variants of nested values", async () => {
  const registry = new Map([
    [
      "t",
      {
        version: 1,
        columns: [
          { name: "a", type: 'STRUCT("b" BIGINT)' },
          { name: "dt", type: "DATE" },
        ],
      },
    ],
  ]);
  const text = '{"a":{"b":1}}\n{"a":{"b":"x"}}\n{"a":[1]}\n';
  const table = await processOne({ files: { x: text }, config: { conflict: "variant" }, registry });
  expect(table.data.map(({ a, a__text }) => [a, a__text])).toEqual([
    [{ b: "1" }, null],
    [null, '{"b":"x"}'],
    [null, "[1]"],
  ]);
});

test("columns are found by their old names, and a row that uses two of them is put aside", async () => {
  const table = await processOne({
    files: {
      "a.ndjson": '{"amt":1}\n{"amount":2}\n{"amt":3,"amount":4}\n{"amt":"x"}\n',
      "b.csv": "amt,note\n5,five\n",
    },
    config: { columns: { amount: "BIGINT" }, aliases: { amt: "amount" } },
  });
  expect(table.data.map(({ amount, note }) => [amount, note])).toEqual([
    ["1", null],
    ["2", null],
    ["5", "five"],
  ]);
  expect(table.bad.map((row) => row.reason)).toEqual(["TWO_NAMES:amount", "BAD_CAST:amount"]);
  expect(table.columns[0]).toEqual({ name: "amount", type: "BIGINT", aliases: ["amt"] });
});

test("a frozen table without declared columns takes those of its first rows", async () => {
  const registry = new Map();
  const first = await processOne({
    files: { x: '{"a":1}\n' },
    config: { contract: "freeze" },
    registry,
  });
  expect(first.columns.map(({ name }) => name)).toEqual(["a", "dt"]);
  await expect(
    processOne({ files: { x: '{"b":1}\n' }, config: { contract: "freeze" }, registry }),
  ).rejects.toThrow(/frozen/);
});

test("declared columns are all there are under a contract", async () => {
  const table = await processOne({
    files: { x: '{"a":1,"b":2}\n{"a":3}\n' },
    config: { contract: "quarantine", columns: { a: "INTEGER" } },
  });
  expect(table.data).toEqual([{ a: 3, dt: "2026-03-04" }]);
  expect(table.bad.map((row) => row.reason)).toEqual(["NEW_COLUMN:b"]);
});
