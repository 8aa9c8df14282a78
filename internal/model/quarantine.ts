// The tables of bad rows: one beside each table, and their columns.

/** The name of the table of a table's bad rows. */
export const quarantineTable = (table: string) => `quarantine_${table}`;

/**
 * What `onpoint quarantine replay` reads of a bad row. `raw`: its raw text, a JSON object. `typed`, `text`: the text in `row`, a
 * JSON object; in that of a format that has only text, a string is whatever it can be read as.
 */
export type RowKind = "raw" | "typed" | "text";

/**
 * Where a bad row stands, why it is bad, and its text (base64 where it is not UTF-8). `row_kind`: a {@link RowKind}; null for
 * what is no row under any schema, or is too long to be kept whole.
 */
export const quarantineColumns: { name: string; type: string }[] = [
  { name: "file", type: "VARCHAR" },
  { name: "line", type: "BIGINT" },
  { name: "byte_offset", type: "BIGINT" },
  { name: "reason", type: "VARCHAR" },
  { name: "raw", type: "VARCHAR" },
  { name: "raw_is_base64", type: "BOOLEAN" },
  { name: "schema_version", type: "INTEGER" },
  { name: "task", type: "VARCHAR" },
  { name: "row_kind", type: "VARCHAR" },
  { name: "row", type: "VARCHAR" },
];
