// A run: one execution of a pipeline for a date, and what is known about it from outside.
import type { CheckOutcome } from "./table-check.ts";

/**
 * States of a run. `running` -> `done` | `rejects` | `failed`. `failed` -> `running` when it is asked for again;
 * `done` and `rejects` are final (a `--force` starts the next generation of the run, at `running`).
 */
export type RunState = "running" | "done" | "rejects" | "failed";

export const stageNames = [
  "targets",
  "crawl",
  "batch",
  "process",
  "etl",
  "upload",
  "catalog",
  "notice",
] as const;
export type StageName = (typeof stageNames)[number];

/** Counts of the tasks of one stage. `retries`: attempts beyond the first, over all tasks. */
export type StageCounts = { tasks: number; done: number; dead: number; retries: number };
export type SourceCounts = {
  requests: number;
  pages: number;
  records: number;
  bytes: number;
  rawFiles: number;
  dead: number;
  /** Links left to a later run; older reports have none. */
  deferred?: number;
};
/**
 * `discarded`: rows left out by the contract `discard_row`. `replaced`: rows of the run that gave way to later ones of the same
 * key; `updated`: rows of earlier runs that did. Older reports have none of these.
 */
export type TableCounts = {
  rows: number;
  quarantined: number;
  discarded?: number;
  replaced?: number;
  updated?: number;
  files: number;
  bytes: number;
};
export type UploadCounts = { files: number; bytes: number; simulated: boolean };

/** What `onpoint run --json` ends with, and what the run manifest keeps. */
export type RunReport = {
  run: string;
  pipeline: string;
  date: string;
  state: RunState;
  exitCode: number;
  seconds: number;
  stages: Partial<Record<StageName, StageCounts>>;
  sources: Record<string, SourceCounts>;
  tables: Record<string, TableCounts>;
  uploads: UploadCounts;
  /** Quality checks, once the run's tables are complete; older reports have none. */
  checks?: CheckOutcome[];
  /** Why the run failed, one line each. */
  errors: string[];
};

/** `<lake>/_onpoint/runs/<run>/manifest.json`: the run as a whole; moved by compare-and-swap. */
export type RunManifest = {
  run: string;
  pipeline: string;
  date: string;
  /** 1, and one more for each `--force`. Receipts and subjects of generation N carry {@link runToken}. */
  generation: number;
  state: RunState;
  startedAt: string;
  endedAt: string | null;
  /** Names (`--only`) that the run's generations cover together; null: everything. */
  only: string[] | null;
  /** Names that this generation is about; null: everything. */
  scope: string[] | null;
  simulate: boolean;
  /** Days of a backfill; and whether all was read from the start: as in ActiveRun. */
  window?: { from: string; until: string };
  refresh?: boolean;
  report: RunReport | null;
};

/** The name of one generation of a run in subjects, keys and paths: `[A-Za-z0-9_-]+`. */
export function runToken(run: string, generation: number): string {
  return generation <= 1 ? run : `${run}_g${generation}`;
}

/** Whether `run` may be a run id: a subject token, a path segment, not ending like a generation's token. */
export function isRunId(run: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(run) && !/_g\d+$/.test(run);
}
