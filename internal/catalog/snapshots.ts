// What readers of a table see: immutable snapshots, and one pointer to the current one, moved by compare-and-swap.
//
// A publisher that dies between the two writes leaves a snapshot that nobody points at; later ones take the next number.
import { pointerPath, snapshotPath, tablesFolder } from "../model/lake-paths.ts";
import type { Snapshot, SnapshotFile, SnapshotPointer } from "../model/snapshot.ts";
import { compareBytes } from "../objects/object-path.ts";
import type { Objects } from "../objects/objects.ts";
import { Permanent } from "../std/errors.ts";
import { jsonText, putUnlessLost, readJson, untilWon } from "./compare-and-swap.ts";

/**
 * What a publisher changes: the files for which `replace` is true go, those of `add` come, which may depend on the files
 * that are there. `now`: ISO 8601, UTC.
 */
export type SnapshotChange = {
  table: string;
  kind: Snapshot["kind"];
  columns: Snapshot["columns"];
  by: string;
  /** Columns by which no two rows will be the same. */
  key?: string[];
  /** Of the snapshot that the change was made for; 0: of none. Absent: of any. */
  expected?: number;
  replace: (file: SnapshotFile) => boolean;
  add: SnapshotFile[] | ((current: readonly SnapshotFile[]) => SnapshotFile[]);
  now: string;
};

/** Another publisher was there before: what is to be published must be made anew from what there is now. */
export class Outrun extends Error {
  override name = "Outrun";
}

/** The table's pointer and its etag; null for a table that was never published. */
export async function readPointer(
  objects: Objects,
  table: string,
): Promise<{ pointer: SnapshotPointer; etag: string } | null> {
  const found = await readJson(objects, pointerPath(table));
  return found && { pointer: found.value as SnapshotPointer, etag: found.etag };
}

/** The table's current snapshot; null for a table that was never published. */
export async function readSnapshot(objects: Objects, table: string): Promise<Snapshot | null> {
  return (await readCurrent(objects, table))?.snapshot ?? null;
}

/** Names of all published tables, sorted. */
export async function listTables(objects: Objects): Promise<string[]> {
  const tables: string[] = [];
  for await (const { path } of objects.list(tablesFolder)) {
    const [table, name, ...rest] = path.slice(tablesFolder.length).split("/");
    if (table !== undefined && name === "current.json" && rest.length === 0) tables.push(table);
  }
  return tables.sort(compareBytes);
}

/**
 * Makes the change and returns the snapshot that has it: the current one when the file list stays as it is. No change of
 * another publisher is lost; `replace` is called again for what they added. A file of `add` takes the place of one with
 * the same path. Throws Outrun when the current snapshot is not the `expected` one.
 */
export async function publishSnapshot(objects: Objects, change: SnapshotChange): Promise<Snapshot> {
  return untilWon(`publish table "${change.table}"`, async () => {
    const current = await readCurrent(objects, change.table);
    const files = filesAfter(current?.snapshot.files ?? [], change);
    if (current && isSame(current.snapshot, files, change)) return current.snapshot;
    if (change.expected !== undefined && change.expected !== (current?.version ?? 0))
      throw new Outrun(`publish table "${change.table}": another run published it meanwhile`);
    const snapshot = await writeSnapshot(objects, change, files, (current?.version ?? 0) + 1);
    const pointer: SnapshotPointer = {
      table: change.table,
      version: snapshot.version,
      snapshot: snapshotPath(change.table, snapshot.version),
    };
    const expected = current ? { ifMatch: current.etag } : { ifAbsent: true };
    const path = pointerPath(change.table);
    const moved = await putUnlessLost(objects, path, jsonText(pointer), expected);
    return moved === null ? null : snapshot;
  });
}

type Current = { snapshot: Snapshot; version: number; etag: string };

async function readCurrent(objects: Objects, table: string): Promise<Current | null> {
  let missing = "";
  for (;;) {
    const found = await readPointer(objects, table);
    if (!found) return null;
    const { pointer, etag } = found;
    const snapshot = await readJson(objects, pointer.snapshot);
    if (snapshot) return { snapshot: snapshot.value as Snapshot, version: pointer.version, etag };
    // Swept after the pointer moved on; a pointer that did not move points at nothing.
    if (missing === pointer.snapshot) {
      throw new Permanent(`read table "${table}": its snapshot "${pointer.snapshot}" is missing`);
    }
    missing = pointer.snapshot;
  }
}

function filesAfter(old: SnapshotFile[], change: SnapshotChange): SnapshotFile[] {
  const byPath = new Map<string, SnapshotFile>();
  for (const file of old) if (!change.replace(file)) byPath.set(file.path, file);
  const added = typeof change.add === "function" ? change.add(old) : change.add;
  for (const file of added) byPath.set(file.path, file);
  return [...byPath.values()].sort((a, b) => compareBytes(a.path, b.path));
}

/** Columns count only while there are no files: a late publisher with nothing to add must not turn them back. */
function isSame(current: Snapshot, files: SnapshotFile[], change: SnapshotChange): boolean {
  if (current.files.length !== files.length) return false;
  if (JSON.stringify(current.key) !== JSON.stringify(change.key)) return false;
  if (files.length === 0) return columnsText(current.columns) === columnsText(change.columns);
  return files.every((file, i) => identityOf(file) === identityOf(current.files[i]));
}

function columnsText(columns: Snapshot["columns"]): string {
  return JSON.stringify(columns.map(({ name, type }) => [name, type]));
}

function identityOf(file: SnapshotFile | undefined): string {
  return JSON.stringify(
    file && [file.path, file.sha256, file.sizeBytes, file.rows, file.run, file.date, file.task],
  );
}

/** Writes the snapshot under the first free number from `version` on. */
async function writeSnapshot(
  objects: Objects,
  change: SnapshotChange,
  files: SnapshotFile[],
  version: number,
): Promise<Snapshot> {
  for (let next = version; ; next++) {
    const snapshot: Snapshot = {
      table: change.table,
      kind: change.kind,
      version: next,
      createdAt: change.now,
      createdBy: change.by,
      columns: change.columns,
      ...(change.key === undefined ? {} : { key: change.key }),
      rows: files.reduce((sum, file) => sum + file.rows, 0),
      sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
      files,
    };
    const path = snapshotPath(change.table, next);
    const text = jsonText(snapshot);
    if ((await putUnlessLost(objects, path, text, { ifAbsent: true })) !== null) return snapshot;
    const taken = await readJson(objects, path);
    if (taken && jsonText(taken.value) === text) return snapshot;
  }
}
