// Which columns a task writes, and as what: declared types, then the registry's, then what the input shows.

import type { PartitionColumn } from "../model/pipeline.ts";
import type { Sql } from "../sql/duckdb.ts";
import { Permanent } from "../std/errors.ts";
import { parseType, printType } from "./duckdb-type.ts";
import { evolveColumns, type Incoming, type SchemaRules, variantName } from "./evolve-columns.ts";
import { type Column, foldColumns, mergeColumns } from "./merge-columns.ts";
import { addedColumns } from "./partition-columns.ts";
import type { Target } from "./relation.ts";
import type { InputColumn } from "./stage-input.ts";

/**
 * Registers `columns` for a new table, else what `merge` makes of the registered ones; gives all of them, and the schema's
 * version. `merge` is called again when another writer was first.
 */
export type RegisterSchema = (
  table: string,
  columns: Column[],
  merge: (old: Column[]) => Column[],
) => Promise<{ version: number; columns: Column[] }>;

/** `isTrusted`: rows are our own and fit the declared types. */
export type Declared = { columns: Record<string, string>; isTrusted: boolean };

/** Declared columns in a list. */
export const declaredList = ({ columns }: Declared): Column[] =>
  Object.entries(columns).map(([name, type]) => ({ name, type }));

/** What is needed to settle a table's columns; `found`: the columns of each input. */
export type ColumnArgs = {
  sql: Sql;
  table: string;
  found: readonly (readonly InputColumn[])[];
  declared: Declared;
  rules: SchemaRules;
  partitionBy: readonly PartitionColumn[];
  runDate: string;
  registerSchema: RegisterSchema;
};

/**
 * `targets`: the columns of the rows, in the registry's order. `registered`: all of the table's columns. `refused`: names of
 * columns that rows have and the table's contract does not let in.
 */
export type TableColumns = {
  version: number;
  targets: Target[];
  registered: Column[];
  refused: string[];
};

/**
 * Registers the columns of a task's rows and of its partitions. Throws Permanent for a declared type that DuckDB does not
 * know, and when the registry does not take a column.
 */
export async function settleColumns(args: ColumnArgs): Promise<TableColumns> {
  const { sql, table, found, declared, rules } = args;
  const declaredColumns = await canonicalColumns(sql, declaredList(declared));
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
  const given = [...declaredColumns, ...added];
  const incoming = [...rowColumns.filter((column) => !hasNoType(column)), ...added].map(
    ({ name, type }) => ({ name, type, isGiven: find(given, name) !== undefined }),
  );
  let schema = await register(args, incoming);
  const unknown = rowColumns.filter(
    (column) => hasNoType(column) && !find(schema.columns, column.name),
  );
  const rounded = rowColumns.filter((column) =>
    isRounded(column, schema.columns, found, declaredColumns),
  );
  const more = [...unknown, ...rounded].map(({ name }) => ({
    name,
    type: "VARCHAR",
    isGiven: false,
  }));
  if (more.length > 0 && rules.contract === "evolve") schema = await register(args, more);
  // A partition column that other rows of the table have is NULL in these.
  const others = args.partitionBy.filter(
    ({ name }) => !find(added, name) && find(schema.columns, name),
  );
  const isKnown = ({ name }: Column) => find(schema.columns, name) !== undefined;
  const isRefused = (column: Column) => rules.contract !== "evolve" && !isKnown(column);
  const taken = [...rowColumns.filter((column) => !isRefused(column)), ...others];
  // A column without any value is no reason to refuse a row.
  const refused = rowColumns.filter((column) => isRefused(column) && !hasNoType(column));
  // Rows of refused columns alone are bad rows of all the table's columns.
  const writing = taken.length === 0 && refused.length > 0 ? schema.columns : taken;
  const names = withVariants(
    writing.map(({ name }) => name),
    schema.columns,
    rules,
  );
  const targets = targetsOf(table, names, schema.columns, declared);
  return {
    version: schema.version,
    targets,
    registered: schema.columns,
    refused: refused.map(({ name }) => name),
  };
}

/** Registers nothing for rows alone where the contract is another than `evolve` and the table has a schema. */
function register({ table, rules, registerSchema }: ColumnArgs, incoming: readonly Incoming[]) {
  const evolve = (old: readonly Column[]) => evolveColumns(table, old, incoming, rules);
  return registerSchema(table, evolve([]), evolve);
}

/** Names to write: with each column its variant, unless the rows have a column of that name. */
function withVariants(
  names: readonly string[],
  registered: readonly Column[],
  { contract, conflict }: SchemaRules,
): { name: string; variant: string | null }[] {
  const isThere = (name: string) => names.some((each) => sameName(each, name));
  const variants = new Map<string, string>();
  for (const name of contract === "evolve" && conflict === "variant" ? names : []) {
    const variant = find(registered, variantName(name))?.name;
    if (variant !== undefined && !isThere(variant)) variants.set(name, variant);
  }
  return [
    ...names.map((name) => ({ name, variant: variants.get(name) ?? null })),
    ...[...variants.values()].map((name) => ({ name, variant: null })),
  ];
}

const sameName = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

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
  written: readonly { name: string; variant: string | null }[],
  registered: readonly Column[],
  declared: Declared,
): Target[] {
  const refused = written.map(({ name }) => name).filter((name) => !find(registered, name));
  if (refused.length > 0) {
    const names = refused.map((name) => `"${name}"`).join(", ");
    throw new Permanent(`write "${table}": its registered schema has no column ${names}`);
  }
  const wanted = new Map(written.map(({ name, variant }) => [name.toLowerCase(), variant]));
  return registered
    .filter(({ name }) => wanted.has(name.toLowerCase()))
    .map(({ name, type }) => ({
      name,
      type: printType(parseType(type)),
      variant: wanted.get(name.toLowerCase()) ?? null,
      isTrusted: declared.isTrusted && Object.hasOwn(declared.columns, name),
    }));
}

/** Columns with their types as DuckDB spells them. Throws Permanent for a type that it does not know. */
export async function canonicalColumns(sql: Sql, columns: readonly Column[]): Promise<Column[]> {
  const all: Column[] = [];
  for (const column of columns) {
    const { name, type } = column;
    try {
      const [found] = await sql.describe(`SELECT CAST(NULL AS ${type})`);
      all.push({ ...column, type: printType(parseType(found?.type ?? type)) });
    } catch (error) {
      throw new Permanent(`column "${name}": "${type}" is not a type of DuckDB`, { cause: error });
    }
  }
  return all;
}
