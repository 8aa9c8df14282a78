// The tables of bad rows: one beside each table, and their columns.

/** The name of the table of a table's bad rows. */
export const quarantineTable = (table: string) => `quarantine_${table}`;

/** Where a bad row stands, why it is bad, and its text (base64 where it is not UTF-8). */
export const quarantineColumns: { name: string; type: string }[] = [
  { name: "file", type: "VARCHAR" },
  { name: "line", type: "BIGINT" },
  { name: "byte_offset", type: "BIGINT" },
  { name: "reason", type: "VARCHAR" },
  { name: "raw", type: "VARCHAR" },
  { name: "raw_is_base64", type: "BOOLEAN" },
  { name: "schema_version", type: "INTEGER" },
  { name: "task", type: "VARCHAR" },
];
