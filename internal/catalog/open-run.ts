// Starting, resuming and ending a run in its manifest. The states are at the type (model/run.ts); they change here only.
import type { RunManifest, RunReport } from "../model/run.ts";
import { type Objects, PreconditionFailed } from "../objects/objects.ts";
import { UsageError } from "../std/errors.ts";
import { readManifest, writeManifest } from "./run-manifest.ts";

export type RunRequest = {
  run: string;
  pipeline: string;
  date: string;
  only: string[] | null;
  simulate: boolean;
  force: boolean;
  /** Days of a backfill. */
  window: { from: string; until: string } | null;
  /** Everything is read again; a finished run is begun anew. */
  refresh: boolean;
};

/** `finished`: nothing is to be done. Otherwise the run is `running` from now on. */
export type OpenedRun = { kind: "finished" | "resumed" | "started"; manifest: RunManifest };

/** Opens a run: a new one is started, an unfinished or failed one resumed, a finished one only with `force` (as its next generation). */
export async function openRun(lake: Objects, request: RunRequest, now: string): Promise<OpenedRun> {
  for (;;) {
    const found = await readManifest(lake, request.run);
    if (found !== null) {
      checkSameRun(found.manifest, request);
      checkSameKind(found.manifest, request);
    }
    const opened = next(found?.manifest ?? null, request, now);
    if (opened.kind === "finished") return opened;
    try {
      await writeManifest(lake, opened.manifest, found?.etag ?? null);
      return opened;
    } catch (error) {
      if (!(error instanceof PreconditionFailed)) throw error;
    }
  }
}

/** Writes the verdict down. Does nothing when another generation has begun. */
export async function endRun(
  lake: Objects,
  run: string,
  generation: number,
  report: RunReport,
  now: string,
): Promise<void> {
  for (;;) {
    const found = await readManifest(lake, run);
    if (found === null || found.manifest.generation !== generation) return;
    const { state } = report;
    try {
      await writeManifest(lake, { ...found.manifest, state, endedAt: now, report }, found.etag);
      return;
    } catch (error) {
      if (!(error instanceof PreconditionFailed)) throw error;
    }
  }
}

/** Makes a finished run unfinished again: its dead letters are to be tried once more. */
export async function reopenRun(lake: Objects, run: string): Promise<void> {
  const found = await readManifest(lake, run);
  if (found !== null)
    await writeManifest(lake, { ...found.manifest, state: "running", endedAt: null }, found.etag);
}

function next(known: RunManifest | null, request: RunRequest, now: string): OpenedRun {
  const { run, pipeline, date, only, simulate, window, refresh } = request;
  const force = request.force || refresh;
  const fresh = {
    run,
    pipeline,
    date,
    state: "running" as const,
    startedAt: now,
    endedAt: null,
    simulate,
    ...(window === null ? {} : { window }),
    ...(refresh ? { refresh } : {}),
    report: null,
  };
  if (known === null) {
    return { kind: "started", manifest: { ...fresh, generation: 1, only, scope: only } };
  }
  if (force && known.state !== "running") {
    const generation = known.generation + 1;
    // What a failed generation did not finish is not left behind.
    const scope = known.state === "failed" ? union(known.scope, only) : only;
    return {
      kind: "started",
      manifest: { ...fresh, generation, only: union(known.only, only), scope },
    };
  }
  if (isFinished(known, request)) return { kind: "finished", manifest: known };
  const scope = isCovered(known.only, only) ? known.scope : union(known.scope, only);
  const manifest = {
    ...known,
    state: "running" as const,
    endedAt: null,
    only: union(known.only, only),
    scope,
    simulate,
  };
  return { kind: "resumed", manifest };
}

/** Throws UsageError when the run id belongs to another pipeline or another date. */
export function checkSameRun(
  known: RunManifest,
  { run, pipeline, date }: Pick<RunRequest, "run" | "pipeline" | "date">,
): void {
  if (known.pipeline === pipeline && known.date === date) return;
  const what = `run "${run}" is a run of pipeline "${known.pipeline}" for ${known.date}, not of "${pipeline}" for ${date}`;
  throw new UsageError(what, "--run-id", "choose another run id");
}

/** Throws UsageError when an unfinished run would go on as something else. */
function checkSameKind(known: RunManifest, { run, window, refresh }: RunRequest): void {
  if (JSON.stringify(known.window ?? null) !== JSON.stringify(window))
    throw new UsageError(
      `run "${run}" is ${known.window ? `of the days ${known.window.from} to ${known.window.until}` : "no window of a backfill"}`,
      "--run-id",
      "choose another run id",
    );
  if (refresh && !known.refresh && known.state === "running")
    throw new UsageError(
      `run "${run}" is unfinished, and no full refresh`,
      "--full-refresh",
      "let it end first, or choose another --run-id",
    );
}

/** Whether a run has come to an end that asking again does not change. */
export function isFinished(
  manifest: RunManifest,
  request: Pick<RunRequest, "only" | "simulate">,
): boolean {
  const isFinal = manifest.state === "done" || manifest.state === "rejects";
  return (
    isFinal && isCovered(manifest.only, request.only) && manifest.simulate === request.simulate
  );
}

function isCovered(covered: readonly string[] | null, only: readonly string[] | null): boolean {
  return covered === null || (only?.every((name) => covered.includes(name)) ?? false);
}

function union(a: readonly string[] | null, b: readonly string[] | null): string[] | null {
  return a === null || b === null ? null : [...new Set([...a, ...b])];
}
