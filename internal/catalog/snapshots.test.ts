import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pointerPath, snapshotPath } from "../model/lake-paths.ts";
import type { SnapshotFile } from "../model/snapshot.ts";
import type { Objects } from "../objects/objects.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import { Permanent } from "../std/errors.ts";
import {
  listTables,
  publishSnapshot,
  readPointer,
  readSnapshot,
  type SnapshotChange,
} from "./snapshots.ts";

let folder: string;
let objects: Objects;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "onpoint-snapshots-"));
  objects = await openFileObjects(pathToFileURL(folder).href);
});
afterEach(async () => {
  await objects.close();
  await rm(folder, { recursive: true, force: true });
});

const fileOf = (name: string, run = "r1", sha256 = "0".repeat(64)): SnapshotFile => ({
  path: `parts/t/dt=2026-01-01/${name}.parquet`,
  rows: 10,
  sizeBytes: 100,
  sha256,
  partition: { dt: "2026-01-01" },
  run,
  date: "2026-01-01",
  task: name,
  source: "s",
});
const change = (add: SnapshotFile[], more: Partial<SnapshotChange> = {}): SnapshotChange => ({
  table: "t",
  kind: "parts",
  columns: [{ name: "id", type: "BIGINT" }],
  by: "r1",
  replace: () => false,
  add,
  now: "2026-01-01T00:00:00.000Z",
  ...more,
});
const names = (files: SnapshotFile[] | undefined) => files?.map(({ task }) => task);

describe("snapshots", () => {
  it("are null for a table that was never published", async () => {
    expect(await readPointer(objects, "t")).toBeNull();
    expect(await readSnapshot(objects, "t")).toBeNull();
    expect(await listTables(objects)).toEqual([]);
  });

  it("start at 1 and are what the pointer names", async () => {
    const snapshot = await publishSnapshot(objects, change([fileOf("b"), fileOf("a")]));
    expect(snapshot).toMatchObject({ version: 1, rows: 20, sizeBytes: 200, createdBy: "r1" });
    expect(names(snapshot.files)).toEqual(["a", "b"]);
    expect(await readSnapshot(objects, "t")).toEqual(snapshot);
    const found = await readPointer(objects, "t");
    expect(found?.pointer).toEqual({ table: "t", version: 1, snapshot: snapshotPath("t", 1) });
  });

  it("replace what they are told to, and keep the rest", async () => {
    await publishSnapshot(objects, change([fileOf("a"), fileOf("old", "r2")]));
    const replace = (file: SnapshotFile) => file.run === "r2";
    const next = await publishSnapshot(objects, change([fileOf("new", "r2")], { replace }));
    expect(next.version).toBe(2);
    expect(names(next.files)).toEqual(["a", "new"]);
  });

  it("name no path twice: the file that is added counts", async () => {
    await publishSnapshot(objects, change([fileOf("a")]));
    const again = fileOf("a", "r2", "1".repeat(64));
    const next = await publishSnapshot(objects, change([again]));
    expect(next.files).toEqual([again]);
  });

  it("stay as they are when the file list does", async () => {
    const first = await publishSnapshot(objects, change([fileOf("a"), fileOf("b")]));
    const replace = (file: SnapshotFile) => file.run === "r1";
    const add = [fileOf("b"), fileOf("a")];
    const columns = [{ name: "older", type: "BIGINT" }];
    const again = await publishSnapshot(objects, change(add, { replace, columns, now: "later" }));
    expect(again).toEqual(first);
    expect(await objects.head(snapshotPath("t", 2))).toBeNull();
  });

  it("show a table without rows, with its newest columns", async () => {
    const empty = await publishSnapshot(objects, change([], { columns: [] }));
    expect(empty).toMatchObject({ version: 1, rows: 0, files: [] });
    expect(await publishSnapshot(objects, change([]))).toMatchObject({ version: 2, files: [] });
    expect(await publishSnapshot(objects, change([]))).toMatchObject({ version: 2, files: [] });
  });

  it("step over a number that a dead publisher took, and take up one that is the same", async () => {
    await publishSnapshot(objects, change([fileOf("a")]));
    await objects.put(snapshotPath("t", 2), "{}");
    expect((await publishSnapshot(objects, change([fileOf("b")]))).version).toBe(3);
    const { body } = await objects.get(snapshotPath("t", 3));
    // As if the publisher of 3 had died before it moved the pointer.
    await objects.put(
      pointerPath("t"),
      JSON.stringify({ table: "t", version: 1, snapshot: snapshotPath("t", 1) }),
    );
    await objects.delete(snapshotPath("t", 2));
    await objects.put(
      snapshotPath("t", 2),
      body.toString().replace('"version": 3', '"version": 2'),
    );
    expect((await publishSnapshot(objects, change([fileOf("b")]))).version).toBe(2);
    expect((await readPointer(objects, "t"))?.pointer.version).toBe(2);
  });

  it("lose nothing that one of 10 publishers at once adds", async () => {
    const clients = await Promise.all(
      Array.from({ length: 10 }, () => openFileObjects(objects.url)),
    );
    const tasks = clients.map((_, i) => `task-${i}`);
    await Promise.all(
      clients.map((client, i) =>
        publishSnapshot(client, change([fileOf(`task-${i}`, `r${i}`)], { by: `r${i}` })),
      ),
    );
    expect(names((await readSnapshot(objects, "t"))?.files)).toEqual(tasks);
    await Promise.all(clients.map((client) => client.close()));
  });

  it("agree when 10 publishers at once say the same", async () => {
    const same = Array.from({ length: 10 }, () => publishSnapshot(objects, change([fileOf("a")])));
    expect((await Promise.all(same)).map(({ version }) => version)).toEqual(Array(10).fill(1));
    expect(await objects.head(snapshotPath("t", 2))).toBeNull();
  });

  it("say which one is missing", async () => {
    await publishSnapshot(objects, change([fileOf("a")]));
    await objects.delete(snapshotPath("t", 1));
    await expect(readSnapshot(objects, "t")).rejects.toThrow(Permanent);
    await expect(readSnapshot(objects, "t")).rejects.toThrow(snapshotPath("t", 1));
  });

  it("are listed by table", async () => {
    for (const table of ["b", "a-b", "a"]) await publishSnapshot(objects, change([], { table }));
    await objects.put(snapshotPath("unpublished", 1), "{}");
    expect(await listTables(objects)).toEqual(["a", "a-b", "b"]);
  });
});
