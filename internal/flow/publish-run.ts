// A run becomes visible: its tables in the catalogs, then what it learned for the next run. All of it can be done again.
import { Outrun } from "../catalog/snapshots.ts";
import type { UploadTask } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import { type KnownDeps, publishKnown } from "./publish-known.ts";
import type { RunView } from "./run-view.ts";
import { type TableResult, uploadsToCatalog } from "./uploads-to-catalog.ts";

export type PublishDeps = KnownDeps & { openTarget: (url: string) => Promise<Objects> };

/** Gives false when a table must be merged anew first: another run has published it meanwhile. */
export async function publishRun(
  deps: PublishDeps,
  results: readonly TableResult[],
  uploads: readonly UploadTask[],
  view: RunView,
  signal: AbortSignal,
): Promise<boolean> {
  const sent = uploads.find((task) => !task.simulate);
  const target = sent === undefined ? null : await deps.openTarget(sent.to);
  const now = new Date().toISOString();
  try {
    await uploadsToCatalog([deps.lake, ...(target ? [target] : [])], deps.run, results, now);
  } catch (error) {
    if (error instanceof Outrun) return false;
    throw error;
  } finally {
    await target?.close();
  }
  await publishKnown(deps, view, signal);
  return true;
}
