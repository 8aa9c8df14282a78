// A table with a key after a quarantine replay: rows were added to it as they are; here each key is in one row again.
//
// Rows that are published without a merge take the key from the snapshot, and only a merge brings it back: a replay that is cut
// off between the two leaves a table of which the next replay, or the next run, searches all files.
import { Outrun, publishSnapshot, readSnapshot } from "../catalog/snapshots.ts";
import { isKeyedBy, planMerge } from "../etl/plan-merges.ts";
import type { TableKey } from "../model/pipeline.ts";
import type { Objects } from "../objects/objects.ts";
import { parquetToNewest } from "./parquet-to-newest.ts";
import { cutFiles } from "./table-results.ts";

/** `scratch`: a folder of its own. */
export type MergeReplayedDeps = {
  lake: Objects;
  scratch: string;
  memoryLimitMb: number;
  now: string;
  signal: AbortSignal;
};

/**
 * Merges a table that was published without its key, and gives how many rows gave way. A replayed row is as old as the run that
 * it is of. Does it anew when another publisher was there before, which changed something each time. Throws as a merge does.
 */
export async function mergeReplayed(
  deps: MergeReplayedDeps,
  table: string,
  key: TableKey,
): Promise<number> {
  const { lake, now, signal } = deps;
  for (;;) {
    signal.throwIfAborted();
    const published = await readSnapshot(lake, table);
    if (published === null || isKeyedBy(published, key)) return 0;
    const task = planMerge(table, key, published.columns, [], published, () => true);
    const { merged } = task === null ? {} : await parquetToNewest(deps, task, { lake, signal });
    const cut = new Set(merged?.files.map(({ from }) => from));
    try {
      await publishSnapshot(lake, {
        table,
        kind: "parts",
        columns: published.columns,
        key: [...key.columns],
        expected: published.version,
        by: "quarantine replay",
        now,
        replace: ({ path }) => cut.has(path),
        add: (current) =>
          cutFiles(
            current.filter(({ path }) => cut.has(path)),
            merged ?? null,
          ),
      });
      return merged?.updated ?? 0;
    } catch (error) {
      if (!(error instanceof Outrun)) throw error;
    }
  }
}
