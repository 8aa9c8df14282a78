// Rows of a batch to Parquet, each key once. That a batch has a key twice is rare: it is looked for in the key's columns of the
// files just written, and only then are the rows written again, without the older ones.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { TableKey } from "../model/pipeline.ts";
import { sqlList } from "../sql/quote.ts";
import { countOlder, keyAmong, olderRows } from "./table-key.ts";
import { type WriteArgs, writeParquet } from "./write-parquet.ts";
import type { WrittenFile } from "./written-file.ts";

const rowColumn = "__onpoint_row";
const olderTable = "__onpoint_older";

/** As {@link writeParquet}; `replaced` rows gave way to later ones of the same key. Null: the table has no key. */
export async function writeNewest(
  args: WriteArgs & { table: string; key: TableKey | null },
): Promise<{ files: WrittenFile[]; replaced: number }> {
  const { sql, table, columns, registered = [] } = args;
  const key = keyAmong(table, args.key, columns, registered);
  const first = await writeParquet(args);
  if (key === null || first.length === 0) return { files: first, replaced: 0 };
  const paths = sqlList(first.map(({ local }) => local));
  const written = `read_parquet(${paths}, union_by_name = true, hive_partitioning = false)`;
  const [found] = await sql.rows(countOlder(written, key));
  const replaced = Number(found?.older ?? 0);
  if (replaced === 0) return { files: first, replaced };
  const numbered = `(SELECT *, row_number() OVER () AS ${rowColumn} FROM (\n${args.select}\n))`;
  await sql.run(
    `CREATE OR REPLACE TEMP TABLE ${olderTable} AS ${olderRows(numbered, key, [rowColumn])}`,
  );
  await rm(args.folder, { recursive: true });
  const files = await writeParquet({
    ...args,
    select: `SELECT * EXCLUDE (${rowColumn}) FROM ${numbered} AS rows WHERE NOT EXISTS (FROM ${olderTable} AS older WHERE older.${rowColumn} = rows.${rowColumn}) ORDER BY ${rowColumn}`,
    isCheap: false,
    folder: join(args.folder, "newest"),
  });
  await sql.run(`DROP TABLE ${olderTable}`);
  return { files, replaced };
}
