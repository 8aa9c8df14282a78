// A table for SQL: a view of the files that a snapshot or a run names.
import type { Sql } from "../sql/duckdb.ts";
import { sqlList, sqlName } from "../sql/quote.ts";

/** Makes the view `table` of local Parquet files; without files it has the columns and no rows. */
export async function createTableView(
  sql: Pick<Sql, "run">,
  table: string,
  files: readonly string[],
  columns: readonly { name: string; type: string }[],
): Promise<void> {
  const select =
    files.length > 0
      ? `SELECT * FROM read_parquet(${sqlList(files)}, union_by_name = true, hive_partitioning = false)`
      : `SELECT ${columns.map(({ name, type }) => `NULL::${type} AS ${sqlName(name)}`).join(", ") || "NULL AS nothing"} WHERE false`;
  await sql.run(`CREATE OR REPLACE TEMP VIEW ${sqlName(table)} AS ${select}`);
}
