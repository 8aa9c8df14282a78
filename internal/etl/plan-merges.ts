// Whether the files of a run must be merged into their table by its key, and in which order they count. Pure: the same files
// give the same task with the same name.
import { createHash } from "node:crypto";
import type { TableKey } from "../model/pipeline.ts";
import type { Snapshot, SnapshotFile } from "../model/snapshot.ts";
import type { MergeTask, PartFile, TableColumn } from "../model/task.ts";

/** Part of a merge's name: a change of what it makes of the same files must change it. */
const mergeVersion = 1;

/**
 * The merge of one table: `own` files of the run from the first to the last read, into those of `published` that stay. A table
 * that was not published with this key is searched whole, even by a run that wrote nothing. Null when there is nothing to
 * search.
 */
export function planMerge(
  table: string,
  key: TableKey,
  columns: TableColumn[],
  own: readonly PartFile[],
  published: Snapshot | null,
  stays: (file: SnapshotFile) => boolean,
): MergeTask | null {
  const isKeyed = isKeyedBy(published, key);
  const ownPaths = new Set(own.map(({ path }) => path));
  const old = (published?.files ?? [])
    .filter((file) => stays(file) && !ownPaths.has(file.path))
    .sort((a, b) => order(a.date, b.date) || order(a.run, b.run) || order(a.path, b.path))
    .map(({ path, rows }) => ({ path, rows, isNew: !isKeyed, isOwn: false }));
  const fresh = own.map(({ path, rows }) => ({ path, rows, isNew: true, isOwn: true }));
  const files = [...old, ...fresh];
  if (!files.some(({ isNew }) => isNew)) return null;
  const hash = createHash("sha256").update(JSON.stringify([mergeVersion, key, columns, files]));
  const task = `${table}-by-key-${hash.digest("hex").slice(0, 16)}`;
  return { stage: "etl", task, table, key, columns, files };
}

/** Whether the snapshot says that no two of its rows have the same key. */
export function isKeyedBy(published: Snapshot | null, key: TableKey): boolean {
  return JSON.stringify(published?.key ?? null) === JSON.stringify(key.columns);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
