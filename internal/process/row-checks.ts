// Checks that a task can make of its own rows, in SQL: while rows are read (those that send rows to quarantine), or over the
// columns they need of the files just written.
import { checkName, type TableCheck, type TaskCheck } from "../model/table-check.ts";
import type { Sql } from "../sql/duckdb.ts";
import { sqlList, sqlName, sqlText } from "../sql/quote.ts";
import type { Column } from "./merge-columns.ts";
import { reasonColumn } from "./relation.ts";

/** What reasons of rows begin with that a check sent to quarantine. */
export const checkPrefix = "CHECK:";

/** SQL that is true where a row fails; null for a check of more than one row. A column that is not there is NULL. */
export function failing(check: TableCheck, columns: readonly Column[]): string | null {
  if (!("column" in check) || check.kind === "foreign_key" || check.kind === "freshness")
    return null;
  const column = find(columns, check.column);
  if (column === undefined) return check.kind === "not_null" ? "true" : "false";
  const name = sqlName(column.name);
  switch (check.kind) {
    case "not_null":
      return `${name} IS NULL`;
    case "accepted":
      return `coalesce(CAST(${name} AS VARCHAR) NOT IN ${sqlTuple(check.values)}, false)`;
    case "regex":
      return `coalesce(NOT regexp_full_match(CAST(${name} AS VARCHAR), ${sqlText(check.pattern)}), false)`;
    case "range": {
      const outside = [
        ...(check.min === null ? [] : [beyond(column, "<", check.min)]),
        ...(check.max === null ? [] : [beyond(column, ">", check.max)]),
      ];
      return `(${name} IS NOT NULL AND (${outside.join(" OR ") || "false"}))`;
    }
  }
}

/** A number bounds numbers, also those in text (what is none is outside); a text is read as the column's type. */
function beyond({ name, type }: Column, operator: "<" | ">", bound: number | string): string {
  if (typeof bound === "string")
    return `${sqlName(name)} ${operator} CAST(${sqlText(bound)} AS ${type})`;
  const value = type === "VARCHAR" ? `TRY_CAST(${sqlName(name)} AS DOUBLE)` : sqlName(name);
  return `coalesce(${value} ${operator} ${bound}, true)`;
}

const sqlTuple = (values: readonly string[]) => `(${values.map(sqlText).join(", ")})`;

const find = (columns: readonly Column[], name: string) =>
  columns.find((column) => column.name.toLowerCase() === name.toLowerCase());

/**
 * A relation with the reasons of checks that send rows to quarantine, behind its own. Of rows with the same unique key the
 * first one stays. Null when there is no such check.
 */
export function withCheckReasons(
  select: string,
  isChecked: boolean,
  checks: readonly TableCheck[],
  columns: readonly Column[],
): string | null {
  const chosen = checks.filter(({ severity }) => severity === "quarantine");
  if (chosen.length === 0) return null;
  const own = isChecked ? reasonColumn : "CAST(NULL AS VARCHAR)";
  const tests = chosen.flatMap((check) => {
    const test = failing(check, columns);
    return test === null ? [] : [`WHEN ${test} THEN ${sqlText(checkPrefix + checkName(check))}`];
  });
  const reason = tests.length === 0 ? own : `coalesce(${own}, CASE ${tests.join(" ")} END)`;
  const others = isChecked ? `* EXCLUDE (${reasonColumn})` : "*";
  const checked = `SELECT ${others}, ${reason} AS ${reasonColumn} FROM (${select})`;
  return chosen.reduce((sql, check) => {
    const keys = check.kind === "unique" ? keysOf(check.columns, columns) : null;
    return keys === null || check.kind !== "unique" ? sql : withoutRepeats(sql, check, keys);
  }, checked);
}

/** Names of the key's columns; null when one is not there: then all keys have a NULL. */
export function keysOf(keys: readonly string[], columns: readonly Column[]): string[] | null {
  const found = keys.flatMap((key) => find(columns, key)?.name ?? []);
  return found.length < keys.length ? null : found.map(sqlName);
}

/** Rows that are bad already are not counted, nor are keys with a NULL. The order of rows is kept. */
function withoutRepeats(sql: string, check: TableCheck, keys: readonly string[]): string {
  const isKey = [`${reasonColumn} IS NULL`, ...keys.map((key) => `${key} IS NOT NULL`)].join(
    " AND ",
  );
  const reason = sqlText(checkPrefix + checkName(check));
  return `SELECT * EXCLUDE (__onpoint_n) REPLACE (CASE WHEN ${isKey} AND __onpoint_n > min(__onpoint_n) FILTER (WHERE ${isKey}) OVER (PARTITION BY ${keys.join(", ")}) THEN ${reason} ELSE ${reasonColumn} END AS ${reasonColumn})
    FROM (SELECT *, row_number() OVER () AS __onpoint_n FROM (${sql})) ORDER BY __onpoint_n`;
}

/** Failures of the other checks of single rows, and the newest values, over the files that a task wrote. */
export async function measureChecks(
  sql: Sql,
  files: readonly string[],
  checks: readonly TableCheck[],
  columns: readonly Column[],
): Promise<TaskCheck[]> {
  const measured = checks.flatMap((check) => {
    const measure = measureOf(check, columns);
    return measure === null ? [] : [{ check, measure }];
  });
  if (measured.length === 0) return [];
  if (files.length === 0)
    return measured.map(({ check }) => ({
      check: checkName(check),
      failures: 0,
      ...(check.kind === "freshness" ? { newest: null } : {}),
    }));
  const [row = {}] = await sql.rows(
    `SELECT ${measured.map(({ measure }, i) => `${measure} AS m${i}`).join(", ")}
     FROM read_parquet(${sqlList(files)}, union_by_name = true, hive_partitioning = false)`,
  );
  return measured.map(({ check }, i) => {
    const value = row[`m${i}`];
    if (check.kind !== "freshness")
      return { check: checkName(check), failures: Number(value ?? 0) };
    return { check: checkName(check), failures: 0, newest: value ? String(value) : null };
  });
}

function measureOf(check: TableCheck, columns: readonly Column[]): string | null {
  if (check.kind === "freshness") {
    const column = find(columns, check.column);
    if (column === undefined) return "CAST(NULL AS VARCHAR)";
    return `strftime(max(TRY_CAST(${sqlName(column.name)} AS TIMESTAMPTZ)), '%Y-%m-%dT%H:%M:%S.%gZ')`;
  }
  const test = check.severity === "quarantine" ? null : failing(check, columns);
  return test === null ? null : `count(*) FILTER (WHERE ${test})`;
}
