// `onpoint schemas check FILE`: whether a change may be made, before it is: of a pipeline, or of one table's schema.
import { resolve } from "node:path";
import {
  checkDeclared,
  checkProposed,
  type SchemaCheck,
} from "../internal/catalog/check-schema.ts";
import { parseSchemaFile } from "../internal/catalog/schema-file.ts";
import { schemaVersions } from "../internal/catalog/schemas.ts";
import { heldCompatibility } from "../internal/catalog/table-settings-file.ts";
import { type Compatibility, compatibilityLevels, tablesOf } from "../internal/model/pipeline.ts";
import type { Objects } from "../internal/objects/objects.ts";
import { readSettings } from "../internal/pod/settings.ts";
import { tableSettings } from "../internal/process/table-settings.ts";
import { openDuckDb, type Sql } from "../internal/sql/duckdb.ts";
import { Permanent, UsageError } from "../internal/std/errors.ts";
import type { CommandResult } from "./command-result.ts";
import { type LakeOptions, withLake } from "./open-lake.ts";
import { readPipeline, readText } from "./read-pipeline.ts";
import { changeLines } from "./schemas.ts";
import { withScratch } from "./scratch-folder.ts";
import { printable } from "./text-table.ts";

export type CheckOptions = LakeOptions & { config?: string; compatibility?: string };

/**
 * A name that ends in `.json` is a schema, any other a pipeline, whose lake is asked unless another is named. Exit code 1
 * when anything breaks. JSON: `{ file, isCompatible, tables: [{ table, version, compatibility, changes, breaks }] }`. Throws
 * UsageError for a file that is wrong.
 */
export async function schemasCheckCommand(
  path: string,
  options: CheckOptions,
): Promise<CommandResult> {
  const file = resolve(path);
  const tables = /\.json$/i.test(file)
    ? await checkSchemaFile(file, options)
    : await checkPipelineFile(file, options);
  const isCompatible = tables.every(({ breaks }) => breaks.length === 0);
  const text = tables.flatMap(tableLines).join("\n");
  return { text, json: { file, isCompatible, tables }, exitCode: isCompatible ? 0 : 1 };
}

async function checkSchemaFile(file: string, options: CheckOptions): Promise<SchemaCheck[]> {
  const { table, columns } = parseSchemaFile(
    file,
    await readText(file, "schema file", "Name a .json file, or a pipeline"),
  );
  const asked = options.compatibility === undefined ? null : toLevel(options.compatibility);
  return withSql(options, async (objects, sql) => {
    const versions = await schemaVersions(objects, table);
    const levels = asked === null ? await heldCompatibility(objects, table) : [asked];
    if (levels.length === 0 && versions.length > 0) {
      const what = `the lake does not know which compatibility table "${table}" is held to`;
      throw new UsageError(
        what,
        "--compatibility",
        `give one of ${compatibilityLevels.join(", ")}`,
      );
    }
    try {
      return [{ table, ...(await checkProposed(sql, versions, columns, levels)) }];
    } catch (error) {
      throw error instanceof Permanent ? unknownType(file, error) : error;
    }
  });
}

async function checkPipelineFile(file: string, options: CheckOptions): Promise<SchemaCheck[]> {
  if (options.compatibility !== undefined) {
    const what = "a pipeline has the compatibility of its tables in it";
    throw new UsageError(what, "--compatibility", "Set tables.TABLE.compatibility in the file");
  }
  const settings = readSettings(process.env);
  const configFile = options.config ?? settings.config;
  const read = { configFile, env: process.env, cwd: process.cwd() };
  const pipeline = await readPipeline(file, read);
  const lake = options.lake ?? settings.lake ?? pipeline.lake;
  return withSql({ lake }, async (objects, sql) => {
    const checks: SchemaCheck[] = [];
    for (const table of Object.keys(pipeline.tables)) {
      const writers = pipeline.sources
        .filter((source) => tablesOf(source).includes(table))
        .map((source) => tableSettings(pipeline.tables, source, table));
      const versions = await schemaVersions(objects, table);
      checks.push({ table, ...(await checkDeclared(sql, versions, writers)) });
    }
    return checks;
  });
}

function withSql<T>(
  options: LakeOptions,
  body: (objects: Objects, sql: Sql) => Promise<T>,
): Promise<T> {
  return withLake(options, ({ objects, settings }) =>
    withScratch(settings, async (scratch) => {
      const { memoryMb: memoryLimitMb } = settings;
      const sql = await openDuckDb({ memoryLimitMb, scratch, allowedPaths: [] });
      try {
        return await body(objects, sql);
      } finally {
        await sql.close();
      }
    }),
  );
}

function tableLines({ table, version, compatibility, changes, breaks }: SchemaCheck): string[] {
  const held = compatibility.length === 0 ? "" : ` (compatibility: ${compatibility.join(", ")})`;
  if (breaks.length > 0)
    return [
      `${table}: breaks version ${version}${held}`,
      ...breaks.map((each) => `  ! ${printable(each)}`),
    ];
  if (changes.length === 0) {
    const is = version === 0 ? "new, with the columns of its rows" : `version ${version} stays`;
    return [`${table}: ok, ${is}${held}`];
  }
  const next = version === 0 ? "new" : `version ${version + 1} would come`;
  return [`${table}: ok, ${next}${held}`, ...changeLines(changes)];
}

function toLevel(text: string): Compatibility {
  const level = compatibilityLevels.find((each) => each === text);
  if (level !== undefined) return level;
  const fix = `Write one of ${compatibilityLevels.join(", ")}`;
  throw new UsageError(`"${text}" is no level of compatibility`, "--compatibility", fix);
}

function unknownType(file: string, cause: Permanent): UsageError {
  return new UsageError(cause.message, file, "Write a type such as BIGINT or DATE", { cause });
}
