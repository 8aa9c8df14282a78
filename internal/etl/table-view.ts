// A table for SQL: a view of the files that a snapshot or a run names.
import type { TableColumn } from "../model/task.ts";
import type { Sql } from "../sql/duckdb.ts";
import { sqlList, sqlName } from "../sql/quote.ts";

/**
 * Makes the view `table` of local Parquet files; without files it has the columns and no rows. Files that have a column
 * under an older name are read all the same.
 */
export async function createTableView(
  sql: Pick<Sql, "run" | "describe">,
  table: string,
  files: readonly string[],
  columns: readonly TableColumn[],
): Promise<void> {
  const select = files.length > 0 ? await selectFiles(sql, files, columns) : selectNothing(columns);
  await sql.run(`CREATE OR REPLACE TEMP VIEW ${sqlName(table)} AS ${select}`);
}

function selectNothing(columns: readonly TableColumn[]): string {
  const nulls = columns.map(({ name, type }) => `NULL::${type} AS ${sqlName(name)}`);
  return `SELECT ${nulls.join(", ") || "NULL AS nothing"} WHERE false`;
}

/** A SELECT of all rows of files. `more`: options of `read_parquet`. */
export async function selectFiles(
  sql: Pick<Sql, "describe">,
  files: readonly string[],
  columns: readonly TableColumn[],
  more: readonly string[] = [],
): Promise<string> {
  const options = ["union_by_name = true", "hive_partitioning = false", ...more].join(", ");
  const all = `SELECT * FROM read_parquet(${sqlList(files)}, ${options})`;
  const renamed = columns.filter(({ aliases = [] }) => aliases.length > 0);
  if (renamed.length === 0) return all;
  const there = (await sql.describe(all)).map(({ name }) => name);
  const spelled = (name: string) =>
    there.find((each) => each.toLowerCase() === name.toLowerCase()) ?? null;
  // A column takes the place of its first name that is there, and the value of whichever name has one.
  const merged = renamed.flatMap(({ name, type, aliases = [] }) => {
    const names = [name, ...aliases].flatMap((each) => spelled(each) ?? []);
    const value = `coalesce(${names.map((each) => `CAST(${sqlName(each)} AS ${type})`).join(", ")})`;
    return names.length === 0 ? [] : [{ name, names, value }];
  });
  const selected = there.flatMap((column) => {
    const one = merged.find(({ names }) => names.includes(column));
    if (one === undefined) return [sqlName(column)];
    return one.names[0] === column ? [`${one.value} AS ${sqlName(one.name)}`] : [];
  });
  return `SELECT ${selected.join(", ")} FROM (${all})`;
}
