import { expect, test } from "vitest";
import { filesSource } from "../../test/support/process-batch.ts";
import type { FilesSource } from "../model/pipeline.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { TaskReceipt } from "../model/task.ts";
import { type MergeDeps, openMergePlanner } from "./run-merges.ts";

const source: FilesSource = { ...filesSource, table: "t" };
const deps = {
  run: { run: "r" },
  sources: [source],
  pipeline: { tables: { t: { key: { columns: ["id"], newest: null } } } },
} as unknown as MergeDeps;
const file = (path: string) => ({ path, rows: 1, sizeBytes: 1, sha256: "", partition: {} });
const receipt = (path: string) =>
  ({
    name: source.name,
    task: path,
    tables: [{ table: "t", files: [file(path)], columns: [], schemaVersion: 1 }],
  }) as unknown as TaskReceipt;

test("a merge is planned anew when a receipt or a snapshot has come, and else stays", () => {
  const plan = openMergePlanner(deps);
  const [first, second] = [receipt("a"), receipt("b")];
  const planned = (receipts: TaskReceipt[], snapshots = new Map<string, Snapshot>()) =>
    plan(
      () => true,
      receipts,
      snapshots,
      (task) => task,
    ).map(({ task, files }) => ({ task, files: files.map(({ path }) => path) }));
  const one = planned([first]);
  expect(one.map(({ files }) => files)).toEqual([["a"]]);
  expect(planned([first])).toEqual(one);
  expect(planned([first, second]).map(({ files }) => files)).toEqual([["a", "b"]]);
  const old = { ...file("old"), run: "q", date: "2026-01-01", task: "q", source: source.name };
  const published = new Map([["t", { version: 1, files: [old] } as unknown as Snapshot]]);
  expect(planned([first, second], published).map(({ files }) => files)).toEqual([
    ["old", "a", "b"],
  ]);
  expect(
    plan(
      () => false,
      [first],
      published,
      (task) => task,
    ),
  ).toEqual([]);
});
