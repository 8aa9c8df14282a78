// One row a key over all files of a table: the files in which a key has an older row are written again without it, and all
// others stay as they are. Rows keep their file, their place in it and their partition, so a file is still of one run.
import { basename, dirname, join } from "node:path";
import type { TableKey } from "../model/pipeline.ts";
import type { TableColumn } from "../model/task.ts";
import { hasKey, keyAmong, keyList, olderRows } from "../process/table-key.ts";
import { writeParquet } from "../process/write-parquet.ts";
import type { WrittenFile } from "../process/written-file.ts";
import type { Sql } from "../sql/duckdb.ts";
import { sqlList, sqlName, sqlText } from "../sql/quote.ts";
import { Permanent } from "../std/errors.ts";
import { selectFiles } from "./table-view.ts";

/** `local`: the file on this disk, `path` in the lake, `rows` that it has. */
export type MergeFile = { local: string; path: string; rows: number; isNew: boolean };

/** A file with `older` rows, and what is left of it; null: nothing. */
export type CutFile = { path: string; older: number; written: WrittenFile | null };

const place = "__onpoint_place";
const file = "__onpoint_file";
const row = "__onpoint_row";
const firstRow = "__onpoint_first";
// The place of a row among all that are read, from 0: files and rows are read in their order (duckdb.ts). DuckDB's own
// file_row_number cannot be had of a file with a column of that name.
const rowNumber = `row_number() OVER () - 1 AS ${row}`;

/**
 * Cuts older rows out of `files`, which go from the oldest to the newest; keys of the files that are new are looked for in all.
 * Files are written to `folder` with names that begin with `task`. The same files give the same bytes. Throws Permanent when
 * rows do not add up.
 */
export async function mergeFiles(
  sql: Sql,
  task: { task: string; table: string; key: TableKey; columns: readonly TableColumn[] },
  files: readonly MergeFile[],
  folder: string,
): Promise<CutFile[]> {
  // 1. The key, as far as the files have it.
  const options = [`filename = ${sqlText(file)}`];
  const locals = (some: readonly MergeFile[]) => some.map(({ local }) => local);
  const all = await selectFiles(sql, locals(files), task.columns, options);
  const columns = await sql.describe(all);
  const key = keyAmong(task.table, task.key, columns, [...columns, ...task.columns]);
  const fresh = files.filter(({ isNew }) => isNew);
  if (key === null || fresh.length === 0) return [];
  // 2. The rows that may have to go: those whose key a new file has.
  const firstRows: number[] = [];
  let read = 0;
  for (const { rows } of files) {
    firstRows.push(read);
    read += rows;
  }
  await sql.run(
    `CREATE OR REPLACE TEMP TABLE places AS SELECT unnest(${sqlList(locals(files))}) AS ${file}, unnest(range(${files.length})) AS ${place}, unnest([${firstRows.join(", ")}]) AS ${firstRow}`,
  );
  const newest = key.newest === null ? "" : `, ${sqlName(key.newest)}`;
  let rows = `SELECT ${keyList(key)}${newest}, ${place}, ${row} - ${firstRow} AS ${row} FROM (SELECT *, ${rowNumber} FROM (${all})) JOIN places USING (${file})`;
  if (fresh.length < files.length) {
    const some = await selectFiles(sql, locals(fresh), task.columns);
    await sql.run(
      `CREATE OR REPLACE TEMP TABLE fresh AS SELECT DISTINCT ${keyList(key)} FROM (${some}) WHERE ${hasKey(key)}`,
    );
    rows = `${rows} SEMI JOIN fresh USING (${keyList(key)})`;
  }
  // 3. The older ones among them.
  await sql.run(
    `CREATE OR REPLACE TEMP TABLE older AS ${olderRows(`(${rows})`, key, [place, row])}`,
  );
  const counts = await sql.rows(
    `SELECT ${place} AS place, count(*) AS older FROM older GROUP BY ALL ORDER BY ALL`,
  );
  // 4. Their files without them.
  const cut: CutFile[] = [];
  for (const { place: at, older } of counts) {
    const from = files[Number(at)] as MergeFile;
    cut.push(await cutFile(sql, task.task, from, Number(at), Number(older), folder));
  }
  return cut;
}

async function cutFile(
  sql: Sql,
  task: string,
  { local, path, rows }: MergeFile,
  at: number,
  older: number,
  folder: string,
): Promise<CutFile> {
  if (older === rows) return { path, older, written: null };
  const source = `(SELECT *, ${rowNumber} FROM read_parquet(${sqlText(local)}, hive_partitioning = false))`;
  const [written] = await writeParquet({
    sql,
    select: `SELECT * EXCLUDE (${row}) FROM ${source} AS rows WHERE NOT EXISTS (FROM older WHERE older.${place} = ${at} AND older.${row} = rows.${row}) ORDER BY ${row}`,
    columns: [],
    partitionBy: [],
    runDate: "",
    folder: join(folder, String(at)),
    task: `${task}-${at}`,
  });
  if (written === undefined || written.rows !== rows - older)
    throw new Permanent(
      `merge "${path}": ${rows} rows less ${older} older ones, but ${written?.rows ?? 0} written; nothing is published`,
    );
  // It stays in the folder of its partition.
  return {
    path,
    older,
    written: { ...written, relative: join(dirname(path), basename(written.local)) },
  };
}
