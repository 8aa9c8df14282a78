import { expect, test } from "vitest";
import type { Snapshot } from "../model/snapshot.ts";
import { planMerge } from "./plan-merges.ts";

const key = { columns: ["id"], newest: null };
const part = (path: string) => ({ path, rows: 1, sizeBytes: 1, sha256: "0", partition: {} });
const file = (path: string, date: string) => ({
  ...part(path),
  run: `p-${date}`,
  date,
  task: path,
  source: "s",
});
/** A table whose rows came by two runs, and were published with `keyed` as their key. */
const published = (keyed?: string[]) =>
  ({
    version: 2,
    columns: [],
    files: [file("a", "2026-01-02"), file("b", "2026-01-01")],
    ...(keyed === undefined ? {} : { key: keyed }),
  }) as unknown as Snapshot;
const plan = (own: string[], snapshot: Snapshot | null) =>
  planMerge("t", key, [], own.map(part), snapshot, () => true)?.files.map(
    ({ path, isNew }) => `${path}${isNew ? " is new" : ""}`,
  ) ?? null;

test("only keys that the run wrote are looked for in a table that has each once, from the oldest file on", () => {
  expect(plan(["c"], published(["id"]))).toEqual(["b", "a", "c is new"]);
  expect(plan([], published(["id"]))).toBeNull();
});

test("a table that was published without this key is searched whole, by a run that wrote nothing too", () => {
  const all = ["b is new", "a is new"];
  expect(plan(["c"], published())).toEqual([...all, "c is new"]);
  expect(plan([], published())).toEqual(all);
  expect(plan([], published(["other"]))).toEqual(all);
});

test("there is nothing to merge without files", () => {
  expect(plan([], null)).toBeNull();
  expect(plan(["c"], null)).toEqual(["c is new"]);
});
