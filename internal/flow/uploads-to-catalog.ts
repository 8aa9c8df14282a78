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
  /** Of a table with a key: its columns, and the version of the snapshot that the files were merged into; 0: none. */
  merged?: { key: string[]; expected: number };
  files: SnapshotFile[];
};

/**
 * Publishes in every catalog: the lake's, and the upload target's when files were really sent there. Throws Outrun when a
 * table with a key has got rows that this run's were not compared with.
 */
export async function uploadsToCatalog(
  catalogs: readonly Objects[],
  run: ActiveRun,
  results: readonly TableResult[],
  now: string,
): Promise<Snapshot[]> {
  const published: Snapshot[] = [];
  for (const objects of catalogs) {
    const isLake = objects === catalogs[0];
    for (const { table, kind, isReplaced, columns, merged, files } of results) {
      const snapshot = await publishSnapshot(objects, {
        table,
        kind,
        columns,
        ...(merged === undefined ? {} : { key: merged.key }),
        // A copy follows the lake, whatever it missed.
        ...(merged === undefined || !isLake ? {} : { expected: merged.expected }),
        by: run.token,
        replace: isReplaced,
        add: files,
        now,
      });
      if (isLake) published.push(snapshot);
    }
  }
  return published;
}
