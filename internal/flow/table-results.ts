// A run's tables, put together from the receipts of its tasks. Pure.
import type { ActiveRun } from "../model/active-run.ts";
import type { Snapshot, SnapshotFile } from "../model/snapshot.ts";
import type { TableOutput, TaskReceipt } from "../model/task.ts";
import type { RunReceipts } from "./run-report.ts";
import type { TableResult } from "./uploads-to-catalog.ts";

type Column = { name: string; type: string };

const quarantineColumns: Column[] = [
  { name: "file", type: "VARCHAR" },
  { name: "line", type: "BIGINT" },
  { name: "byte_offset", type: "BIGINT" },
  { name: "reason", type: "VARCHAR" },
  { name: "raw", type: "VARCHAR" },
  { name: "raw_is_base64", type: "BOOLEAN" },
  { name: "schema_version", type: "INTEGER" },
  { name: "task", type: "VARCHAR" },
];

/** The name of the table of a table's bad rows. */
export const quarantineTable = (table: string) => `quarantine_${table}`;

/** The files of a table with this run's outputs in place of those it had from an earlier generation of the run. */
export function tableInput(
  table: string,
  receipts: readonly TaskReceipt[],
  published: Snapshot | null,
  run: ActiveRun,
): { files: string[]; columns: Column[] } {
  const outputs = outputsOf(receipts, table);
  const kept = (published?.files ?? [])
    .filter((file) => file.run !== run.run)
    .map((file) => file.path);
  const own = outputs.flatMap(({ output }) => output.files.map((file) => file.path));
  return { files: [...new Set([...kept, ...own])].sort(), columns: columnsOf(outputs, published) };
}

/** Every table this run wrote, the tables of bad rows included. */
export function tableResults(
  run: ActiveRun,
  all: RunReceipts,
  snapshots: ReadonlyMap<string, Snapshot>,
): TableResult[] {
  const results: TableResult[] = [];
  for (const kind of ["parts", "model"] as const) {
    const receipts = kind === "parts" ? all.process : all.etl;
    const tables = new Set(
      receipts.flatMap((receipt) => receipt.tables.map((output) => output.table)),
    );
    for (const table of [...tables].sort()) {
      const outputs = outputsOf(receipts, table);
      const files = outputs.flatMap(({ task, output }) =>
        output.files.map((file) => ({ ...file, run: run.run, date: run.date, task })),
      );
      const columns = columnsOf(outputs, kind === "parts" ? (snapshots.get(table) ?? null) : null);
      results.push({ table, kind, replaceAll: kind === "model", columns, files });
      const bad: SnapshotFile[] = outputs.flatMap(({ task, output }) =>
        output.quarantineFiles.map((file) => ({ ...file, run: run.run, date: run.date, task })),
      );
      const hadBad =
        snapshots.get(quarantineTable(table))?.files.some((file) => file.run === run.run) ?? false;
      if (bad.length > 0 || hadBad) {
        results.push({
          table: quarantineTable(table),
          kind: "quarantine",
          replaceAll: false,
          columns: quarantineColumns,
          files: bad,
        });
      }
    }
  }
  return results;
}

type Output = { task: string; output: TableOutput };

function outputsOf(receipts: readonly TaskReceipt[], table: string): Output[] {
  return receipts.flatMap(({ task, tables }) =>
    tables.filter((output) => output.table === table).map((output) => ({ task, output })),
  );
}

/** Columns as of the latest schema version among the outputs; those of the published snapshot when there are none. */
function columnsOf(outputs: readonly Output[], published: Snapshot | null): Column[] {
  let latest: TableOutput | null = null;
  for (const { output } of outputs)
    if (latest === null || output.schemaVersion > latest.schemaVersion) latest = output;
  return latest?.columns ?? published?.columns ?? [];
}
