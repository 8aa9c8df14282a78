// From a command line to a run: reads the pipeline, settles run id, date and lake. The same for `onpoint run` and the
// coordinator's pod.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { RunRequest } from "../internal/catalog/open-run.ts";
import type { Pipeline } from "../internal/model/pipeline.ts";
import { isRunId } from "../internal/model/run.ts";
import { namesOf } from "../internal/pipeline/chosen-sources.ts";
import { UsageError } from "../internal/std/errors.ts";
import { readPipeline } from "./read-pipeline.ts";

export type RunOptions = {
  date?: string;
  runId?: string;
  lake?: string;
  simulate?: boolean;
  only?: string;
  force?: boolean;
  fullRefresh?: boolean;
  /** Of a coordinator: the window of a backfill, `YYYY-MM-DD..YYYY-MM-DD`, the second day not included. */
  days?: string;
};

export type PreparedRun = {
  pipeline: Pipeline;
  /** The pipeline file's text as written. */
  text: string;
  lake: string;
  request: RunRequest;
};

/** Throws UsageError for anything the user must change. */
export async function prepareRun(
  path: string,
  options: RunOptions,
  config: string | null,
  lakeSetting: string | null,
): Promise<PreparedRun> {
  const cwd = process.cwd();
  const pipeline = await readPipeline(path, { configFile: config, env: process.env, cwd });
  const date = options.date ?? new Date().toISOString().slice(0, 10);
  checkDate(date, "--date");
  const run = options.runId ?? `${pipeline.name}-${date}`;
  if (!isRunId(run)) {
    throw new UsageError(
      `"${run}" cannot be a run id`,
      "--run-id",
      "use letters, digits, - and _, 100 at most, not ending in _g and a number",
    );
  }
  const only =
    options.only === undefined
      ? null
      : options.only
          .split(",")
          .map((name) => name.trim())
          .filter((name) => name !== "");
  checkOnly(only, pipeline);
  const request = {
    run,
    pipeline: pipeline.name,
    date,
    only,
    simulate: options.simulate ?? false,
    force: options.force ?? false,
    window: windowOf(options.days),
    refresh: options.fullRefresh ?? false,
  };
  const given = options.lake ?? lakeSetting;
  const lake = given === null ? pipeline.lake : lakeUrl(given, cwd);
  return { pipeline, text: await readFile(pipeline.file, "utf8"), lake, request };
}

/** Throws UsageError for what is no day of the calendar, written YYYY-MM-DD. */
export function checkDate(date: string, option: string): void {
  if (
    !/^\d{4}-\d\d-\d\d$/.test(date) ||
    Number.isNaN(Date.parse(date)) ||
    new Date(date).toISOString().slice(0, 10) !== date
  )
    throw new UsageError(`"${date}" is not a date`, option, "write it as YYYY-MM-DD");
}

function windowOf(days: string | undefined): RunRequest["window"] {
  if (days === undefined) return null;
  const [from = "", until = ""] = days.split("..");
  checkDate(from, "--days");
  checkDate(until, "--days");
  return { from, until };
}

/** Lake URL of a `--lake` option: relative to the working directory. */
export function lakeUrl(given: string, cwd: string): string {
  if (given.startsWith("s3://")) return given.replace(/\/+$/, "");
  const path = given.replace(/^file:(\/\/(?=\/))?/, "");
  if (/^[a-z][a-z0-9+.-]+:/i.test(path)) {
    throw new UsageError(
      `"${given}" is not a lake`,
      "--lake",
      "write file:PATH or s3://BUCKET/PREFIX",
    );
  }
  return pathToFileURL(resolve(cwd, path)).href.replace(/\/+$/, "");
}

function checkOnly(only: readonly string[] | null, pipeline: Pipeline): void {
  const known = new Set(["etl", ...pipeline.sources.flatMap(namesOf)]);
  const unknown = only?.filter((name) => !known.has(name)) ?? [];
  if (unknown.length > 0) {
    throw new UsageError(
      `"${unknown.join('", "')}" is not in the pipeline`,
      "--only",
      `names there are: ${[...known].sort().join(", ")}`,
    );
  }
}
