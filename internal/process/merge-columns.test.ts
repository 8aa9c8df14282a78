// How schemas grow.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseType, printType } from "./duckdb-type.ts";
import { covers, mergeColumns } from "./merge-columns.ts";

const merged = (a: string, b: string) =>
  mergeColumns([{ name: "x", type: a }], [{ name: "x", type: b }])[0]?.type;

describe("mergeColumns", () => {
  test.each([
    ["BIGINT", "BIGINT", "BIGINT"],
    ["INTEGER", "BIGINT", "BIGINT"],
    ["BIGINT", "DOUBLE", "DOUBLE"],
    ["FLOAT", "DOUBLE", "DOUBLE"],
    ["BIGINT", "DECIMAL(38,0)", "DECIMAL(38,0)"],
    ["DECIMAL(12,2)", "DECIMAL(10,4)", "DECIMAL(14,4)"],
    ["DECIMAL(38,0)", "DECIMAL(12,2)", "VARCHAR"],
    ["DECIMAL(38,0)", "DOUBLE", "VARCHAR"],
    ["BIGINT", "VARCHAR", "VARCHAR"],
    ["BOOLEAN", "BIGINT", "VARCHAR"],
    ["DATE", "TIMESTAMP", "VARCHAR"],
    ["TIMESTAMP", "TIMESTAMPTZ", "VARCHAR"],
    ["TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "TIMESTAMPTZ"],
    ["NULL", "BIGINT", "BIGINT"],
    ["BIGINT", "NULL", "BIGINT"],
    ["NULL", "NULL", "VARCHAR"],
    ["NULL[]", "BIGINT[]", "BIGINT[]"],
    ["NULL[]", "NULL[]", "VARCHAR[]"],
    ["BIGINT[]", "BIGINT", "VARCHAR"],
    ["STRUCT(a BIGINT)", "STRUCT(b VARCHAR, a DOUBLE)", 'STRUCT("a" DOUBLE, "b" VARCHAR)'],
    ["STRUCT(a BIGINT)", "STRUCT(A BIGINT)", "VARCHAR"],
    ["STRUCT(a BIGINT)[]", "STRUCT(b BIGINT)[]", 'STRUCT("a" BIGINT, "b" BIGINT)[]'],
  ])("%s and %s are %s", (a, b, expected) => {
    expect(merged(a, b)).toBe(expected);
  });

  test("appends new columns, keeps the older spelling", () => {
    const old = [
      { name: "ID", type: "BIGINT" },
      { name: "name", type: "VARCHAR" },
    ];
    const inferred = [
      { name: "price €", type: "DOUBLE" },
      { name: "id", type: "BIGINT" },
    ];
    expect(mergeColumns(old, inferred)).toEqual([...old, { name: "price €", type: "DOUBLE" }]);
  });

  test("is the same in either order, and again", () => {
    const leaf = fc.constantFrom(
      "BIGINT",
      "DOUBLE",
      "VARCHAR",
      "BOOLEAN",
      "DATE",
      "DECIMAL(38,0)",
      "NULL",
    );
    const type = fc.letrec<{ type: string }>((tie) => ({
      type: fc.oneof(
        { depthSize: "small" },
        leaf,
        tie("type").map((item) => `${item}[]`),
        fc.tuple(tie("type"), tie("type")).map(([a, b]) => `STRUCT("k ""1" ${a}, b ${b})`),
      ),
    })).type;
    fc.assert(
      fc.property(type, type, (a, b) => {
        expect(merged(a, b)).toBe(merged(b, a));
        const once = merged(a, b) ?? "";
        expect(merged(once, a)).toBe(once);
        expect(covers(once, a) && covers(once, b)).toBe(true);
      }),
    );
  });
});

test("types are printed as they were read", () => {
  for (const type of [
    'STRUCT("a, b" DECIMAL(12,2)[], "c""(" STRUCT("d" BIGINT))[]',
    "MAP(VARCHAR, BIGINT)",
    "ENUM('a', 'b')",
    "TIMESTAMP_NS",
  ]) {
    expect(printType(parseType(type))).toBe(type);
  }
});
