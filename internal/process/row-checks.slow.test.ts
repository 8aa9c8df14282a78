// Checks of single rows, and of keys within a batch, while real files are read.
import { expect, test } from "vitest";
import { processOne } from "../../test/support/process-batch.ts";
import type { CheckVerdict, TableCheck } from "../model/table-check.ts";

const text = [
  '{"id":1,"state":"new","price":5,"mail":"a@b","day":"2024-01-01"}',
  '{"id":null,"state":"old","price":-1,"mail":"nobody","day":"2023-12-31"}',
  '{"id":1,"state":"lost","price":11,"mail":null,"day":"2024-06-01"}',
  '{"id":2}',
].join("\n");

test.each<
  [
    string,
    TableCheck extends infer C ? (C extends unknown ? Omit<C, "severity"> : never) : never,
    number[],
  ]
>([
  ["not_null", { kind: "not_null", column: "ID" }, [2]],
  ["not_null of a column that is not there", { kind: "not_null", column: "none" }, [1, 2, 3, 4]],
  ["accepted", { kind: "accepted", column: "state", values: ["new", "old"] }, [3]],
  ["accepted numbers", { kind: "accepted", column: "price", values: ["5", "11"] }, [2]],
  ["range", { kind: "range", column: "price", min: 0, max: 10 }, [2, 3]],
  ["range of dates", { kind: "range", column: "day", min: "2024-01-01", max: null }, [2]],
  ["range of what is no number", { kind: "range", column: "state", min: 0, max: null }, [1, 2, 3]],
  ["regex", { kind: "regex", column: "mail", pattern: ".+@.+" }, [2]],
  ["unique", { kind: "unique", columns: ["id"], per: "table" }, [3]],
  ["unique of two columns", { kind: "unique", columns: ["id", "state"], per: "table" }, []],
])("%s", async (_, check, lines) => {
  const run = (severity: CheckVerdict) =>
    processOne({ files: { x: text }, config: { checks: [{ ...check, severity } as TableCheck] } });
  const aside = await run("quarantine");
  expect(aside.bad.map(({ line }) => Number(line))).toEqual(lines);
  expect(aside.rowsOut).toBe(4 - lines.length);
  expect(aside.bad.every(({ reason }) => String(reason).startsWith(`CHECK:${check.kind}(`))).toBe(
    true,
  );
  expect(aside.checks.reduce((sum, { failures }) => sum + failures, 0)).toBe(lines.length);
  const kept = await run("warn");
  expect(kept.rowsOut).toBe(4);
  // A key is looked at over all batches, when all are there.
  if (check.kind !== "unique") expect(kept.checks[0]?.failures).toBe(lines.length);
});

test("a check puts rows aside whatever the contract does with others", async () => {
  const table = await processOne({
    files: { x: '{"id":1}\n{"id":null}\n{"id":2,"more":1}\n' },
    config: {
      contract: "discard_row",
      columns: { id: "BIGINT" },
      checks: [{ kind: "not_null", column: "id", severity: "quarantine" }],
    },
  });
  expect(table).toMatchObject({ rowsOut: 1, quarantined: 1, discarded: 1 });
});

test("freshness takes the newest value, as UTC", async () => {
  const table = await processOne({
    files: { x: '{"at":"2024-01-01T02:00:00+02:00"}\n{"at":"2023-05-05T00:00:00Z"}\n' },
    config: { checks: [{ kind: "freshness", column: "at", withinMs: 1000, severity: "fail" }] },
  });
  expect(table.checks).toEqual([
    { check: "freshness(at)", failures: 0, newest: "2024-01-01T00:00:00.000Z" },
  ]);
});
