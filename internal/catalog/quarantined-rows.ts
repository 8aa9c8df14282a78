// Rows that processing put aside, read back from the quarantine files that a run's receipts name.
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { PartFile, TaskReceipt } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import { openDuckDb } from "../sql/duckdb.ts";
import { sqlList } from "../sql/quote.ts";
import { letterId, settledIds } from "./dead-letters.ts";
import { hasQuarantineReplays, readQuarantineReplay } from "./quarantine-replays.ts";
import { readReceipts } from "./run-manifest.ts";

export type QuarantineFile = {
  /** Settles all its rows at once. */
  id: string;
  table: string;
  source: string;
  task: string;
  path: string;
  rows: number;
};

/** `line`, `byteOffset`: where the row was in `file`, null where a format has none. `raw`: as far as it was asked for. */
export type QuarantinedRow = {
  id: string;
  table: string;
  source: string;
  task: string;
  reason: string;
  file: string;
  line: number | null;
  byteOffset: number | null;
  raw: string;
  rawIsBase64: boolean;
};

/** `rowsMax`: rows read. `rawChars`: characters of the raw text. `scratch`: a folder for spilling and copies. */
export type RowLimits = {
  rowsMax: number;
  rawChars: number;
  scratch: string;
  memoryLimitMb: number;
};

/** Rows that nobody decided on: some of them, and how many there are. */
export type QuarantinedRows = {
  rows: QuarantinedRow[];
  total: number;
  files: QuarantineFile[];
};

/** Quarantined rows of one generation of a run, at most `rowsMax` of them read. */
export async function readQuarantinedRows(
  lake: Objects,
  token: string,
  { rowsMax, rawChars, scratch, memoryLimitMb }: RowLimits,
): Promise<QuarantinedRows> {
  const settled = await settledIds(lake, token);
  const files = (await quarantineFiles(lake, token)).filter(({ id }) => !settled.has(id));
  let total = files.reduce((sum, file) => sum + file.rows, 0);
  if (total === 0) return { rows: [], total, files };
  await mkdir(scratch, { recursive: true });
  const read: { file: QuarantineFile; local: string }[] = [];
  // Settled rows are read too, then left out: room is made for them.
  let room = rowsMax + settled.size;
  for (const file of files) {
    if (room <= 0) break;
    read.push({ file, local: await lake.local(file.path, scratch) });
    room -= file.rows;
  }
  const allowedPaths = [...new Set(read.map(({ local }) => dirname(local)))];
  const sql = await openDuckDb({ memoryLimitMb, scratch, allowedPaths });
  try {
    const rows: QuarantinedRow[] = [];
    for (const { file, local } of read) {
      const found = await sql.rows(
        `SELECT file_row_number AS n, file, line, byte_offset, reason, left(raw, ${rawChars}) AS raw, raw_is_base64
         FROM read_parquet(${sqlList([local])}, hive_partitioning = false, file_row_number = true)
         LIMIT ${rowsMax + settled.size - rows.length}`,
      );
      for (const row of found) {
        const one = rowOf(file, row);
        if (settled.has(one.id)) total -= 1;
        else if (rows.length < rowsMax) rows.push(one);
      }
    }
    return { rows, total, files };
  } finally {
    await sql.close();
  }
}

async function quarantineFiles(lake: Objects, token: string): Promise<QuarantineFile[]> {
  const files: QuarantineFile[] = [];
  for await (const { receipt: data } of readReceipts(lake, token, "process")) {
    const { task, name: source, tables } = data as TaskReceipt;
    for (const { table, quarantineFiles: parts } of tables) {
      for (const { path, rows } of await leftOf(lake, table, parts)) {
        files.push({ id: letterId("rows", path), table, source, task, path, rows });
      }
    }
  }
  return files;
}

/** Files without those whose rows were tried again since: what is left of them is in others. */
async function leftOf(
  lake: Objects,
  table: string,
  files: readonly PartFile[],
): Promise<PartFile[]> {
  if (files.length === 0 || !(await hasQuarantineReplays(lake, table))) return [...files];
  const left: PartFile[] = [];
  for (const file of files) {
    const replay = await readQuarantineReplay(lake, table, file.path);
    left.push(...(replay === null ? [file] : await leftOf(lake, table, replay.left)));
  }
  return left;
}

function rowOf(
  { table, source, task, path }: QuarantineFile,
  row: Record<string, unknown>,
): QuarantinedRow {
  const file = String(row.file ?? "");
  const line = numberOf(row.line);
  const byteOffset = numberOf(row.byte_offset);
  const reason = String(row.reason ?? "");
  const id = letterId("row", path, String(row.n));
  const raw = String(row.raw ?? "");
  const rawIsBase64 = row.raw_is_base64 === true;
  return { id, table, source, task, reason, file, line, byteOffset, raw, rawIsBase64 };
}

function numberOf(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
