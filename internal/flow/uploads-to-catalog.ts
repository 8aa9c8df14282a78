// Stage catalog: what a run made in, what readers see out. Run by the coordinator when everything before it is done: each
// table's pointer moves once, from the snapshot without this run's files to the one with them.
import { publishSnapshot } from "../catalog/snapshots.ts";
import type { ActiveRun } from "../model/active-run.ts";
import type { Snapshot, SnapshotFile } from "../model/snapshot.ts";
import type { TableColumn } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";

/** A table as a run leaves it. `isReplaced`: files of the published snapshot that give way to `files`. */
export type TableResult = {
  table: string;
  kind: Snapshot["kind"];
  isReplaced: (file: SnapshotFile) => boolean;
  columns: TableColumn[];
  files: SnapshotFile[];
};

/** Publishes in every catalog: the lake's, and the upload target's when files were really sent there. */
export async function uploadsToCatalog(
  catalogs: readonly Objects[],
  run: ActiveRun,
  results: readonly TableResult[],
  now: string,
): Promise<Snapshot[]> {
  const published: Snapshot[] = [];
  for (const objects of catalogs) {
    for (const { table, kind, isReplaced, columns, files } of results) {
      const snapshot = await publishSnapshot(objects, {
        table,
        kind,
        columns,
        by: run.token,
        replace: isReplaced,
        add: files,
        now,
      });
      if (objects === catalogs[0]) published.push(snapshot);
    }
  }
  return published;
}
