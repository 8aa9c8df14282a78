// Partition columns of a table: which of them the rows have already, and which are added.
import type { PartitionColumn } from "../model/pipeline.ts";
import type { Sql } from "../sql/duckdb.ts";
import { sqlName, sqlText } from "../sql/quote.ts";
import { describeError, Permanent } from "../std/errors.ts";
import { parseType, printType } from "./duckdb-type.ts";
import type { Column } from "./merge-columns.ts";

/** A column that the rows get: `expression` over them. `isConstant`: the same value in every row. */
export type AddedColumn = Column & { expression: string; isConstant: boolean };

/**
 * The columns to add so that rows of `columns` can be partitioned: `dt` is the run's date, an expression is evaluated for
 * each row and is NULL where it fails. A column the rows have is not added again, whatever its expression. Throws Permanent
 * for a name that is neither, and for an expression that is not SQL over these columns.
 */
export async function addedColumns(
  sql: Sql,
  columns: readonly Column[],
  partitionBy: readonly PartitionColumn[],
  runDate: string,
): Promise<AddedColumn[]> {
  const known = new Set(columns.map((column) => column.name.toLowerCase()));
  const added: AddedColumn[] = [];
  for (const { name, expression } of partitionBy) {
    if (known.has(name.toLowerCase())) continue;
    if (expression !== null) {
      const type = await typeOfExpression(sql, columns, name, expression);
      added.push({ name, type, expression: `TRY(${expression})`, isConstant: false });
    } else if (name.toLowerCase() === "dt") {
      added.push({ name, type: "DATE", expression: `DATE ${sqlText(runDate)}`, isConstant: true });
    } else {
      const list = columns.map((column) => column.name).join(", ");
      throw new Permanent(`partition by "${name}": the rows have no such column, only ${list}`);
    }
  }
  return added;
}

async function typeOfExpression(
  sql: Sql,
  columns: readonly Column[],
  name: string,
  expression: string,
): Promise<string> {
  const empty = columns.map((column) => `CAST(NULL AS ${column.type}) AS ${sqlName(column.name)}`);
  try {
    const [found] = await sql.describe(
      `SELECT TRY(${expression}) FROM (SELECT ${empty.join(", ")})`,
    );
    return printType(parseType(found?.type ?? "VARCHAR"));
  } catch (error) {
    throw new Permanent(`partition by "${name}": ${expression}: ${describeError(error)}`, {
      cause: error,
    });
  }
}

/** A folder's name has 255 bytes at most on the usual file systems; some are left for whoever copies it. */
const maxFolderBytes = 250;

/**
 * Value of a partition column in paths. DuckDB mixes up NULL and Hive's word for it, so neither gets there; a value too long
 * for a folder's name is there by its hash. The file has the value itself.
 */
export function partitionKey({ name, type }: Column): string {
  const text = `CAST(${sqlName(name)} AS VARCHAR)`;
  // Neither empty nor long: the check of each row would cost as much as the cast.
  if (/^(DATE|BOOLEAN|U?(TINY|SMALL|BIG)?INT|U?INTEGER)$/.test(type))
    return `coalesce(${text}, '__none__')`;
  const key = `coalesce(nullif(nullif(${text}, ''), '__HIVE_DEFAULT_PARTITION__'), '__none__')`;
  const room = maxFolderBytes - encodeURIComponent(name).length - 1;
  // A character becomes 12 bytes at most, `%F0%9F%98%80`: most values are short whatever they have.
  const isLong = `length(${key}) > ${Math.floor(room / 12)} AND length(url_encode(${key})) > ${room}`;
  return `CASE WHEN ${isLong} THEN '__long__' || md5(${key}) ELSE ${key} END`;
}
