// Starting, resuming and ending a run in its manifest. The states are at the type (model/run.ts); they change here only.
import type { RunManifest, RunReport } from "../model/run.ts";
import { type Objects, PreconditionFailed } from "../objects/objects.ts";
import { readManifest, writeManifest } from "./run-manifest.ts";

export type RunRequest = {
  run: string;
  pipeline: string;
  date: string;
  only: string[] | null;
  simulate: boolean;
  force: boolean;
};

/** `finished`: nothing is to be done. Otherwise the run is `running` from now on. */
export type OpenedRun = { kind: "finished" | "resumed" | "started"; manifest: RunManifest };

/** Opens a run: a new one is started, an unfinished or failed one resumed, a finished one only with `force` (as its next generation). */
export async function openRun(lake: Objects, request: RunRequest, now: string): Promise<OpenedRun> {
  for (;;) {
    const found = await readManifest(lake, request.run);
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
export async function endRun(lake: Objects, run: string, generation: number, report: RunReport, now: string): Promise<void> {
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
  if (found !== null) await writeManifest(lake, { ...found.manifest, state: "running", endedAt: null }, found.etag);
}

function next(known: RunManifest | null, request: RunRequest, now: string): OpenedRun {
  const { run, pipeline, date, only, simulate, force } = request;
  if (known === null) {
    const manifest: RunManifest = { run, pipeline, date, generation: 1, state: "running", startedAt: now, endedAt: null, only, simulate, report: null };
    return { kind: "started", manifest };
  }
  const isFinal = known.state === "done" || known.state === "rejects";
  const isCovered = known.only === null || (only !== null && only.every((name) => known.only?.includes(name)));
  if (force && known.state !== "running") {
    const manifest: RunManifest = { ...known, generation: known.generation + 1, state: "running", startedAt: now, endedAt: null, only, simulate, report: null };
    return { kind: "started", manifest };
  }
  if (isFinal && isCovered && known.simulate === simulate) return { kind: "finished", manifest: known };
  const wider = only === null || known.only === null ? null : [...new Set([...known.only, ...only])];
  return { kind: "resumed", manifest: { ...known, state: "running", endedAt: null, only: wider, simulate } };
}
