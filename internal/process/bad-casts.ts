// Rows whose values do not fit their columns: SQL tells which rows, the input is read again to keep them as they were.
import { readFile } from "node:fs/promises";
import type { Sql } from "../sql/duckdb.ts";
import { sqlName, sqlText } from "../sql/quote.ts";
import type { ReadyInput } from "./process-table.ts";
import { keptRow, type Quarantine } from "./quarantine.ts";
import { reasonColumn } from "./relation.ts";
import type { StagedInput } from "./stage-input.ts";

/** Numbers of rows over all inputs, 0-based and ascending, and why each is bad. */
export type BadCasts = { rows: number[]; reasons: string[] };

/** Runs the checks of a relation; `path` is a scratch file for the answer. */
export async function findBadCasts(sql: Sql, select: string, path: string): Promise<BadCasts> {
  await sql.run(
    `COPY (SELECT row, reason FROM (SELECT row_number() OVER () - 1 AS row, ${reasonColumn} AS reason FROM (${select})) WHERE reason IS NOT NULL)
     TO ${sqlText(path)} (FORMAT json)`,
  );
  const bad: BadCasts = { rows: [], reasons: [] };
  const texts = new Map<string, string>();
  for (const line of (await readFile(path, "utf8")).split("\n")) {
    if (line === "") continue;
    const { row, reason } = JSON.parse(line) as { row: number; reason: string };
    // One string for each column, not one a row.
    if (!texts.has(reason)) texts.set(reason, reason);
    bad.rows.push(row);
    bad.reasons.push(texts.get(reason) ?? reason);
  }
  return bad;
}

/** Puts the bad rows into quarantine. Reads only the inputs that have some. */
export async function quarantineBadCasts(
  sql: Sql,
  inputs: readonly ReadyInput[],
  bad: BadCasts,
  quarantine: Quarantine,
  signal: AbortSignal,
): Promise<void> {
  let next = 0;
  let first = 0;
  for (const input of inputs) {
    const from = next;
    const behind = first + input.staged.records;
    while (next < bad.rows.length && (bad.rows[next] ?? 0) < behind) next++;
    if (next > from) {
      const rows = bad.rows.slice(from, next).map((row) => row - first);
      const reasons = bad.reasons.slice(from, next);
      if (input.read === null) await keepParquetRows(sql, input, { rows, reasons }, quarantine);
      else await keepRecords({ ...input, read: input.read }, { rows, reasons }, quarantine, signal);
    }
    first = behind;
  }
}

async function keepRecords(
  input: ReadyInput & { read: NonNullable<ReadyInput["read"]> },
  { rows, reasons }: BadCasts,
  quarantine: Quarantine,
  signal: AbortSignal,
) {
  let seen = 0;
  let next = 0;
  await input.read(
    {
      seen(record) {
        if (record.reason !== null || seen++ !== rows[next]) return;
        const text = rowText(input.staged, record.clean());
        const row =
          text === null ? null : keptRow(record.raw, text, input.isText ? "text" : "typed");
        quarantine.add({ ...record, row }, reasons[next++] ?? "");
      },
      drained: () => quarantine.drained(),
    },
    signal,
  );
}

/** The row as JSON text: as it is, or an object of the fields of CSV, each a text or null. Null: two of them have one name. */
function rowText(staged: StagedInput, clean: Buffer): string | null {
  const text = clean.toString("utf8").trimEnd();
  if (staged.kind !== "csv") return text;
  const fields = cleanFields(clean.toString("utf8").replace(/\r?\n$/, ""), staged.delimiter);
  const byName = new Map(staged.columns.map(({ name }, i) => [name, fields[i]]));
  return byName.size < fields.length ? null : JSON.stringify(Object.fromEntries(byName));
}

/** Fields of a good record: in quotes, or plain text, which is null where it is empty. `delimiter`: one character. */
function cleanFields(record: string, delimiter: string): (string | null)[] {
  const fields: (string | null)[] = [];
  for (let at = 0; at <= record.length; at++) {
    if (record[at] === '"') {
      const end = closingQuote(record, at);
      fields.push(record.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else {
      const found = record.indexOf(delimiter, at);
      const end = found < 0 ? record.length : found;
      fields.push(end === at ? null : record.slice(at, end));
      at = end;
    }
  }
  return fields;
}

function closingQuote(record: string, open: number): number {
  let end = open + 1;
  while (record[end] !== '"' || record[end + 1] === '"') end += record[end] === '"' ? 2 : 1;
  return end;
}

/** A row of Parquet has no text of its own: it is kept as JSON, its line is its number in the file. */
async function keepParquetRows(
  sql: Sql,
  { staged, name }: ReadyInput,
  bad: BadCasts,
  quarantine: Quarantine,
) {
  const block = 1000;
  const fields = staged.columns.map(({ source }) => `${sqlText(source)}: ${sqlName(source)}`);
  const from = `read_parquet(${sqlText(staged.path)}, file_row_number=true, hive_partitioning=false)`;
  for (let i = 0; i < bad.rows.length; i += block) {
    const rows = bad.rows.slice(i, i + block);
    const found = await sql.rows(
      `SELECT CAST(to_json({${fields.join(", ")}}) AS VARCHAR) AS raw FROM ${from} WHERE file_row_number IN (${rows.join(", ")})`,
    );
    for (const [k, { raw }] of found.entries()) {
      const row = rows[k] ?? 0;
      quarantine.add(
        {
          file: name,
          line: row + 1,
          offset: 0,
          raw: Buffer.from(String(raw)),
          row: keptRow(Buffer.from(String(raw)), String(raw), "typed"),
        },
        bad.reasons[i + k] ?? "",
      );
    }
    await quarantine.drained();
  }
}
