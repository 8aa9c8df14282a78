// The lake that a command reads: the one it names, else the environment's, else that of the last `onpoint run`.
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { listRuns, readManifest } from "../internal/catalog/run-manifest.ts";
import { isRunId, type RunManifest } from "../internal/model/run.ts";
import type { Objects } from "../internal/objects/objects.ts";
import { openObjects } from "../internal/objects/open-objects.ts";
import { readSettings, type Settings } from "../internal/pod/settings.ts";
import { UsageError } from "../internal/std/errors.ts";
import { nearestName } from "../internal/std/nearest-name.ts";
import { s3Options } from "./open-pod.ts";
import { lakeUrl } from "./prepare-run.ts";

export type LakeOptions = { lake?: string };

/** `lastRun`: the last run of `onpoint run` on this machine, when it went into this lake. */
export type OpenLake = { objects: Objects; lastRun: string | null; settings: Settings };

type Last = { lake: string; run: string };

/** Opens the lake for `body` and closes it. Throws UsageError when no lake is named and no run was made here. */
export async function withLake<T>(
  options: LakeOptions,
  body: (lake: OpenLake) => Promise<T>,
): Promise<T> {
  const settings = readSettings(process.env);
  const last = await readLast(settings);
  const given = options.lake ?? settings.lake;
  const url = given === null ? last?.lake : lakeUrl(given, process.cwd());
  if (url === undefined) {
    const what = "no lake is named, and nothing was run here yet";
    throw new UsageError(
      what,
      "--lake",
      "give --lake URL, set ONPOINT_LAKE, or `onpoint run` a pipeline first",
    );
  }
  const objects = await openObjects(url, s3Options(settings));
  try {
    return await body({ objects, lastRun: last?.lake === url ? last.run : null, settings });
  } finally {
    await objects.close();
  }
}

/** The manifest of `run`; without one, of the last run here, else of the lake's newest. Throws UsageError. */
export async function findRun(
  { objects, lastRun }: OpenLake,
  run: string | undefined,
): Promise<RunManifest> {
  const wanted = run ?? lastRun;
  const found = wanted === null || !isRunId(wanted) ? null : await readManifest(objects, wanted);
  if (found !== null) return found.manifest;
  const runs = await listRuns(objects);
  const newest = runs[0];
  if (newest === undefined)
    throw new UsageError(
      "there are no runs",
      objects.url,
      "`onpoint run` a pipeline first, or give another --lake",
    );
  if (run === undefined) return newest;
  throw unknownRun(
    run,
    runs.map((manifest) => manifest.run),
    objects.url,
  );
}

function unknownRun(run: string, runs: readonly string[], lake: string): UsageError {
  const nearest = nearestName(run, runs);
  const hint = nearest === null ? "" : `did you mean ${nearest}? `;
  const shown = runs.slice(0, 10).join(", ");
  const more = runs.length > 10 ? `, and ${runs.length - 10} older ones` : "";
  return new UsageError(`there is no run "${run}"`, lake, `${hint}runs there are: ${shown}${more}`);
}

async function readLast(settings: Settings): Promise<Last | null> {
  const file = resolve(join(settings.state, "last.json"));
  try {
    const { lake, run } = JSON.parse(await readFile(file, "utf8")) as Partial<Last>;
    return typeof lake === "string" && typeof run === "string" ? { lake, run } : null;
  } catch (error) {
    // A file cut off by a crash says as little as none.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT")
      return null;
    throw lastUnreadable(file, error);
  }
}

function lastUnreadable(file: string, cause: unknown): UsageError {
  const fix = "give --lake URL, or correct ONPOINT_STATE";
  return new UsageError("the last run cannot be looked up", file, fix, { cause });
}
