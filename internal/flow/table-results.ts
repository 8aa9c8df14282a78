// A run's tables, put together from the receipts of its tasks. Pure.
import type { ActiveRun } from "../model/active-run.ts";
import { type Source, tablesOf } from "../model/pipeline.ts";
import { quarantineColumns, quarantineTable } from "../model/quarantine.ts";
import type { Snapshot, SnapshotFile } from "../model/snapshot.ts";
import type { TableColumn, TableOutput, TaskReceipt } from "../model/task.ts";
import type { RunReceipts } from "./run-report.ts";
import type { TableResult } from "./uploads-to-catalog.ts";

/** A run as far as its outputs go: files of an earlier generation of the same run and sources are replaced. */
export type RunScope = { run: ActiveRun; sources: readonly Source[] };

/** The files of a table with this run's outputs in place of those it had from an earlier generation of the run. */
export function tableInput(
  table: string,
  receipts: readonly TaskReceipt[],
  published: Snapshot | null,
  scope: RunScope,
): { files: string[]; columns: TableColumn[] } {
  const outputs = outputsOf(receipts, table);
  const isOld = replacedBy(scope);
  const kept = (published?.files ?? []).filter((file) => !isOld(file)).map((file) => file.path);
  const own = outputs.flatMap(({ output }) => output.files.map((file) => file.path));
  return { files: [...new Set([...kept, ...own])].sort(), columns: columnsOf(outputs, published) };
}

/** Every table this run wrote or had written in an earlier generation, the tables of bad rows included. */
export function tableResults(
  scope: RunScope,
  all: RunReceipts,
  snapshots: ReadonlyMap<string, Snapshot>,
): TableResult[] {
  const isOld = replacedBy(scope);
  const results: TableResult[] = [];
  for (const table of [...new Set(scope.sources.flatMap(tablesOf))].sort()) {
    const outputs = outputsOf(all.process, table);
    for (const [name, kind, files] of [
      [table, "parts", filesOf(scope.run, outputs, "files")],
      [quarantineTable(table), "quarantine", filesOf(scope.run, outputs, "quarantineFiles")],
    ] as const) {
      const published = snapshots.get(name) ?? null;
      const hadFiles = published?.files.some(isOld) ?? false;
      if (files.length === 0 && !hadFiles && (kind === "quarantine" || outputs.length === 0))
        continue;
      const columns = kind === "parts" ? columnsOf(outputs, published) : quarantineColumns;
      results.push({ table: name, kind, isReplaced: isOld, columns, files });
    }
  }
  for (const table of new Set(
    all.etl.flatMap((receipt) => receipt.tables.map((output) => output.table)),
  )) {
    const outputs = outputsOf(all.etl, table);
    const files = filesOf(scope.run, outputs, "files");
    results.push({
      table,
      kind: "model",
      isReplaced: () => true,
      columns: columnsOf(outputs, null),
      files,
    });
  }
  return results;
}

type Output = { task: string; source: string; output: TableOutput };

function replacedBy({ run, sources }: RunScope): (file: SnapshotFile) => boolean {
  const names = new Set(sources.map((source) => source.name));
  return (file) => file.run === run.run && names.has(file.source);
}

function filesOf(
  run: ActiveRun,
  outputs: readonly Output[],
  kind: "files" | "quarantineFiles",
): SnapshotFile[] {
  return outputs.flatMap(({ task, source, output }) =>
    output[kind].map((file) => ({ ...file, run: run.run, date: run.date, task, source })),
  );
}

function outputsOf(receipts: readonly TaskReceipt[], table: string): Output[] {
  return receipts.flatMap(({ task, name, tables }) =>
    tables
      .filter((output) => output.table === table)
      .map((output) => ({ task, source: name, output })),
  );
}

/** Columns as of the latest schema version among the outputs; those of the published snapshot when there are none. */
function columnsOf(outputs: readonly Output[], published: Snapshot | null): TableColumn[] {
  let latest: TableOutput | null = null;
  for (const { output } of outputs)
    if (latest === null || output.schemaVersion > latest.schemaVersion) latest = output;
  return latest?.columns ?? published?.columns ?? [];
}
