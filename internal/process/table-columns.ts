// Which columns a task writes, and as what: declared types, then the registry's, then what the input shows.

import type { PartitionColumn } from "../model/pipeline.ts";
import type { Sql } from "../sql/duckdb.ts";
import { Permanent } from "../std/errors.ts";
import { parseType, printType } from "./duckdb-type.ts";
import { type Column, foldColumns, mergeColumns } from "./merge-columns.ts";
import { addedColumns } from "./partition-columns.ts";
import type { Target } from "./relation.ts";
import type { InputColumn } from "./stage-input.ts";

/** Merges columns into a table's registered ones; gives all of them, with their types, and the schema's version. */
export type RegisterSchema = (
  table: string,
  columns: Column[],
) => Promise<{ version: number; columns: Column[] }>;

/** `isTrusted`: rows are our own and fit the declared types. */
export type Declared = { columns: Record<string, string>; isTrusted: boolean };

/** What is needed to settle a table's columns; `found`: the columns of each input. */
export type ColumnArgs = {
  sql: Sql;
  table: string;
  found: readonly (readonly InputColumn[])[];
  declared: Declared;
  partitionBy: readonly PartitionColumn[];
  runDate: string;
  registerSchema: RegisterSchema;
};

/** `targets`: the columns of the rows, in the registry's order. `registered`: all of the table's columns. */
export type TableColumns = { version: number; targets: Target[]; registered: Column[] };

/**
 * Registers the columns of a task's rows and of its partitions. Throws Permanent for a declared type that DuckDB does not
 * know, and when the registry does not take a column.
 */
export async function settleColumns(args: ColumnArgs): Promise<TableColumns> {
  const { sql, table, found, declared, registerSchema } = args;
  const declaredColumns = await canonical(sql, declared.columns);
  const inferred = found.reduce<Column[]>((all, columns) => foldColumns(all, columns), []);
  const rowColumns = withDeclared(inferred, declaredColumns);
  for (const { name, expression } of args.partitionBy) {
    if (expression !== null && find(inferred, name)) {
      throw new Permanent(
        `partition "${table}" by "${name}": the rows have a column of that name; give the expression another one`,
      );
    }
  }
  const made = args.partitionBy.filter(
    ({ name, expression }) => expression !== null || name === "dt",
  );
  const added = await addedColumns(sql, mergeColumns([], rowColumns), made, args.runDate);
  // A column without a value says nothing about its type: it is registered only if nobody else knows it.
  const known = [...rowColumns.filter((column) => !hasNoType(column)), ...added];
  let schema = await registerSchema(
    table,
    known.map(({ name, type }) => ({ name, type })),
  );
  const unknown = rowColumns.filter(
    (column) => hasNoType(column) && !find(schema.columns, column.name),
  );
  const rounded = rowColumns.filter((column) =>
    isRounded(column, schema.columns, found, declaredColumns),
  );
  const more = [...unknown, ...rounded].map(({ name }) => ({ name, type: "VARCHAR" }));
  if (more.length > 0) schema = await registerSchema(table, more);
  // A partition column that other rows of the table have is NULL in these.
  const others = args.partitionBy.filter(
    ({ name }) => !find(added, name) && find(schema.columns, name),
  );
  const written = [...rowColumns.map(({ name }) => name), ...others.map(({ name }) => name)];
  const targets = targetsOf(table, written, schema.columns, declared);
  return { version: schema.version, targets, registered: schema.columns };
}

const find = (columns: readonly Column[], name: string) =>
  columns.find((column) => column.name.toLowerCase() === name.toLowerCase());

const hasNoType = (column: Column) => /^NULL(\[\])*$/.test(column.type);

function withDeclared(inferred: readonly Column[], declared: readonly Column[]): Column[] {
  const seen = inferred.map((column) => find(declared, column.name) ?? column);
  return [...seen, ...declared.filter((column) => !find(inferred, column.name))];
}

/** Whether the registry's DOUBLE would round integers of this input: then only text holds both. */
function isRounded(
  column: Column,
  registered: readonly Column[],
  found: ColumnArgs["found"],
  declared: readonly Column[],
): boolean {
  const type = find(registered, column.name)?.type;
  if ((type !== "DOUBLE" && type !== "FLOAT") || find(declared, column.name)) return false;
  return found.some((columns) =>
    columns.some((each) => each.name.toLowerCase() === column.name.toLowerCase() && each.hasLong),
  );
}

function targetsOf(
  table: string,
  written: readonly string[],
  registered: readonly Column[],
  declared: Declared,
): Target[] {
  const refused = written.filter((name) => !find(registered, name));
  if (refused.length > 0) {
    const names = refused.map((name) => `"${name}"`).join(", ");
    throw new Permanent(`write "${table}": its registered schema has no column ${names}`);
  }
  const wanted = new Set(written.map((name) => name.toLowerCase()));
  return registered
    .filter(({ name }) => wanted.has(name.toLowerCase()))
    .map(({ name, type }) => ({
      name,
      type: printType(parseType(type)),
      isTrusted: declared.isTrusted && Object.hasOwn(declared.columns, name),
    }));
}

/** Declared types as DuckDB spells them. */
async function canonical(sql: Sql, columns: Record<string, string>): Promise<Column[]> {
  const all: Column[] = [];
  for (const [name, type] of Object.entries(columns)) {
    try {
      const [found] = await sql.describe(`SELECT CAST(NULL AS ${type})`);
      all.push({ name, type: printType(parseType(found?.type ?? type)) });
    } catch (error) {
      throw new Permanent(`column "${name}": "${type}" is not a type of DuckDB`, { cause: error });
    }
  }
  return all;
}
