// What the next schema of a table would be, and what it would break: a dry run of the registry. Nothing is registered.
import type { Compatibility } from "../model/pipeline.ts";
import { type Incompatibility, incompatibilities } from "../process/compatible-columns.ts";
import { type ColumnChange, diffColumns } from "../process/diff-columns.ts";
import { evolveColumns } from "../process/evolve-columns.ts";
import { canonicalColumns, declaredList } from "../process/table-columns.ts";
import type { TableSettings } from "../process/table-settings.ts";
import type { Sql } from "../sql/duckdb.ts";
import { Permanent } from "../std/errors.ts";
import type { Column, RegisteredSchema } from "./schemas.ts";

/** `version`: the newest that is registered, 0 for a new table. `changes`: from it to what would come, where nothing breaks. */
export type SchemaCheck = {
  table: string;
  version: number;
  compatibility: readonly Compatibility[];
  changes: ColumnChange[];
  breaks: string[];
};

/**
 * What a run would do with the columns that a pipeline declares for a table, by all `writers` of it. What its rows change
 * keeps the compatibility by itself (`evolve-columns.ts`), so only what is declared can break it.
 */
export async function checkDeclared(
  sql: Sql,
  versions: readonly RegisteredSchema[],
  writers: readonly TableSettings[],
): Promise<Omit<SchemaCheck, "table">> {
  const latest = versions.at(-1);
  const before = latest?.columns ?? [];
  let next: readonly Column[] = before;
  const breaks = new Set<string>();
  for (const { table, declared, rules } of writers) {
    // One by one, so that every column that does not go is told.
    for (const column of declaredList(declared)) {
      try {
        const given = await canonicalColumns(sql, [column]);
        const incoming = given.map((each) => ({ ...each, isGiven: true }));
        next = evolveColumns(table, next, incoming, rules);
      } catch (error) {
        if (!(error instanceof Permanent)) throw error;
        breaks.add(error.message);
      }
    }
  }
  return {
    version: latest?.version ?? 0,
    compatibility: [...new Set(writers.map(({ rules }) => rules.compatibility))].sort(),
    changes: diffColumns(before, next),
    breaks: [...breaks],
  };
}

/**
 * Whether `next`, all columns of a schema that somebody proposes, may come after `versions` at each of the levels. Throws
 * Permanent for a type that DuckDB does not know.
 */
export async function checkProposed(
  sql: Sql,
  versions: readonly RegisteredSchema[],
  next: readonly Column[],
  compatibility: readonly Compatibility[],
): Promise<Omit<SchemaCheck, "table">> {
  const latest = versions.at(-1);
  const columns = await canonicalColumns(sql, next);
  const breaks = new Set<string>();
  const changes = diffColumns(latest?.columns ?? [], columns);
  // What is registered already is no change, whatever older versions were like.
  for (const level of changes.length === 0 ? [] : compatibility) {
    for (const one of incompatibilities(level, columns, versions)) breaks.add(breakText(one));
  }
  return { version: latest?.version ?? 0, compatibility, changes, breaks: [...breaks] };
}

/** For people: who cannot read whose values. */
export function breakText({
  column,
  direction,
  version,
  readerType,
  writerType,
}: Incompatibility): string {
  return direction === "backward"
    ? `column "${column}": ${readerType} does not hold the ${writerType} values of version ${version} (backward)`
    : `column "${column}": version ${version} has ${readerType}, which does not hold ${writerType} values (forward)`;
}
