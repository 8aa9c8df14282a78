// `onpoint schemas ls|show|diff`: what columns the lake's tables have, had, and how one version came from another.
import {
  type Column,
  latestSchema,
  type RegisteredSchema,
  registeredTables,
  schemaVersions,
} from "../internal/catalog/schemas.ts";
import { heldCompatibility } from "../internal/catalog/table-settings-file.ts";
import type { Compatibility } from "../internal/model/pipeline.ts";
import { incompatibilities } from "../internal/process/compatible-columns.ts";
import { type ColumnChange, diffColumns } from "../internal/process/diff-columns.ts";
import { UsageError } from "../internal/std/errors.ts";
import { nearestName } from "../internal/std/nearest-name.ts";
import type { CommandResult } from "./command-result.ts";
import { type LakeOptions, type OpenLake, withLake } from "./open-lake.ts";
import { printable, textTable } from "./text-table.ts";

/** JSON: an array of `{ table, version, columns, compatibility }`; `columns` is how many the newest version has. */
export function schemasListCommand(options: LakeOptions): Promise<CommandResult> {
  return withLake(options, async ({ objects }) => {
    const tables: {
      table: string;
      version: number;
      columns: number;
      compatibility: Compatibility[];
    }[] = [];
    for (const table of (await registeredTables(objects)).keys()) {
      const newest = await latestSchema(objects, table);
      if (newest === null) continue;
      const { version, columns } = newest;
      const compatibility = await heldCompatibility(objects, table);
      tables.push({ table, version, columns: columns.length, compatibility });
    }
    const columns = [
      { name: "table" },
      { name: "version", right: true },
      { name: "columns", right: true },
      { name: "compatibility" },
    ];
    const rows = tables.map((each) => [
      each.table,
      String(each.version),
      String(each.columns),
      each.compatibility.join(", ") || "-",
    ]);
    const text =
      rows.length === 0 ? `no schemas are registered in ${objects.url}` : textTable(columns, rows);
    return { text, json: tables, exitCode: 0 };
  });
}

/** JSON: `{ table, version, columns: [{ name, type, aliases? }] }`, which `schemas check` takes. Throws UsageError. */
export function schemasShowCommand(
  table: string,
  options: LakeOptions & { version?: string },
): Promise<CommandResult> {
  return withLake(options, async (lake) => {
    const versions = await versionsOf(lake, table);
    const wanted = options.version === undefined ? null : toVersion(options.version, "--version");
    const { version, columns } = pick(versions, wanted, "--version");
    const text = [
      `${table}, version ${version} of ${versions.at(-1)?.version}`,
      textTable(
        [{ name: "column" }, { name: "type" }, { name: "older names" }],
        columns.map(({ name, type, aliases }) => [name, type, (aliases ?? []).join(", ")]),
      ),
    ].join("\n");
    return { text, json: { table, version, columns }, exitCode: 0 };
  });
}

/**
 * Without versions: what the newest changed; with one: what changed since. Version 0 has no columns. JSON: `{ table, from,
 * to, changes, isBackward, isForward }`. Throws UsageError.
 */
export function schemasDiffCommand(
  table: string,
  from: string | undefined,
  to: string | undefined,
  options: LakeOptions,
): Promise<CommandResult> {
  return withLake(options, async (lake) => {
    const versions = await versionsOf(lake, table);
    const after = pick(versions, to === undefined ? null : toVersion(to, "TO"), "TO");
    const start = from === undefined ? after.version - 1 : toVersion(from, "FROM");
    const before = start === 0 ? { version: 0, columns: [] } : pick(versions, start, "FROM");
    const changes = diffColumns(before.columns, after.columns);
    const broken = incompatibilities("full", after.columns, [before]);
    const isBackward = broken.every(({ direction }) => direction !== "backward");
    const isForward = broken.every(({ direction }) => direction !== "forward");
    const reads = (isSo: boolean, reader: number, writer: number) =>
      `version ${reader} ${isSo ? "reads" : "does not read"} all rows of version ${writer}`;
    const text = [
      `${table}, from version ${before.version} to ${after.version}`,
      ...(changes.length === 0 ? ["  no change"] : changeLines(changes)),
      reads(isBackward, after.version, before.version),
      reads(isForward, before.version, after.version),
    ].join("\n");
    const json = {
      ...{ table, from: before.version, to: after.version },
      ...{ changes, isBackward, isForward },
    };
    return { text, json, exitCode: 0 };
  });
}

/** A line a change: `+` what came, `-` what went, `~` what is another now. */
export const changeLines = (changes: readonly ColumnChange[]) =>
  changes.map((change) => printable(changeLine(change)));

function changeLine(change: ColumnChange): string {
  switch (change.kind) {
    case "added":
      return `  + ${change.column} ${change.type}`;
    case "removed":
      return `  - ${change.column} ${change.type}`;
    case "retyped":
      return `  ~ ${change.column} ${change.from} -> ${change.to}`;
    case "renamed":
      return `  ~ ${change.column}, was ${change.was}`;
  }
}

async function versionsOf(
  { objects }: OpenLake,
  table: string,
): Promise<[RegisteredSchema, ...RegisteredSchema[]]> {
  const tables = [...(await registeredTables(objects)).keys()];
  const [first, ...more] = tables.includes(table) ? await schemaVersions(objects, table) : [];
  if (first !== undefined) return [first, ...more];
  const nearest = nearestName(table, tables);
  const hint = nearest === null ? "" : `did you mean ${nearest}? `;
  const list =
    tables.length === 0 ? "no table has one yet" : `tables that have one: ${tables.join(", ")}`;
  throw new UsageError(`there is no schema of table "${table}"`, objects.url, hint + list);
}

/** The version; null: the newest. */
function pick(
  versions: readonly [RegisteredSchema, ...RegisteredSchema[]],
  wanted: number | null,
  where: string,
): { version: number; columns: Column[] } {
  const newest = versions.at(-1) ?? versions[0];
  const found = wanted === null ? newest : versions.find(({ version }) => version === wanted);
  if (found !== undefined) return found;
  const there = `versions there are: ${versions[0].version} to ${newest.version}`;
  throw new UsageError(`there is no version ${wanted}`, where, there);
}

function toVersion(text: string, where: string): number {
  const digits = /^v?(\d{1,9})$/.exec(text)?.[1];
  if (digits === undefined)
    throw new UsageError(`"${text}" is no version`, where, "Write a number such as 3");
  return Number(digits);
}
