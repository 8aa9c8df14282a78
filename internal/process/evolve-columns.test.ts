// What a table's contract makes of new columns and other types, and that it keeps the promised compatibility.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Compatibility } from "../model/pipeline.ts";
import { canRead, incompatibilities } from "./compatible-columns.ts";
import { parseType, printType } from "./duckdb-type.ts";
import { evolveColumns, type SchemaRules } from "./evolve-columns.ts";
import type { Column } from "./merge-columns.ts";

const rules: SchemaRules = {
  contract: "evolve",
  conflict: "text",
  compatibility: "none",
  aliases: {},
  isDeclared: false,
};
const cols = (text: string): Column[] =>
  text === ""
    ? []
    : text.split("; ").map((each) => {
        const [name = "", ...type] = each.split(" ");
        return { name, type: type.join(" ") };
      });
const seen = (text: string) => cols(text).map((column) => ({ ...column, isGiven: false }));
const given = (text: string) => cols(text).map((column) => ({ ...column, isGiven: true }));
const after = (old: string, rows: string, more: Partial<SchemaRules> = {}) =>
  evolveColumns("t", cols(old), seen(rows), { ...rules, ...more })
    .map(({ name, type }) => `${name} ${type}`)
    .join("; ");

test.each([
  ["a new column", "a BIGINT", "a BIGINT; b DATE", {}, "a BIGINT; b DATE"],
  ["a wider number", "a BIGINT", "a DOUBLE", {}, "a DOUBLE"],
  ["no common type", "a BIGINT", "a VARCHAR", {}, "a VARCHAR"],
  ["a variant", "a BIGINT", "a VARCHAR", { conflict: "variant" }, "a BIGINT; a__text VARCHAR"],
  [
    "a variant of a struct",
    'a STRUCT("b" BIGINT)',
    'a STRUCT("b" DATE)',
    { conflict: "variant" },
    'a STRUCT("b" BIGINT); a__text VARCHAR',
  ],
  [
    "a name that is taken",
    "a BIGINT",
    "a VARCHAR; a__text DATE",
    { conflict: "variant" },
    "a BIGINT; a__text DATE",
  ],
  ["a type that stays", "a BIGINT", "a VARCHAR", { conflict: "quarantine" }, "a BIGINT"],
  ["a wider number with variants", "a BIGINT", "a DOUBLE", { conflict: "variant" }, "a DOUBLE"],
  ["forward: no wider number", "a BIGINT", "a DOUBLE", { compatibility: "forward" }, "a BIGINT"],
  ["full: a column may come", "a BIGINT", "b DATE", { compatibility: "full" }, "a BIGINT; b DATE"],
  [
    "full: a column never becomes text",
    "a BIGINT",
    "a VARCHAR",
    { compatibility: "full" },
    "a BIGINT",
  ],
  [
    "backward: a column may become text",
    "a BIGINT",
    "a VARCHAR",
    { compatibility: "backward" },
    "a VARCHAR",
  ],
  ["freeze", "a BIGINT", "a DOUBLE; b DATE", { contract: "freeze" }, "a BIGINT"],
  ["the first rows of a frozen table", "", "a BIGINT", { contract: "freeze" }, "a BIGINT"],
  [
    "an old name",
    "a BIGINT; amt DOUBLE; c DATE",
    "amount DOUBLE",
    { aliases: { amt: "amount" } },
    "a BIGINT; amount DOUBLE; c DATE",
  ],
  [
    "an old name beside the new one",
    "amount BIGINT; AMT DOUBLE",
    "amount BIGINT",
    { aliases: { amt: "amount" } },
    "amount DOUBLE",
  ],
] as const)("%s", (_, old, rows, more, expected) => {
  expect(after(old, rows, more)).toBe(expected);
});

describe("declared columns", () => {
  test("are all there are under another contract than evolve", () => {
    const incoming = [...given("a BIGINT"), ...seen("b DATE"), ...given("dt DATE")];
    const closed: SchemaRules = { ...rules, contract: "quarantine", isDeclared: true };
    expect(evolveColumns("t", [], incoming, closed)).toEqual(cols("a BIGINT; dt DATE"));
    expect(evolveColumns("t", [], incoming, rules)).toEqual(cols("a BIGINT; b DATE; dt DATE"));
  });

  test("may come to a frozen table, and widen", () => {
    const closed: SchemaRules = { ...rules, contract: "freeze", isDeclared: true };
    expect(evolveColumns("t", cols("a BIGINT"), given("a DOUBLE; b DATE"), closed)).toEqual(
      cols("a DOUBLE; b DATE"),
    );
  });

  test("that do not go with the registered type are refused, with both", () => {
    const closed: SchemaRules = { ...rules, contract: "freeze", isDeclared: true };
    expect(() => evolveColumns("t", cols("a BIGINT"), given("a DATE"), closed)).toThrow(
      /column "a" is declared as DATE and registered as BIGINT, and no type but VARCHAR/,
    );
    expect(evolveColumns("t", cols("a BIGINT"), given("a VARCHAR"), closed)).toEqual(
      cols("a VARCHAR"),
    );
    const forward: SchemaRules = { ...rules, compatibility: "forward_transitive" };
    expect(() => evolveColumns("t", cols("a BIGINT"), given("a DOUBLE"), forward)).toThrow(
      /that is not forward transitive compatible/,
    );
  });
});

const scalar = fc.constantFrom(
  "BOOLEAN",
  "INTEGER",
  "BIGINT",
  "DOUBLE",
  "VARCHAR",
  "DATE",
  "TIMESTAMPTZ",
  "DECIMAL(12,2)",
  "DECIMAL(38,0)",
);
const anyType = fc
  .letrec<{ type: string }>((tie) => ({
    type: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      scalar,
      tie("type").map((type) => `${type}[]`),
      fc.dictionary(fc.constantFrom("x", "y", "z"), tie("type"), { minKeys: 1 }).map(
        (fields) =>
          `STRUCT(${Object.entries(fields)
            .map(([name, type]) => `"${name}" ${type}`)
            .join(", ")})`,
      ),
    ),
  }))
  .type.map((type) => printType(parseType(type)));
const anyColumns = fc.uniqueArray(
  fc.record({ name: fc.constantFrom("a", "b", "c"), type: anyType }),
  { selector: ({ name }) => name, minLength: 1 },
);
const levels: Compatibility[] = [
  "none",
  "backward",
  "backward_transitive",
  "forward",
  "forward_transitive",
  "full",
  "full_transitive",
];

test("what rows do to a schema always keeps the table's compatibility, over all versions", () => {
  fc.assert(
    fc.property(
      fc.array(anyColumns, { minLength: 2, maxLength: 5 }),
      fc.constantFrom(...levels),
      fc.constantFrom("text", "variant", "quarantine"),
      (batches, compatibility, conflict) => {
        const versions: { version: number; columns: Column[] }[] = [];
        for (const [i, batch] of batches.entries()) {
          const incoming = batch.map((column) => ({ ...column, isGiven: false }));
          const old = versions.at(-1)?.columns ?? [];
          const next = evolveColumns("t", old, incoming, { ...rules, compatibility, conflict });
          expect(incompatibilities(compatibility, next, versions)).toEqual([]);
          versions.push({ version: i + 1, columns: next });
        }
      },
    ),
  );
});

test("batches in any order end in the same types", () => {
  fc.assert(
    fc.property(fc.array(anyColumns, { maxLength: 4 }), (batches) => {
      const end = (list: Column[][]) => {
        let columns: Column[] = [];
        for (const batch of list) {
          const incoming = batch.map((column) => ({ ...column, isGiven: false }));
          columns = evolveColumns("t", columns, incoming, rules);
        }
        const fields = (type: string) => typeKey(parseType(type));
        return Object.fromEntries(columns.map(({ name, type }) => [name, fields(type)]));
      };
      expect(end([...batches].reverse())).toEqual(end(batches));
    }),
  );
});

/** A type without the order of its fields. */
function typeKey(type: ReturnType<typeof parseType>): unknown {
  if (type.kind === "scalar") return type.name;
  if (type.kind === "list") return [typeKey(type.item)];
  return Object.fromEntries(type.fields.map((field) => [field.name, typeKey(field.type)]));
}

test("a reader of a reader's type reads what that one can", () => {
  fc.assert(
    fc.property(anyType, anyType, anyType, (a, b, c) => {
      const [x, y, z] = [parseType(a), parseType(b), parseType(c)];
      expect(canRead(x, x)).toBe(true);
      if (canRead(x, y) && canRead(y, z) && !lacksFields(y, z)) expect(canRead(x, z)).toBe(true);
    }),
  );
});

/** A reader between two others may drop a field, and so hide that its type changed. */
function lacksFields(
  reader: ReturnType<typeof parseType>,
  writer: ReturnType<typeof parseType>,
): boolean {
  if (reader.kind === "list" && writer.kind === "list")
    return lacksFields(reader.item, writer.item);
  if (reader.kind !== "struct" || writer.kind !== "struct") return false;
  return writer.fields.some((field) => {
    const read = reader.fields.find(({ name }) => name === field.name);
    return read === undefined || lacksFields(read.type, field.type);
  });
}
