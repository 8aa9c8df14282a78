// The schema registry: every set of columns a table was ever written with, numbered, in the lake.
import { schemaFolder, schemaPath, schemasFolder } from "../model/lake-paths.ts";
import { compareBytes } from "../objects/object-path.ts";
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
  const version = (await versionsIn(objects, schemaFolder(table))).get(table)?.at(-1);
  return version === undefined ? null : readSchema(objects, table, version);
}

/** All versions of the table's schema, oldest first; empty when none was registered. */
export async function schemaVersions(objects: Objects, table: string): Promise<RegisteredSchema[]> {
  const versions = (await versionsIn(objects, schemaFolder(table))).get(table) ?? [];
  const schemas: RegisteredSchema[] = [];
  for (const version of versions) schemas.push(await readSchema(objects, table, version));
  return schemas;
}

/** Versions of every registered table, oldest first, by the table's name in byte order. */
export async function registeredTables(objects: Objects): Promise<Map<string, number[]>> {
  const tables = await versionsIn(objects, schemasFolder);
  return new Map([...tables].sort(([a], [b]) => compareBytes(a, b)));
}

/** Throws Permanent when there is no such version. */
async function readSchema(
  objects: Objects,
  table: string,
  version: number,
): Promise<RegisteredSchema> {
  const path = schemaPath(table, version);
  const found = await readJson(objects, path);
  if (!found) throw new Permanent(`read "${path}": it was removed; schemas are never removed`);
  const { columns } = found.value as RegisteredSchema;
  return { version, columns };
}

async function versionsIn(objects: Objects, folder: string): Promise<Map<string, number[]>> {
  const tables = new Map<string, number[]>();
  for await (const { path } of objects.list(folder)) {
    const [, table, digits] =
      /^([^/]+)\/v(\d+)\.json$/.exec(path.slice(schemasFolder.length)) ?? [];
    if (table === undefined) continue;
    const versions = tables.get(table) ?? [];
    tables.set(table, versions);
    versions.push(Number(digits));
  }
  for (const versions of tables.values()) versions.sort((a, b) => a - b);
  return tables;
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
