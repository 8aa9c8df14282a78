// How far a running run has come, as its coordinator last wrote it down.
import { progressPath } from "../internal/model/lake-paths.ts";
import type { RunManifest, RunReport } from "../internal/model/run.ts";
import { NotFound, type Objects } from "../internal/objects/objects.ts";

export type SavedProgress = { report: RunReport; savedMs: number };

/** Null for a run that is not running, or has not written anything down since it was started. */
export async function readProgress(
  lake: Objects,
  { run, state, startedAt }: RunManifest,
): Promise<SavedProgress | null> {
  if (state !== "running") return null;
  const path = progressPath(run);
  const info = await lake.head(path);
  if (info === null || info.modifiedMs < Date.parse(startedAt)) return null;
  try {
    const { body } = await lake.get(path);
    return { report: JSON.parse(body.toString("utf8")) as RunReport, savedMs: info.modifiedMs };
  } catch (error) {
    if (error instanceof NotFound) return null;
    throw error;
  }
}
