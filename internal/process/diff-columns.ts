// What changed between two sets of a table's columns, for people who read or review it.
import type { Column } from "./merge-columns.ts";

/** A column that came, went, got another type, or another name (`was`). Types as DuckDB writes them. */
export type ColumnChange =
  | { kind: "added"; column: string; type: string }
  | { kind: "removed"; column: string; type: string }
  | { kind: "retyped"; column: string; from: string; to: string }
  | { kind: "renamed"; column: string; was: string };

/**
 * Changes from `before` to `after`: of the columns of `after` in their order, then what went. Names are compared without
 * case. A column is an older one renamed when it has its name as an alias.
 */
export function diffColumns(before: readonly Column[], after: readonly Column[]): ColumnChange[] {
  const left = new Map(before.map((column) => [column.name.toLowerCase(), column]));
  const changes: ColumnChange[] = [];
  for (const { name, type, aliases } of after) {
    const names = [name, ...(aliases ?? [])].map((each) => each.toLowerCase());
    const older = names.flatMap((each) => left.get(each) ?? []);
    for (const each of names) left.delete(each);
    if (older.length === 0) changes.push({ kind: "added", column: name, type });
    for (const old of older) {
      if (old.name.toLowerCase() !== name.toLowerCase())
        changes.push({ kind: "renamed", column: name, was: old.name });
      if (old.type !== type)
        changes.push({ kind: "retyped", column: name, from: old.type, to: type });
    }
  }
  for (const { name, type } of left.values()) changes.push({ kind: "removed", column: name, type });
  return changes;
}
