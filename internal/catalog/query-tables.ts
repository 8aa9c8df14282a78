// SQL over the lake's committed tables: only the tables that the statement names are opened, as views of the files that
// their snapshots name.

import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createTableView } from "../etl/table-view.ts";
import { quarantineColumns, quarantineTable } from "../model/quarantine.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Objects } from "../objects/objects.ts";
import { openDuckDb, type Sql } from "../sql/duckdb.ts";
import { sqlName } from "../sql/quote.ts";
import { Permanent, UsageError } from "../std/errors.ts";
import { nearestName } from "../std/nearest-name.ts";
import { checkQuery } from "./check-query.ts";
import { listTables, readSnapshot } from "./snapshots.ts";

/** `scratch`: a folder for spilling and for copies of files that are not on this disk. */
export type QueryOptions = { scratch: string; memoryLimitMb: number };

/** `columns`: as DuckDB names them and their types; a name that comes again has `:1`, `:2`, ... behind it, as in `rows`. */
export type QueryResult = {
  columns: { name: string; type: string }[];
  rows: Record<string, unknown>[];
};

/** Columns of the view `quarantine` in a lake that has no bad rows. */
const allQuarantineColumns = [{ name: "table_name", type: "VARCHAR" }, ...quarantineColumns];
const quarantinePrefix = quarantineTable("");
const quarantineView = "quarantine";
const copiesInFlight = 8;

/**
 * All rows of one SELECT. `quarantine` is a table too: all tables' bad rows, with the table's name in `table_name`. Throws
 * UsageError for an unknown table and for SQL that is wrong, with DuckDB's text; Permanent when memory does not do.
 */
export async function queryTables(
  lake: Objects,
  text: string,
  { scratch, memoryLimitMb }: QueryOptions,
): Promise<QueryResult> {
  await mkdir(scratch, { recursive: true });
  // 1. Which tables?
  const names = await withSql({ memoryLimitMb: 64, scratch, allowedPaths: [] }, (sql) =>
    checkQuery(sql, text),
  );
  const tables = chooseTables(names, await listTables(lake));
  // 2. Their files, as of now.
  const views: { snapshot: Snapshot; files: string[] }[] = [];
  for (const table of tables.opened) {
    const snapshot = await readSnapshot(lake, table);
    if (snapshot === null) continue;
    const folder = join(scratch, "copies", table);
    views.push({ snapshot, files: await localFiles(lake, snapshot, folder) });
  }
  const folders = new Set(views.flatMap(({ files }) => files.map((file) => dirname(file))));
  // 3. The views and the statement.
  return withSql({ memoryLimitMb, scratch, allowedPaths: [...folders] }, async (sql) => {
    for (const { snapshot, files } of views) {
      await createTableView(sql, snapshot.table, files, snapshot.columns);
    }
    if (tables.isQuarantineRead) await createQuarantineView(sql, views);
    const rows = await sql.rows(text);
    return { columns: await columnsOf(sql, text), rows };
  });
}

/** The lake's tables that the names mean (SQL ignores case), and whether all bad rows are among them. */
function chooseTables(
  names: readonly string[],
  all: readonly string[],
): { opened: string[]; isQuarantineRead: boolean } {
  const byName = new Map(all.map((table) => [table.toLowerCase(), table]));
  const opened = new Set<string>();
  let isQuarantineRead = false;
  for (const name of names) {
    const table = byName.get(name.toLowerCase());
    if (table !== undefined) opened.add(table);
    else if (name.toLowerCase() === quarantineView) isQuarantineRead = true;
    else throw unknownTable(name, all);
  }
  if (isQuarantineRead) {
    for (const table of all) if (table.startsWith(quarantinePrefix)) opened.add(table);
  }
  return { opened: [...opened], isQuarantineRead };
}

/** For people: no such table, the nearest one, and all there are. */
export function unknownTable(name: string, all: readonly string[]): UsageError {
  const nearest = nearestName(name, all);
  const hint = nearest === null ? "" : `did you mean ${nearest}? `;
  const list =
    all.length === 0 ? "the lake has no tables yet" : `tables there are: ${all.join(", ")}`;
  return new UsageError(`there is no table "${name}"`, "", `${hint}${list}`);
}

async function localFiles(lake: Objects, { files }: Snapshot, scratch: string): Promise<string[]> {
  const local: string[] = [];
  for (let start = 0; start < files.length; start += copiesInFlight) {
    const some = files.slice(start, start + copiesInFlight);
    local.push(...(await Promise.all(some.map(({ path }) => lake.local(path, scratch)))));
  }
  return local;
}

async function createQuarantineView(
  sql: Sql,
  views: readonly { snapshot: Snapshot }[],
): Promise<void> {
  const tables = views
    .map(({ snapshot }) => snapshot.table)
    .filter((table) => table.startsWith(quarantinePrefix));
  if (tables.length === 0) {
    await createTableView(sql, quarantineView, [], allQuarantineColumns);
    return;
  }
  const selects = tables.map((table) => {
    const name = table.slice(quarantinePrefix.length).replaceAll("'", "''");
    return `SELECT '${name}' AS table_name, * FROM ${sqlName(table)}`;
  });
  await sql.run(`CREATE TEMP VIEW ${quarantineView} AS ${selects.join(" UNION ALL BY NAME ")}`);
}

/** What the statement yields. DESCRIBE takes it in parentheses, without what may follow its last `;`. */
async function columnsOf(sql: Sql, text: string): Promise<QueryResult["columns"]> {
  const found = await sql
    .describe(`(\n${text}\n)`)
    .catch(() => sql.describe(`(\n${text.slice(0, text.lastIndexOf(";"))}\n)`));
  const times = new Map<string, number>();
  return found.map(({ name, type }) => {
    const before = times.get(name) ?? 0;
    times.set(name, before + 1);
    return { name: before === 0 ? name : `${name}:${before}`, type };
  });
}

async function withSql<T>(
  options: Parameters<typeof openDuckDb>[0],
  body: (sql: Sql) => Promise<T>,
): Promise<T> {
  const sql = await openDuckDb(options);
  try {
    return await body(sql);
  } catch (error) {
    throw asUsageError(error);
  } finally {
    await sql.close();
  }
}

/** What DuckDB says about a statement is for who wrote it; memory and disk are not the statement's fault. */
function asUsageError(error: unknown): unknown {
  if (!(error instanceof Permanent) || !(error.cause instanceof Error)) return error;
  const { message } = error.cause;
  if (
    !/^(Parser|Binder|Catalog|Conversion|Invalid Input|Not implemented|Out of Range|Permission) Error/i.test(
      message,
    )
  ) {
    return error;
  }
  return new UsageError(message, "", "", { cause: error });
}
