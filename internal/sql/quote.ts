// Quoting for SQL that is put together as text: DuckDB's COPY and table functions take no bound parameters.

/** A SQL string literal. */
export function sqlText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A quoted identifier: case kept, any character allowed. Throws RangeError on the empty name, which DuckDB refuses. */
export function sqlName(name: string): string {
  if (name === "") throw new RangeError("quote a SQL name: it is empty");
  return `"${name.replaceAll('"', '""')}"`;
}

/** A list literal of strings: `['a', 'b']`. */
export function sqlList(values: readonly string[]): string {
  return `[${values.map(sqlText).join(", ")}]`;
}
