// Column types of what is taken from web pages.
import type { Extract } from "../model/pipeline.ts";

/** The pages table, as `pageRow` fills it. */
export const pageTypes: Record<string, string> = {
  url: "VARCHAR",
  final_url: "VARCHAR",
  status: "INTEGER",
  content_type: "VARCHAR",
  charset: "VARCHAR",
  lang: "VARCHAR",
  title: "VARCHAR",
  text: "VARCHAR",
  links: "VARCHAR[]",
  canonical: "VARCHAR",
  digest: "VARCHAR",
  size: "BIGINT",
  truncated: "BOOLEAN",
  skipped: "VARCHAR",
  depth: "INTEGER",
  etag: "VARCHAR",
  last_modified: "TIMESTAMPTZ",
  fetched_at: "TIMESTAMPTZ",
  first_seen: "TIMESTAMPTZ",
  last_seen: "TIMESTAMPTZ",
  changed: "BOOLEAN",
  gone: "BOOLEAN",
};

/** Money and measures fit, and arithmetic on them is exact. */
const fieldTypes: Record<string, string> = {
  text: "VARCHAR",
  integer: "BIGINT",
  decimal: "DECIMAL(28,9)",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  date: "DATE",
  timestamp: "TIMESTAMPTZ",
};

/** Types of the columns that the extractions of one table give; a field with two types is text. */
export function extractTypes(extracts: readonly Extract[]): Record<string, string> {
  const types: Record<string, string> = { url: "VARCHAR" };
  for (const { fields } of extracts) {
    for (const [name, { as, many }] of Object.entries(fields)) {
      const type = `${fieldTypes[as] ?? "VARCHAR"}${many ? "[]" : ""}`;
      types[name] = (types[name] ?? type) === type ? type : "VARCHAR";
    }
  }
  return types;
}
