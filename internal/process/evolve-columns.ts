// How a table's registered columns change when rows come that they do not describe: the table's contract. Pure, so that
// concurrent writers who lose the race for a version can do it again on what the winner registered.
import type { TableConfig } from "../model/pipeline.ts";
import { Permanent } from "../std/errors.ts";
import { canRead, demandsOf } from "./compatible-columns.ts";
import { type DuckType, parseType, printType } from "./duckdb-type.ts";
import { type Column, mergeColumns } from "./merge-columns.ts";

/** `isDeclared`: columns are declared; under another contract than `evolve` they are all there are. */
export type SchemaRules = Pick<
  TableConfig,
  "contract" | "conflict" | "compatibility" | "aliases"
> & {
  isDeclared: boolean;
};

/** A column of rows to come, in their order. `isGiven`: declared, or a partition: it may always come. */
export type Incoming = Column & { isGiven: boolean };

/** The column that takes, as text, what does not fit `name`. */
export const variantName = (name: string) => `${name}__text`;

/**
 * The columns that come after `old`, which may be empty: then those of the rows, or, where the contract is another than
 * `evolve` and some are declared, only those. Throws Permanent when a declared type does not go with the registered one.
 */
export function evolveColumns(
  table: string,
  old: readonly Column[],
  incoming: readonly Incoming[],
  rules: SchemaRules,
): Column[] {
  const given = incoming.filter(({ isGiven }) => isGiven);
  const seen = incoming.filter(({ isGiven }) => !isGiven);
  const known = withAliases(old, rules.aliases);
  if (known.length === 0) {
    const isClosed = rules.contract !== "evolve" && rules.isDeclared;
    return withAliases(mergeColumns([], isClosed ? given : incoming), rules.aliases);
  }
  const columns = known.map((column) => withGiven(table, column, given, rules));
  for (const column of incoming) {
    if (!column.isGiven && rules.contract === "evolve") takeIn(columns, column, seen, rules);
    if (column.isGiven && !find(columns, column.name)) columns.push(filled(column));
  }
  return withAliases(columns, rules.aliases);
}

function takeIn(
  columns: Column[],
  column: Column,
  seen: readonly Column[],
  rules: SchemaRules,
): void {
  const known = find(columns, column.name);
  if (known === undefined) {
    columns.push(filled(column));
    return;
  }
  const merged = mergedType(known.type, column.type);
  if (merged === known.type) return;
  const isConflict = becomesText(parseType(known.type), parseType(merged));
  const mayChange =
    isAllowed(rules, known.type, merged) && (!isConflict || rules.conflict === "text");
  if (mayChange) {
    columns[columns.indexOf(known)] = { ...known, type: merged };
  } else if (isConflict && rules.conflict === "variant") {
    const name = variantName(known.name);
    // A column of the rows that has this name keeps it; what does not fit is then quarantined.
    if (!find(seen, name) && !find(columns, name)) columns.push({ name, type: "VARCHAR" });
  }
}

/** Registered columns under the names they go by now: an old name of a column is no column of its own any more. */
function withAliases(
  columns: readonly Column[],
  aliases: Readonly<Record<string, string>>,
): Column[] {
  const merged: Column[] = [];
  for (const column of columns) {
    const target = aliasTarget(column.name, aliases);
    const name = target ?? column.name;
    const names = new Set([
      ...(column.aliases ?? []),
      ...Object.keys(aliases).filter((alias) => aliases[alias] === name),
    ]);
    const known = find(merged, name);
    const type = known ? mergedType(known.type, column.type) : column.type;
    const next = {
      name: known?.name ?? name,
      type,
      ...(names.size > 0 ? { aliases: [...names].sort() } : {}),
    };
    if (known) merged[merged.indexOf(known)] = next;
    else merged.push(next);
  }
  return merged;
}

/** The column that `name` is an old name of; null for any other name. */
export function aliasTarget(
  name: string,
  aliases: Readonly<Record<string, string>>,
): string | null {
  const alias = Object.keys(aliases).find((each) => each.toLowerCase() === name.toLowerCase());
  return alias === undefined ? null : (aliases[alias] ?? null);
}

function withGiven(
  table: string,
  known: Column,
  given: readonly Column[],
  rules: SchemaRules,
): Column {
  const declared = find(given, known.name);
  if (declared === undefined) return known;
  const type = mergedType(known.type, declared.type);
  if (type === known.type) return known;
  // A declared type that holds the old values is what was asked for, also when it is text.
  const isText =
    type !== filled(declared).type && becomesText(parseType(known.type), parseType(type));
  const isRefused = isText && (rules.contract !== "evolve" || rules.conflict !== "text");
  if (isRefused || !isAllowed(rules, known.type, type)) {
    const why = isRefused
      ? "no type but VARCHAR holds the values of both"
      : `that is not ${rules.compatibility.replace("_", " ")} compatible`;
    throw new Permanent(
      `write "${table}": column "${known.name}" is declared as ${declared.type} and registered as ${known.type}, and ${why}; declare what is registered, or write another table`,
    );
  }
  return { ...known, type };
}

/** A merged type reads all old values; whether old readers can read the new ones is the question. */
function isAllowed({ compatibility }: SchemaRules, old: string, next: string): boolean {
  return !demandsOf(compatibility).forward || canRead(parseType(old), parseType(next));
}

/** Whether a part that had a type of its own is only text in `next`. */
function becomesText(old: DuckType, next: DuckType): boolean {
  if (next.kind === "scalar" && next.name === "VARCHAR") {
    return !(old.kind === "scalar" && (old.name === "VARCHAR" || old.name === "NULL"));
  }
  if (old.kind === "list" && next.kind === "list") return becomesText(old.item, next.item);
  if (old.kind !== "struct" || next.kind !== "struct") return false;
  return old.fields.some((field) => {
    const after = next.fields.find(({ name }) => name === field.name);
    return after !== undefined && becomesText(field.type, after.type);
  });
}

function mergedType(old: string, type: string): string {
  return mergeColumns([{ name: "x", type: old }], [{ name: "x", type }])[0]?.type ?? old;
}

const filled = ({ name, type }: Column): Column => ({
  name,
  type: mergedType(printType(parseType(type)), type),
});

const find = (columns: readonly Column[], name: string) =>
  columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
