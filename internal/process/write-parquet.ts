// Rows to partitioned Parquet in a fresh folder: the same rows give the same bytes under every memory limit.
//
// The values in paths are hidden columns of their own, so that a NULL stays NULL in the file while its path says
// `__none__`. At most 64 partitions are open at a time: DuckDB's memory for a partitioned write grows with them.
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { PartitionColumn } from "../model/pipeline.ts";
import type { Sql } from "../sql/duckdb.ts";
import { sqlList, sqlName, sqlText } from "../sql/quote.ts";
import { Permanent } from "../std/errors.ts";
import type { Column } from "./merge-columns.ts";
import { type AddedColumn, addedColumns, partitionKey } from "./partition-columns.ts";
import { measured, type WrittenFile } from "./written-file.ts";

const openPartitions = 64;
const maxPartitions = 10_000;
const rowGroupRows = 122_880;

/**
 * `select` yields the rows, `columns` what it yields; `registered`: types for the partition columns that are added to them.
 * `folder` must be empty or absent. Rows keep the order of `select` within a partition.
 */
export type WriteArgs = {
  sql: Sql;
  select: string;
  columns: readonly Column[];
  registered?: readonly Column[];
  partitionBy: readonly PartitionColumn[];
  runDate: string;
  folder: string;
  task: string;
};

/**
 * Writes `<partition path>/<task>-<i>.parquet` below `folder`; no file when there is no row. Throws Permanent for more than
 * 10,000 partitions, for data DuckDB cannot write, and when the footers written do not add up to the rows written.
 */
export async function writeParquet(args: WriteArgs): Promise<WrittenFile[]> {
  const { sql, columns, partitionBy } = args;
  await mkdir(args.folder, { recursive: true });
  const added = await addedColumns(sql, columns, partitionBy, args.runDate);
  const rows = selectWith(args, added);
  const isConstant = partitionBy.every(({ name }) =>
    added.some((column) => column.name === name && column.isConstant),
  );
  const files = isConstant ? await writeOne(args, rows) : await writeMany(args, rows);
  await checkFooters(sql, files);
  return files.sort((a, b) => (a.relative < b.relative ? -1 : 1));
}

/** The rows with the added columns. Parquet has no integer of 128 bits: DuckDB would write a DOUBLE. */
function selectWith(
  { select, columns, registered = [] }: WriteArgs,
  added: readonly AddedColumn[],
): string {
  const wide = columns
    .filter(({ type }) => /^U?HUGEINT$/.test(type))
    .map(({ name }) => `CAST(${sqlName(name)} AS DECIMAL(38,0)) AS ${sqlName(name)}`);
  const all = wide.length > 0 ? `* REPLACE (${wide.join(", ")})` : "*";
  const more = added.map(({ name, type, expression }) => {
    const known = registered.find((column) => column.name.toLowerCase() === name.toLowerCase());
    return `TRY_CAST(${expression} AS ${known?.type ?? type}) AS ${sqlName(name)}`;
  });
  return `SELECT ${[all, ...more].join(", ")} FROM (\n${select}\n)`;
}

const format = (task: string) =>
  `FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE ${rowGroupRows}, KV_METADATA {task: ${sqlText(task)}}, RETURN_STATS`;

async function writeOne(
  { sql, folder, task, partitionBy, runDate }: WriteArgs,
  rows: string,
): Promise<WrittenFile[]> {
  const partition = Object.fromEntries(partitionBy.map(({ name }) => [name, runDate]));
  const path = partitionBy.map(
    ({ name }) => `${encodeURIComponent(name)}=${encodeURIComponent(runDate)}`,
  );
  const relative = [...path, `${task}-0.parquet`].join("/");
  const local = join(folder, relative);
  await mkdir(dirname(local), { recursive: true });
  const [stats] = await sql.rows(`COPY (${rows}) TO ${sqlText(local)} (${format(task)})`);
  const count = Number(stats?.count ?? 0);
  return count === 0 ? [] : [await measured(local, relative, count, partition)];
}

const hidden = (i: number) => `__onpoint_p${i}`;

async function writeMany(args: WriteArgs, rows: string): Promise<WrittenFile[]> {
  const { sql, folder, partitionBy } = args;
  // Rows are made once: casting, parsing or joining them again for every 64 partitions would cost more than this file.
  const staged = `${folder}.staged.parquet`;
  const keys = partitionBy.map(({ name }, i) => `${partitionKey(name)} AS ${hidden(i)}`);
  await sql.run(
    `COPY (SELECT *, ${keys.join(", ")} FROM (${rows})) TO ${sqlText(staged)} (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE ${rowGroupRows})`,
  );
  const source = `SELECT * FROM read_parquet(${sqlText(staged)}, hive_partitioning=false)`;
  const names = partitionBy.map((_, i) => hidden(i)).join(", ");
  const found = await sql.rows(
    `SELECT DISTINCT ${names} FROM (${source}) ORDER BY ${names} LIMIT ${maxPartitions + 1}`,
  );
  if (found.length > maxPartitions) {
    const by = partitionBy.map(({ name }) => name).join(", ");
    throw new Permanent(
      `partition by ${by}: more than ${maxPartitions} values in one batch; choose something coarser`,
    );
  }
  const files: WrittenFile[] = [];
  for (let i = 0; i < found.length; i += openPartitions) {
    const values = found
      .slice(i, i + openPartitions)
      .map((row) => `(${partitionBy.map((_, k) => sqlText(String(row[hidden(k)]))).join(", ")})`);
    const some = `${source} WHERE ${partitionBy.length > 1 ? `(${names})` : names} IN (${values.join(", ")})`;
    files.push(
      ...(await writePartitions(args, found.length > openPartitions ? some : source, names)),
    );
  }
  return files;
}

async function writePartitions(
  args: WriteArgs,
  rows: string,
  names: string,
): Promise<WrittenFile[]> {
  const { sql, folder, task, partitionBy } = args;
  const target = `${folder}.partitions`;
  const stats = await sql.rows(
    `COPY (${rows}) TO ${sqlText(target)} (${format(task)}, PARTITION_BY (${names}), WRITE_PARTITION_COLUMNS false, FILENAME_PATTERN ${sqlText(`${task}-{i}`)}, OVERWRITE_OR_IGNORE)`,
  );
  const files: WrittenFile[] = [];
  for (const row of stats) {
    const written = String(row.filename);
    const relative = written
      .slice(target.length + 1)
      .replaceAll(/(^|\/)__onpoint_p(\d+)=/g, (_, slash: string, i: string) => {
        return `${slash}${encodeURIComponent(partitionBy[Number(i)]?.name ?? "")}=`;
      });
    const local = join(folder, relative);
    await mkdir(dirname(local), { recursive: true });
    await rename(written, local);
    files.push(await measured(local, relative, Number(row.count), partitionOf(relative)));
  }
  return files;
}

/** Columns and values of a path as DuckDB writes it: percent-encoded. */
function partitionOf(relative: string): Record<string, string> {
  const folders = relative.split("/").slice(0, -1);
  return Object.fromEntries(
    folders.map((folder) => {
      const [name = "", value = ""] = folder.split("=", 2);
      return [decodeURIComponent(name), decodeURIComponent(value)];
    }),
  );
}

async function checkFooters(sql: Sql, files: readonly WrittenFile[]): Promise<void> {
  if (files.length === 0) return;
  const names = new Set(files.map((file) => file.relative));
  const paths = sqlList(files.map((file) => file.local));
  const [found] = await sql.rows(
    `SELECT sum(num_rows) AS rows FROM parquet_file_metadata(${paths})`,
  );
  const written = files.reduce((sum, file) => sum + file.rows, 0);
  if (Number(found?.rows) !== written || names.size !== files.length) {
    throw new Permanent(
      `write Parquet: ${written} rows reported, ${String(found?.rows)} in the footers of ${names.size} files`,
    );
  }
}
