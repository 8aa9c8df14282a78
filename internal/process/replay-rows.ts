// Rows of one quarantine file, tried again with today's schema: those that fit now are written as rows of the table, the
// others as a new quarantine file, with the place and the text that they always had.
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RowKind } from "../model/quarantine.ts";
import { openDuckDb, type Sql } from "../sql/duckdb.ts";
import { sqlText } from "../sql/quote.ts";
import { bytesOf, cutRecords } from "./byte-source.ts";
import { processTable, type ReadyInput, type TableWritten } from "./process-table.ts";
import type { BadRecord, Quarantine } from "./quarantine.ts";
import { reasonOf, withLineEnd } from "./read-lines.ts";
import type { RecordReader } from "./record.ts";
import { JsonScanner } from "./scan-json.ts";
import { jsonColumns, passInto } from "./stage-input.ts";
import type { RegisterSchema } from "./table-columns.ts";
import type { TableSettings } from "./table-settings.ts";

/** `local`: the quarantine file. `scratch`: a folder that is absent or empty; everything written is below it. */
export type ReplayArgs = {
  settings: TableSettings;
  local: string;
  task: string;
  runDate: string;
  scratch: string;
  memoryLimitMb: number;
  registerSchema: RegisterSchema;
  signal: AbortSignal;
};

/** A row that does not fit stays in quarantine whatever the table's contract says: `freeze` fails nothing here. */
export async function replayRows(args: ReplayArgs): Promise<TableWritten> {
  const { settings, local, scratch, memoryLimitMb, signal } = args;
  await mkdir(join(scratch, settings.table), { recursive: true });
  const sql = await openDuckDb({ memoryLimitMb, scratch, allowedPaths: [dirname(local)] });
  const interrupt = () => sql.interrupt();
  signal.addEventListener("abort", interrupt);
  try {
    const contract = settings.rules.contract === "evolve" ? "evolve" : "quarantine";
    const work = {
      ...settings,
      rules: { ...settings.rules, contract } as const,
      stage: (folder: string, quarantine: Quarantine) =>
        stageRows(sql, local, folder, quarantine, signal),
    };
    return await processTable({ ...args, sql }, work, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", interrupt);
    await sql.close();
  }
}

async function stageRows(
  sql: Sql,
  local: string,
  scratch: string,
  quarantine: Quarantine,
  signal: AbortSignal,
) {
  const rows = join(scratch, "quarantined.ndjson");
  await unload(sql, local, rows);
  let bad = await keepOthers(rows, quarantine, signal);
  const inputs: ReadyInput[] = [];
  for (const isText of [false, true]) {
    const scanner = new JsonScanner({ isText });
    const read = rowReader(rows, isText ? ["text"] : ["raw", "typed"], scanner);
    const path = join(scratch, isText ? "text.ndjson" : "typed.ndjson");
    const { good, goodBytes, bad: noRows } = await passInto(path, read, quarantine, signal);
    bad += noRows;
    const json = jsonColumns(scanner);
    inputs.push({
      name: local,
      read,
      isText,
      staged: {
        kind: "json",
        path,
        records: good,
        sizeBytes: goodBytes,
        compression: "none",
        ...json,
      },
    });
  }
  return { inputs, blank: 0, bad };
}

/** Writes the rows of a quarantine file as lines. A file of an older version has nothing that can be tried again. */
async function unload(sql: Sql, local: string, path: string): Promise<void> {
  const from = `read_parquet(${sqlText(local)}, hive_partitioning = false)`;
  const columns = await sql.describe(`SELECT * FROM ${from}`);
  const isOld = !columns.some(({ name }) => name === "row_kind");
  const more = isOld ? ", NULL::VARCHAR AS row_kind, NULL::VARCHAR AS row" : "";
  await sql.run(`COPY (SELECT *${more} FROM ${from}) TO ${sqlText(path)} (FORMAT json)`);
}

type Unloaded = {
  file: string;
  line: string | number | null;
  byte_offset: string | number | null;
  reason: string;
  raw: string;
  raw_is_base64: boolean;
  schema_version: number;
  task: string;
  row_kind: RowKind | null;
  row: string | null;
};

/** Keeps what is no row under any schema as it was; says how many. */
async function keepOthers(path: string, quarantine: Quarantine, signal: AbortSignal) {
  let others = 0;
  const take = (row: Unloaded) => {
    if (row.row_kind !== null) return;
    others++;
    const { schema_version: schemaVersion, task } = row;
    quarantine.add({ ...placeOf(row), from: { schemaVersion, task } }, row.reason);
  };
  await eachRow(path, take, () => quarantine.drained(), signal);
  return others;
}

/** Reads the rows of these kinds. All of them were records once: a reason is only given to what changed since. */
function rowReader(path: string, kinds: readonly RowKind[], scanner: JsonScanner): RecordReader {
  return async (visitor, signal) => {
    const take = (row: Unloaded) => {
      if (row.row_kind === null || !kinds.includes(row.row_kind)) return;
      const place = placeOf(row);
      const text = Buffer.from(row.row_kind === "raw" ? row.raw.trim() : (row.row ?? ""));
      visitor.seen({
        file: place.file,
        line: place.line ?? 0,
        offset: place.offset ?? 0,
        raw: place.raw,
        reason: reasonOf(text, scanner),
        clean: () => withLineEnd(scanner.exact(text)),
      });
    };
    await eachRow(path, take, () => visitor.drained(), signal);
    return { blank: 0, direct: false };
  };
}

function placeOf({ file, line, byte_offset, raw, raw_is_base64 }: Unloaded): BadRecord {
  return {
    file,
    line: line === null ? null : Number(line),
    offset: byte_offset === null ? null : Number(byte_offset),
    raw: Buffer.from(raw, raw_is_base64 ? "base64" : "utf8"),
  };
}

async function eachRow(
  path: string,
  take: (row: Unloaded) => void,
  drained: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const file = { local: path, name: path, compression: "none" } as const;
  const cut = (bytes: Buffer, start: number, _offset: number, last: boolean): number => {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0 && !last) return -1;
    const line = bytes.toString("utf8", start, end < 0 ? bytes.length : end);
    if (line !== "") take(JSON.parse(line) as Unloaded);
    return end < 0 ? bytes.length : end + 1;
  };
  await cutRecords(bytesOf(file), cut, drained, signal);
}
