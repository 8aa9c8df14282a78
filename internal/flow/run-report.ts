// A run in numbers: what `onpoint run --json` prints and the manifest keeps. Pure.
import type { ActiveRun } from "../model/active-run.ts";
import type { RunReport, RunState, SourceCounts, StageCounts, TableCounts } from "../model/run.ts";
import type { CheckOutcome } from "../model/table-check.ts";
import type { TaskReceipt } from "../model/task.ts";
import type { Merges } from "./run-merges.ts";
import type { RunView } from "./run-view.ts";
import { cutFiles } from "./table-results.ts";

export type PlannedCounts = {
  sources: readonly string[];
  shards: number;
  shardsDone: number;
  models: number;
  uploads: number;
  published: number;
  tables: number;
  notices: number;
  noticed: number;
};

/** Receipts of a run's tasks as they are planned now, by stage. */
export type RunReceipts = { process: TaskReceipt[]; etl: TaskReceipt[]; upload: TaskReceipt[] };

/** The report of a run in this state. `errors` say why it failed. */
export function runReport(
  run: ActiveRun,
  pipeline: string,
  state: RunState,
  seconds: number,
  view: RunView,
  { process, etl, upload: uploads }: RunReceipts,
  planned: PlannedCounts,
  merges: Merges,
  errors: string[],
  checks: CheckOutcome[] = [],
): RunReport {
  const crawl = [...view.sources.values()];
  const dead = crawl.reduce((sum, source) => sum + source.dead, 0);
  const retries = crawl.reduce((sum, source) => sum + source.retries, 0);
  const always = (tasks: number, done: number): StageCounts => ({
    tasks,
    done,
    dead: 0,
    retries: 0,
  });
  return {
    run: run.run,
    pipeline,
    date: run.date,
    state,
    exitCode: exitCodeOfState(state),
    seconds: Math.round(seconds * 10) / 10,
    stages: {
      targets: always(planned.sources.length, planned.sources.length),
      crawl: { tasks: planned.shards, done: planned.shardsDone, dead, retries },
      batch: always(view.batches.size, view.batches.size),
      process: countsOf(process, view.batches.size),
      etl: countsOf(etl, planned.models),
      upload: countsOf(uploads, planned.uploads),
      catalog: always(planned.tables, planned.published),
      notice: always(planned.notices, planned.noticed),
    },
    sources: sourceCounts(planned.sources, view, process),
    tables: tableCounts([...process, ...etl], merges),
    uploads: {
      files: uploads.reduce((sum, receipt) => sum + receipt.uploaded.length, 0),
      bytes: uploads
        .flatMap((receipt) => receipt.uploaded)
        .reduce((sum, file) => sum + file.sizeBytes, 0),
      simulated: run.simulate || uploads.some((receipt) => receipt.simulated),
    },
    checks,
    errors,
  };
}

/** The state of a run that published: whether anything was given up or put aside. */
export function stateOfRejects(view: RunView, receipts: readonly TaskReceipt[]): RunState {
  const isDead = [...view.sources.values()].some((totals) => totals.dead > 0);
  const isRejected = receipts.some(
    (receipt) =>
      receipt.state === "dead" || receipt.tables.some((output) => output.quarantined > 0),
  );
  return isDead || isRejected ? "rejects" : "done";
}

/** Why a full refresh must not take the place of what was there: something was not read. */
export function refreshGaps(
  run: ActiveRun,
  view: RunView,
  receipts: readonly TaskReceipt[],
): string[] {
  if (!run.refresh) return [];
  const gaps = new Map<string, number>();
  for (const [source, { dead, deferred }] of view.sources)
    if (dead + deferred > 0) gaps.set(source, dead + deferred);
  for (const { name, state } of receipts)
    if (state === "dead") gaps.set(name, (gaps.get(name) ?? 0) + 1);
  return [...gaps].map(
    ([source, count]) =>
      `full refresh of ${source}: ${count} requests or batches were given up or left to a later run, so its tables stay as they were; onpoint dead replay ${run.run} and the same run again, or --full-refresh anew`,
  );
}

/** Exit codes of DESIGN section 6. */
export function exitCodeOfState(state: RunState): number {
  switch (state) {
    case "done":
      return 0;
    case "rejects":
      return 3;
    case "running":
    case "failed":
      return 1;
  }
}

function countsOf(receipts: readonly TaskReceipt[], tasks: number): StageCounts {
  const done = receipts.filter((receipt) => receipt.state === "done").length;
  const retries = receipts.reduce((sum, receipt) => sum + receipt.retries, 0);
  return { tasks, done, dead: receipts.length - done, retries };
}

function sourceCounts(
  names: readonly string[],
  view: RunView,
  receipts: readonly TaskReceipt[],
): Record<string, SourceCounts> {
  const counts: Record<string, SourceCounts> = {};
  for (const name of names) {
    const { requests, pages, bytes, rawFiles, dead, deferred } = view.totalsOf(name);
    const records = receipts
      .filter((receipt) => receipt.name === name)
      .flatMap((receipt) => receipt.tables)
      .reduce((sum, table) => sum + table.rowsIn - table.blank, 0);
    counts[name] = { requests, pages, records, bytes, rawFiles, dead, deferred };
  }
  return counts;
}

const noRows = {
  rows: 0,
  quarantined: 0,
  discarded: 0,
  replaced: 0,
  updated: 0,
  files: 0,
  bytes: 0,
};

function tableCounts(
  receipts: readonly TaskReceipt[],
  merges: Merges,
): Record<string, TableCounts> {
  const counts: Record<string, typeof noRows> = {};
  for (const output of receipts.flatMap((receipt) => receipt.tables)) {
    const table = counts[output.table] ?? { ...noRows };
    counts[output.table] = table;
    table.rows += output.rowsOut;
    table.quarantined += output.quarantined;
    table.discarded += output.discarded ?? 0;
    table.replaced += output.replaced ?? 0;
    const files = cutFiles(output.files, merges.get(output.table)?.output ?? null);
    table.files += files.length;
    table.bytes += files.reduce((sum, file) => sum + file.sizeBytes, 0);
  }
  for (const [name, { output }] of merges) {
    const table = counts[name];
    if (table === undefined || output === null) continue;
    table.rows -= output.replaced;
    table.replaced += output.replaced;
    table.updated += output.updated;
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
