// `onpoint runs`: the lake's runs, newest first.
import { listRuns } from "../internal/catalog/run-manifest.ts";
import type { RunManifest } from "../internal/model/run.ts";
import type { CommandResult } from "./command-result.ts";
import { type LakeOptions, withLake } from "./open-lake.ts";
import { textTable } from "./text-table.ts";

const columns = [
  { name: "run" },
  { name: "state" },
  { name: "date" },
  { name: "started" },
  { name: "seconds", right: true },
  { name: "rows", right: true },
  { name: "dead", right: true },
];

/** JSON: an array of `{ run, pipeline, state, date, generation, startedAt, endedAt, seconds, rows, dead }`. */
export function runsCommand(options: LakeOptions): Promise<CommandResult> {
  return withLake(options, async ({ objects }) => {
    const runs = (await listRuns(objects)).map(summaryOf);
    const rows = runs.map(({ run, state, date, startedAt, seconds, rows: count, dead }) => [
      run,
      state,
      date,
      startedAt.slice(0, 19).replace("T", " "),
      text(seconds),
      text(count),
      text(dead),
    ]);
    const shown = rows.length === 0 ? `no runs in ${objects.url}` : textTable(columns, rows);
    return { text: shown, json: runs, exitCode: 0 };
  });
}

/** Numbers are null while a run has no report. */
function summaryOf(manifest: RunManifest) {
  const { run, pipeline, state, date, generation, startedAt, endedAt, report } = manifest;
  const stages = Object.values(report?.stages ?? {});
  const tables = Object.values(report?.tables ?? {});
  return {
    run,
    pipeline,
    state,
    date,
    generation,
    startedAt,
    endedAt,
    seconds: report === null ? null : report.seconds,
    rows: report === null ? null : tables.reduce((sum, table) => sum + table.rows, 0),
    dead: report === null ? null : stages.reduce((sum, stage) => sum + stage.dead, 0),
  };
}

function text(value: number | null): string {
  return value === null ? "-" : String(value);
}
