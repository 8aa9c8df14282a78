// `onpoint sql "SELECT ..."`: asks the lake's committed tables.
import { type QueryResult, queryTables } from "../internal/catalog/query-tables.ts";
import type { CommandResult } from "./command-result.ts";
import { csvText } from "./csv-text.ts";
import { type LakeOptions, withLake } from "./open-lake.ts";
import { withScratch } from "./scratch-folder.ts";
import { textTable } from "./text-table.ts";

export type SqlOptions = LakeOptions & { csv?: boolean };

/**
 * Text: one value alone is printed bare, all else as a table, or as CSV. JSON: an array of rows; whole numbers that JSON can
 * hold exactly are numbers, larger ones and decimals are text. Throws UsageError.
 */
export function sqlCommand(text: string, options: SqlOptions): Promise<CommandResult> {
  return withLake(options, async ({ objects, settings }) => {
    const result = await withScratch(settings, (scratch) =>
      queryTables(objects, text, { scratch, memoryLimitMb: settings.memoryMb }),
    );
    return {
      text: options.csv ? csvOf(result) : textOf(result),
      json: jsonOf(result),
      exitCode: 0,
    };
  });
}

/** For people and for `$(...)`. */
export function textOf({ columns, rows }: QueryResult): string {
  const [column] = columns;
  const [row] = rows;
  if (columns.length === 1 && rows.length === 1 && column && row) return cellText(row[column.name]);
  const named = columns.map(({ name, type }) => ({ name, right: isNumber(type) }));
  return textTable(
    named,
    rows.map((each) => columns.map(({ name }) => cellText(each[name]))),
  );
}

export function csvOf({ columns, rows }: QueryResult): string {
  const names = columns.map(({ name }) => name);
  const cells = rows.map((row) =>
    names.map((name) => (row[name] == null ? null : cellText(row[name]))),
  );
  return csvText([names, ...cells]);
}

export function jsonOf({ columns, rows }: QueryResult): Record<string, unknown>[] {
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name, type }) => [name, jsonValue(row[name], type)])),
  );
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function jsonValue(value: unknown, type: string): unknown {
  if (typeof value !== "string" || !/^U?(BIG|HUGE)INT$/.test(type)) return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function isNumber(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|UINTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\))$/.test(
    type,
  );
}
