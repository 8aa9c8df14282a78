import { expect, test } from "vitest";
import { diffColumns } from "./diff-columns.ts";

const id = { name: "id", type: "BIGINT" };

test("nothing changed where only the case or order did", () => {
  const name = { name: "name", type: "VARCHAR" };
  expect(diffColumns([id, name], [name, { ...id, name: "ID" }])).toEqual([]);
});

test("columns come, go and get other types", () => {
  const after = [
    { name: "id", type: "DOUBLE" },
    { name: "at", type: "DATE" },
  ];
  expect(diffColumns([id, { name: "old", type: "VARCHAR" }], after)).toEqual([
    { kind: "retyped", column: "id", from: "BIGINT", to: "DOUBLE" },
    { kind: "added", column: "at", type: "DATE" },
    { kind: "removed", column: "old", type: "VARCHAR" },
  ]);
});

test("a column under another name is no new one", () => {
  const key = { name: "key", type: "VARCHAR", aliases: ["ID"] };
  expect(diffColumns([id], [key])).toEqual([
    { kind: "renamed", column: "key", was: "id" },
    { kind: "retyped", column: "key", from: "BIGINT", to: "VARCHAR" },
  ]);
  expect(diffColumns([key], [key])).toEqual([]);
});
