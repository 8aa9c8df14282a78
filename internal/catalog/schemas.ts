// The schema registry: every set of columns a table was ever written with, numbered, in the lake.
import { schemaFolder, schemaPath } from "../model/lake-paths.ts";
import type { Objects } from "../objects/objects.ts";
import { Permanent } from "../std/errors.ts";
import { jsonText, putUnlessLost, readJson, untilWon } from "./compare-and-swap.ts";

/** A column and its DuckDB type. `aliases`: names it had in older versions. */
export type Column = { name: string; type: string; aliases?: string[] };

/** `_onpoint/schemas/<table>/v<N>.json`: immutable. */
export type RegisteredSchema = { version: number; columns: Column[] };

/** The table's newest schema; null when none was registered. */
export async function latestSchema(
  objects: Objects,
  table: string,
): Promise<RegisteredSchema | null> {
  let version = 0;
  const folder = schemaFolder(table);
  for await (const { path } of objects.list(folder)) {
    const [, digits] = /^v(\d+)\.json$/.exec(path.slice(folder.length)) ?? [];
    version = Math.max(version, Number(digits ?? 0));
  }
  if (version === 0) return null;
  const path = schemaPath(table, version);
  const found = await readJson(objects, path);
  if (!found) throw new Permanent(`read "${path}": it was removed; schemas are never removed`);
  const { columns } = found.value as RegisteredSchema;
  return { version, columns };
}

/**
 * Registers what `merge` makes of the newest columns (none for a new table: then `columns` as they are) and of `columns`,
 * and returns it with its version; registers nothing when that changes nothing. `merge` is called again when another
 * writer was first, and what it throws is thrown.
 */
export async function registerSchema(
  objects: Objects,
  table: string,
  columns: Column[],
  merge: (old: Column[], inferred: Column[]) => Column[],
): Promise<RegisteredSchema> {
  return untilWon(`register the schema of "${table}"`, async () => {
    const latest = await latestSchema(objects, table);
    const merged = plain(latest ? merge(latest.columns, columns) : columns);
    if (latest && JSON.stringify(plain(latest.columns)) === JSON.stringify(merged)) return latest;
    const next = { version: (latest?.version ?? 0) + 1, columns: merged };
    const text = jsonText({ table, ...next });
    const path = schemaPath(table, next.version);
    const etag = await putUnlessLost(objects, path, text, { ifAbsent: true });
    return etag === null ? null : next;
  });
}

function plain(columns: Column[]): Column[] {
  return columns.map(({ name, type, aliases }) =>
    aliases === undefined ? { name, type } : { name, type, aliases },
  );
}
