// What makes two rows of a table the same one, and which of them stays: the row with the greatest value of the column `newest`
// where there is one, and among equals the one that came last. A row that lacks a value of its key is like no other.
//
// Everything that looks at keys (a batch, the merge of a run's files into its table) uses the SQL that is made here, so that
// they never disagree.
import type { TableKey } from "../model/pipeline.ts";
import { sqlName } from "../sql/quote.ts";
import { Permanent } from "../std/errors.ts";
import type { Column } from "./merge-columns.ts";

/**
 * The key as far as `columns` have it. Null: there is nothing to compare, because no row can have a whole key. Throws Permanent
 * for a column that `registered`, all columns of the table, has not either: it is a mistake in the pipeline file.
 */
export function keyAmong(
  table: string,
  key: TableKey | null,
  columns: readonly Column[],
  registered: readonly Column[],
): TableKey | null {
  if (key === null) return null;
  const nameOf = (name: string, among: readonly Column[]) =>
    among.find((column) => column.name.toLowerCase() === name.toLowerCase())?.name;
  const unknown = key.columns.find((name) => nameOf(name, registered) === undefined);
  if (unknown !== undefined) {
    const list = registered.map(({ name }) => name).join(", ");
    throw new Permanent(`key of "${table}": there is no column "${unknown}", only ${list}`);
  }
  const names = key.columns.map((name) => nameOf(name, columns));
  if (!names.every((name) => name !== undefined)) return null;
  return { columns: names, newest: nameOf(key.newest ?? "", columns) ?? null };
}

/** A condition: the row has a whole key. */
export function hasKey({ columns }: TableKey): string {
  return columns.map((name) => `${sqlName(name)} IS NOT NULL`).join(" AND ");
}

/** The columns of the key, as a SQL list. */
export function keyList({ columns }: TableKey): string {
  return columns.map(sqlName).join(", ");
}

/** How many rows of `relation` (something to select from) are older ones of others: one column, `older`. */
export function countOlder(relation: string, key: TableKey): string {
  return `SELECT coalesce(sum(same - 1), 0)::BIGINT AS older FROM (SELECT count(*) AS same FROM ${relation} WHERE ${hasKey(key)} GROUP BY ${keyList(key)})`;
}

/** The older rows of `relation`, as the values of `place`: whole numbers, compared in their order, greater for what came later. */
export function olderRows(relation: string, key: TableKey, place: readonly string[]): string {
  const places = place.map(sqlName);
  const newest = key.newest === null ? [] : [`${sqlName(key.newest)} DESC NULLS LAST`];
  const order = [...newest, ...places.map((name) => `${name} DESC`)].join(", ");
  return `SELECT ${places.join(", ")} FROM (SELECT ${places.join(", ")}, row_number() OVER (PARTITION BY ${keyList(key)} ORDER BY ${order}) AS __onpoint_age FROM ${relation} WHERE ${hasKey(key)}) WHERE __onpoint_age > 1`;
}
