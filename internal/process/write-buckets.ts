// The first of two stages of a write to many partitions: rows are spread over a few buckets by a hash of their partition, so
// that the second stage has only one bucket's partitions open at a time. Measured for 2,000 values in random order: one
// stage is out of memory at 1 GB, two stages stay below 400 MB.
import { rm } from "node:fs/promises";
import type { Sql } from "../sql/duckdb.ts";
import { sqlList, sqlName, sqlText } from "../sql/quote.ts";

/** All of them are open at once. */
const buckets = 64;
/** Rows that each bucket has in memory before they are written. */
const rowGroupRows = 4_096;
const position = "__onpoint_n";

/** Name of the column that has the i-th part of a row's path. */
export const hidden = (i: number) => `__onpoint_p${i}`;

/** The rows sorted by `sortBy`, NULL last, and else as they come; as they come when it is empty. */
export function ordered(rows: string, sortBy: readonly string[]): string {
  if (sortBy.length === 0) return rows;
  const numbered = `SELECT *, row_number() OVER () AS ${position} FROM (${rows})`;
  return byPosition(numbered, sortBy);
}

function byPosition(numbered: string, sortBy: readonly string[]): string {
  const keys = sortBy.map((name) => `${sqlName(name)} ASC NULLS LAST`);
  return `SELECT * EXCLUDE (${position}) FROM (${numbered}) ORDER BY ${[...keys, position].join(", ")}`;
}

/**
 * Writes the rows of `keyed` to buckets in `folder` by the columns `names`. `partitions` counts their values, up to `limit`;
 * `buckets` yields for each bucket that is not empty a query of its rows, in the order of {@link ordered}. Its file is
 * removed when the next one is asked for.
 */
export async function spreadRows(
  sql: Sql,
  keyed: string,
  { names, sortBy, limit }: { names: string; sortBy: readonly string[]; limit: number },
  folder: string,
): Promise<{ partitions: number; buckets: AsyncGenerator<string, void, void> }> {
  const numbered = sortBy.length > 0 ? `, row_number() OVER () AS ${position}` : "";
  const stats = await sql.rows(
    `COPY (SELECT *${numbered}, hash(${names}) % ${buckets} AS __onpoint_b FROM (${keyed})) TO ${sqlText(folder)}
     (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE ${rowGroupRows}, PARTITION_BY (__onpoint_b), WRITE_PARTITION_COLUMNS false,
      FILENAME_PATTERN 'b-{i}', RETURN_STATS)`,
  );
  const files = stats.map((row) => String(row.filename)).sort();
  const [found] =
    files.length === 0
      ? []
      : await sql.rows(
          `SELECT count(*) AS n FROM (SELECT DISTINCT ${names} FROM read_parquet(${sqlList(files)}, hive_partitioning=false) LIMIT ${limit})`,
        );
  return { partitions: Number(found?.n ?? 0), buckets: queriesOf(files, sortBy, folder) };
}

async function* queriesOf(files: readonly string[], sortBy: readonly string[], folder: string) {
  for (const file of files) {
    const rows = `SELECT * FROM read_parquet(${sqlText(file)}, hive_partitioning=false)`;
    yield sortBy.length > 0 ? byPosition(rows, sortBy) : rows;
    await rm(file);
  }
  await rm(folder, { recursive: true, force: true });
}
