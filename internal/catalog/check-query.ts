// What a user's statement may be: one SELECT over tables, nothing that reads or writes files by itself. The lock-down of
// openDuckDb keeps it inside the lake's folders; this keeps it to what is committed there.
import type { Sql } from "../sql/duckdb.ts";
import { sqlText } from "../sql/quote.ts";
import { UsageError } from "../std/errors.ts";

const tableFunctions = new Set([
  "generate_series",
  "json_each",
  "json_tree",
  "range",
  "repeat",
  "unnest",
]);
const where = "sql";

/** Names of the tables that `text` reads. Throws UsageError when it is not one SELECT (or DESCRIBE, SUMMARIZE) statement. */
export async function checkQuery(sql: Sql, text: string): Promise<string[]> {
  const [row] = await sql.rows(`SELECT json_serialize_sql(${sqlText(text)}) AS tree`);
  const tree = JSON.parse(String(row?.tree)) as {
    error: boolean;
    error_type?: string;
    statements?: unknown[];
  };
  if (tree.error && tree.error_type === "parser") {
    // It cannot be parsed, so it cannot run; running it gives DuckDB's own text, with the place.
    await sql.rows(text);
  }
  if (tree.error || tree.statements?.length !== 1) {
    const fix = "write one SELECT; the lake changes by runs only";
    throw new UsageError("not one SELECT statement", where, fix);
  }
  checkNodes(tree.statements);
  return sql.readTables(text);
}

function checkNodes(node: unknown): void {
  if (Array.isArray(node)) {
    for (const item of node) checkNodes(item);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  const fields = node as Record<string, unknown>;
  if (fields.type === "TABLE_FUNCTION") checkFunction(fields.function);
  if (fields.type === "BASE_TABLE") checkTable(fields);
  if (fields.type === "SHOW_REF" && fields.query === null) {
    const fix = "`onpoint catalog ls` lists the tables, DESCRIBE tells the columns of one";
    throw new UsageError("SHOW is not a query", where, fix);
  }
  for (const value of Object.values(fields)) checkNodes(value);
}

function checkFunction(node: unknown): void {
  const { function_name: name } = node as { function_name?: unknown };
  if (typeof name === "string" && tableFunctions.has(name)) return;
  const fix = "name a table: queries read what runs have committed, not files";
  throw new UsageError(`${String(name)}() may not be used here`, where, fix);
}

function checkTable({ catalog_name, schema_name, table_name }: Record<string, unknown>): void {
  if (!catalog_name && !schema_name) return;
  const name = [catalog_name, schema_name, table_name].filter(Boolean).join(".");
  const fix = "write the name of a table alone; in double quotes if it has a dot";
  throw new UsageError(`there is no table ${name}`, where, fix);
}
