// A table's committed files read again and compared with what its snapshot says of them: for whoever moved, restored or
// mistrusts a lake. Nothing in the lake is changed.
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Snapshot, SnapshotFile } from "../model/snapshot.ts";
import { NotFound, type Objects } from "../objects/objects.ts";
import type { Sql } from "../sql/duckdb.ts";
import { sqlName, sqlText } from "../sql/quote.ts";
import { describeError, Permanent } from "../std/errors.ts";

/** What is wrong with a file; `path` is null for the table as a whole. */
export type Mismatch = { path: string | null; problem: string };

/** `rows` and `sizeBytes`: as read. */
export type Verified = { files: number; rows: number; sizeBytes: number; mismatches: Mismatch[] };

/**
 * Reads every file of a snapshot whole: its digest and size, the rows of its footer and of its data, and for each column
 * that is not nested how many NULLs its statistics tell of. `scratch`: a folder that `sql` may read; one file is copied
 * there at a time. Throws what the lake throws when it cannot be reached.
 */
export async function verifySnapshot(
  lake: Objects,
  snapshot: Snapshot,
  sql: Sql,
  scratch: string,
): Promise<Verified> {
  const verified: Verified = { files: 0, rows: 0, sizeBytes: 0, mismatches: [] };
  for (const file of snapshot.files) {
    const copy = join(scratch, "verified.parquet");
    const found = await verifyFile(lake, file, sql, copy);
    await rm(copy, { force: true });
    verified.files++;
    verified.rows += found.rows;
    verified.sizeBytes += found.sizeBytes;
    for (const problem of found.problems) verified.mismatches.push({ path: file.path, problem });
  }
  const said = snapshot.files.reduce((sum, { rows }) => sum + rows, 0);
  if (snapshot.rows !== said) {
    const problem = `its snapshot says ${snapshot.rows} rows, its files together ${said}`;
    verified.mismatches.push({ path: null, problem });
  }
  return verified;
}

type Found = { rows: number; sizeBytes: number; problems: string[] };

async function verifyFile(
  lake: Objects,
  file: SnapshotFile,
  sql: Sql,
  copy: string,
): Promise<Found> {
  const found: Found = { rows: 0, sizeBytes: 0, problems: [] };
  const hash = createHash("sha256");
  try {
    await pipeline(
      await lake.open(file.path),
      async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          hash.update(chunk);
          found.sizeBytes += chunk.length;
          yield chunk;
        }
      },
      createWriteStream(copy),
    );
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    return { ...found, problems: ["it is not there"] };
  }
  if (found.sizeBytes !== file.sizeBytes)
    found.problems.push(`it has ${found.sizeBytes} bytes, not ${file.sizeBytes}`);
  const sha256 = hash.digest("hex");
  if (sha256 !== file.sha256) found.problems.push(`its SHA-256 is ${sha256}, not ${file.sha256}`);
  try {
    await verifyData(sql, copy, file.rows, found);
  } catch (error) {
    if (!(error instanceof Permanent)) throw error;
    found.problems.push(`it cannot be read as Parquet: ${describeError(error.cause ?? error)}`);
  }
  return found;
}

/** Decodes all values of all columns. */
async function verifyData(sql: Sql, copy: string, rows: number, found: Found): Promise<void> {
  const path = sqlText(copy);
  const source = `read_parquet(${path}, hive_partitioning=false)`;
  const [footer] = await sql.rows(`SELECT num_rows FROM parquet_file_metadata(${path})`);
  const inFooter = Number(footer?.num_rows);
  if (inFooter !== rows) found.problems.push(`its footer says ${inFooter} rows, not ${rows}`);
  const columns = await sql.describe(`SELECT * FROM ${source}`);
  // A hash of each value makes the reader decode it; counts alone come from the statistics.
  const counts = columns.flatMap(({ name }, i) => [
    `count(${sqlName(name)}) AS n${i}`,
    `bit_xor(hash(${sqlName(name)})) AS h${i}`,
  ]);
  const [data] = await sql.rows(`SELECT ${["count(*) AS n", ...counts].join(", ")} FROM ${source}`);
  found.rows = Number(data?.n);
  if (found.rows !== rows) found.problems.push(`it has ${found.rows} rows, not ${rows}`);
  // A column of statistics is NULL where a writer left it out; a nested one has its values counted, not its rows.
  const statistics = await sql.rows(
    `SELECT path_in_schema AS name, sum(stats_null_count) AS nulls FROM parquet_metadata(${path})
     GROUP BY 1 HAVING count(stats_null_count) = count(*)`,
  );
  for (const [i, { name, type }] of columns.entries()) {
    const said = statistics.find((each) => each.name === name);
    if (said === undefined || /\[|^(STRUCT|MAP)/.test(type)) continue;
    const nulls = found.rows - Number(data?.[`n${i}`]);
    if (Number(said.nulls) !== nulls)
      found.problems.push(
        `column "${name}" has ${nulls} NULLs, its statistics say ${String(said.nulls)}`,
      );
  }
}
