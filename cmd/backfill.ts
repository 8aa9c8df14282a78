// `onpoint run --from --to`: days that were missed, in windows that are runs of their own. One after the other, so that all of
// them together ask no faster than one; what one comes to says nothing of the others.

import type { Source } from "../internal/model/pipeline.ts";
import { chosenSources } from "../internal/pipeline/chosen-sources.ts";
import { durationMs } from "../internal/pipeline/duration.ts";
import { exitCodeOf, explain } from "../internal/pod/exit-code.ts";
import { readSettings } from "../internal/pod/settings.ts";
import { asWritten, daysIn, type Window, windowsOf } from "../internal/recrawl/window.ts";
import { UsageError } from "../internal/std/errors.ts";
import type { CommandResult } from "./command-result.ts";
import { checkDate, prepareRun, type RunOptions } from "./prepare-run.ts";

export type BackfillDays = {
  from: string | undefined;
  to: string | undefined;
  window: string | undefined;
};

/** Exit codes from good to bad; others (a signal, a lost lease, an error) are worse than all of these. */
const badness = [0, 3, 1];
const dayMs = 86_400_000;

/**
 * Runs each window by `runOne`; one that is done is not run again. JSON: `{ windows: [...reports], exitCode }`, the worst of them.
 * Stops early only when told to. Throws UsageError, before anything is run, for what the user must change.
 */
export async function backfill<Options extends RunOptions>(
  path: string,
  days: BackfillDays,
  options: Options,
  runOne: (path: string, options: Options) => Promise<CommandResult>,
): Promise<CommandResult> {
  // 1. The windows, and whether the sources can be asked for them.
  const windows = windowsIn(days);
  if (options.date !== undefined || options.fullRefresh)
    throw new UsageError(
      "--from is given beside --date or --full-refresh",
      "--from",
      "a window has its own date, and is read as it is",
    );
  const settings = readSettings(process.env);
  const { pipeline, request } = await prepareRun(path, options, settings.config, settings.lake);
  for (const source of chosenSources(pipeline, request.only)) checkSource(source);
  // 2. One after the other.
  const results: { window: Window; result: CommandResult }[] = [];
  for (const window of windows) {
    const result = await attempt(() =>
      runOne(path, {
        ...options,
        runId: runIdOf(options.runId ?? `${pipeline.name}-backfill`, window),
        date: window.from,
        days: `${window.from}..${window.until}`,
      }),
    );
    results.push({ window, result });
    if (result.exitCode >= 128) break;
  }
  // 3. What they came to.
  const exitCode = results.map(({ result }) => result.exitCode).reduce(worse, 0);
  const lines = results.map(({ window, result }) => `${shown(window)}\n${result.text}`);
  const left = windows.length - results.length;
  if (left > 0) lines.push(`${left} windows were not begun; the same command goes on from here`);
  return {
    text: lines.join("\n"),
    json: {
      windows: results.map(({ window, result }) => ({ window, ...Object(result.json) })),
      exitCode,
    },
    exitCode,
  };
}

function windowsIn({ from, to, window = "1d" }: BackfillDays): Window[] {
  if (from === undefined || to === undefined)
    throw new UsageError(
      `${from === undefined ? "--from" : "--to"} is missing`,
      "a backfill",
      "give --from and --to: the first and the last day",
    );
  checkDate(from, "--from");
  checkDate(to, "--to");
  const ms = durationMs(window);
  if (ms === null || ms === 0 || ms % dayMs !== 0)
    throw new UsageError(`"${window}" is no number of days`, "--window", "write 1d, 7d or 4w");
  return windowsOf(from, to, ms / dayMs);
}

/** What is read for a window must end where the window does, or each would read the same again. */
function checkSource(source: Source): void {
  if (source.kind === "api" && source.each !== null) return;
  const incremental = source.kind === "api" ? source.incremental : null;
  const where = `source ${source.name}`;
  if (incremental === null)
    throw new UsageError("it cannot be read by windows", where, "name the others with --only");
  if (incremental.until === null)
    throw new UsageError(
      "incremental has no until, the parameter that carries the end of a window",
      where,
      "add until: NAME, or name the other sources with --only",
    );
  if (asWritten("2026-01-01", incremental.start) === null)
    throw new UsageError(
      `incremental.start "${incremental.start}" shows no form of dates`,
      where,
      "write 2026-01-01, 2026-01-01T00:00:00Z, or seconds or milliseconds since 1970",
    );
}

async function attempt(run: () => Promise<CommandResult>): Promise<CommandResult> {
  try {
    return await run();
  } catch (error) {
    const exitCode = exitCodeOf(error);
    const text = explain(error);
    return { text, json: { error: text, exitCode }, exitCode };
  }
}

/** The window's first day, and its days when they are more than one. */
function runIdOf(prefix: string, window: Window): string {
  const days = daysIn(window);
  return `${prefix}-${window.from}${days === 1 ? "" : `-${days}d`}`;
}

const shown = ({ from, until }: Window) => `from ${from} until ${until}:`;

function worse(a: number, b: number): number {
  const rank = (code: number) => (badness.includes(code) ? badness.indexOf(code) : badness.length);
  return rank(b) > rank(a) ? b : a;
}
