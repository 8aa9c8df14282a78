// What decides how rows become a table, whatever they are read from: what the pipeline says, and what its source knows.
import type { Source, TableConfig } from "../model/pipeline.ts";
import type { SchemaRules } from "./evolve-columns.ts";
import { extractTypes, pageTypes } from "./page-columns.ts";
import type { TableWork } from "./process-table.ts";
import { extractsByTable } from "./raw-to-rows.ts";

/** Fit for JSON: the lake keeps those of the last run, for rows that are tried again. */
export type TableSettings = Omit<TableWork, "stage">;

const byRunDate = [{ name: "dt", expression: null }];
const evolving: Omit<SchemaRules, "isDeclared"> & Pick<TableConfig, "checks"> = {
  checks: [],
  contract: "evolve",
  conflict: "text",
  compatibility: "none",
  aliases: {},
};

/** Settings of a table that a source writes. */
export function tableSettings(
  tables: Readonly<Record<string, TableConfig>>,
  source: Source,
  table: string,
): TableSettings {
  const config = tables[table];
  const declared = config?.columns ?? {};
  const isPages = source.kind === "web" && source.pages === table;
  const types = { ...typesOf(source, table), ...declared };
  const { contract, conflict, compatibility, aliases, checks } = config ?? evolving;
  const isDeclared = Object.keys(types).length > 0;
  return {
    table,
    partitionBy: config?.partitionBy ?? byRunDate,
    sortBy: config?.sortBy ?? [],
    key: config?.key ?? null,
    checks,
    rules: { contract, conflict, compatibility, aliases, isDeclared },
    declared: { columns: types, isTrusted: isPages && Object.keys(declared).length === 0 },
  };
}

/** Types that a source gives its columns by itself. */
function typesOf(source: Source, table: string): Record<string, string> {
  if (source.kind !== "web") return {};
  if (source.pages === table) return pageTypes;
  return extractTypes(extractsByTable(source).get(table) ?? []);
}
