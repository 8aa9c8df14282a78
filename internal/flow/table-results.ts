// A run's tables, put together from the receipts of its tasks. Pure.
import { isKeyedBy } from "../etl/plan-merges.ts";
import type { ActiveRun } from "../model/active-run.ts";
import { type Source, type TableKey, tablesOf } from "../model/pipeline.ts";
import { quarantineColumns, quarantineTable } from "../model/quarantine.ts";
import type { Snapshot, SnapshotFile } from "../model/snapshot.ts";
import type {
  MergeOutput,
  PartFile,
  TableColumn,
  TableOutput,
  TaskReceipt,
} from "../model/task.ts";
import type { Merges } from "./run-merges.ts";
import type { RunReceipts } from "./run-report.ts";
import type { TableResult } from "./uploads-to-catalog.ts";

/** A run as far as its outputs go: files of an earlier generation of the same run and sources are replaced. */
export type RunScope = { run: ActiveRun; sources: readonly Source[] };

/**
 * The files of a table with this run's outputs in place of those it had from an earlier generation of the run. `merged`: what
 * came of merging them by the table's key.
 */
export function tableInput(
  table: string,
  receipts: readonly TaskReceipt[],
  published: Snapshot | null,
  scope: RunScope,
  merged: MergeOutput | null = null,
): { files: string[]; columns: TableColumn[] } {
  const outputs = outputsOf(receipts, table);
  const kept = (published?.files ?? []).filter(stayingFiles(scope));
  const own = outputs.flatMap(({ output }) => output.files);
  const files = cutFiles([...kept, ...own], merged).map(({ path }) => path);
  return { files: [...new Set(files)].sort(), columns: columnsOf(outputs, published) };
}

/** A table's files of this run from the first to the last read, and its columns. */
export function outputOrder(
  table: string,
  receipts: readonly TaskReceipt[],
  published: Snapshot | null,
): { files: PartFile[]; columns: TableColumn[] } {
  // Receipts of a source are in the order of its batches; sources have none among them.
  const outputs = outputsOf(receipts, table).sort((a, b) =>
    a.source < b.source ? -1 : a.source > b.source ? 1 : 0,
  );
  return {
    files: outputs.flatMap(({ output }) => output.files),
    columns: columnsOf(outputs, published),
  };
}

/** Files of a published snapshot that this run does not replace. */
export function stayingFiles(scope: RunScope): (file: SnapshotFile) => boolean {
  const isOld = replacedBy(scope);
  return (file) => !isOld(file);
}

/** Files as a merge left them. */
export function cutFiles<T extends PartFile>(files: readonly T[], merged: MergeOutput | null): T[] {
  const cut = new Map(merged?.files.map(({ from, to }) => [from, to]));
  return files.flatMap((file) => {
    const to = cut.get(file.path);
    if (to === undefined) return [file];
    return to === null ? [] : [{ ...file, ...to, partition: file.partition }];
  });
}

/** Every table this run wrote or had written in an earlier generation, the tables of bad rows included. */
export function tableResults(
  scope: RunScope,
  all: RunReceipts,
  snapshots: ReadonlyMap<string, Snapshot>,
  merges: Merges,
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
      const merge = kind === "parts" ? merges.get(table) : undefined;
      const isWritten = files.length > 0 || (kind === "parts" && outputs.length > 0);
      if (!isWritten && !published?.files.some(isOld) && !isNewlyKeyed(published, merge)) continue;
      const columns = kind === "parts" ? columnsOf(outputs, published) : quarantineColumns;
      const result = { table: name, kind, isReplaced: isOld, columns, files };
      results.push(
        merge?.output ? mergedResult(result, merge.key, merge.output, published) : result,
      );
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

/** Whether the files of a table were searched for keys that are there twice, because nothing said that there are none. */
function isNewlyKeyed(published: Snapshot | null, merge: ReturnType<Merges["get"]>): boolean {
  return published !== null && !!merge?.output && !isKeyedBy(published, merge.key);
}

/** The result of a table with a key, as its merge left it: files of earlier runs are cut, too. */
function mergedResult(
  result: TableResult,
  key: TableKey,
  output: MergeOutput,
  published: Snapshot | null,
): TableResult {
  const cut = new Set(output.files.map(({ from }) => from));
  const { isReplaced } = result;
  const old = (published?.files ?? []).filter((file) => !isReplaced(file) && cut.has(file.path));
  return {
    ...result,
    isReplaced: (file) => isReplaced(file) || cut.has(file.path),
    merged: { key: [...key.columns], expected: published?.version ?? 0 },
    files: cutFiles([...old, ...result.files], output),
  };
}

type Output = { task: string; source: string; output: TableOutput };

/** A full refresh takes the place of all that its sources ever brought. */
function replacedBy({ run, sources }: RunScope): (file: SnapshotFile) => boolean {
  const names = new Set(sources.map((source) => source.name));
  return (file) => (run.refresh || file.run === run.run) && names.has(file.source);
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
