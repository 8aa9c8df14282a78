// A table's schema in a file: what `onpoint schemas show --json` prints, and people or programs change and have checked.
import { z } from "zod";
import { checkTableName, checkText } from "../pipeline/value-checks.ts";
import { textThat } from "../pipeline/value-schemas.ts";
import { UsageError } from "../std/errors.ts";
import type { Column } from "./schemas.ts";

// Names and types are whatever a table can have, so that what was printed can be read; DuckDB judges types. Other keys are
// let pass: the version that `schemas show` prints says nothing about the next one.
const schemaFile = z.object({
  table: textThat(checkTableName),
  columns: z
    .array(
      z.strictObject({
        name: textThat(checkText),
        type: textThat(checkText),
        aliases: z.array(textThat(checkText)).optional(),
      }),
    )
    .min(1),
});
const fix =
  'Write { "table": "t", "columns": [{ "name": "id", "type": "BIGINT" }] }, as `onpoint schemas show TABLE --json` does';

/** Throws UsageError for a text that is no schema, with the first thing that is wrong. */
export function parseSchemaFile(file: string, text: string): { table: string; columns: Column[] } {
  const { table, columns } = parsed(file, text);
  const seen = new Set<string>();
  for (const { name, aliases } of columns) {
    for (const each of [name, ...(aliases ?? [])].map((one) => one.toLowerCase())) {
      if (seen.has(each)) throw new UsageError(`"${each}" is there twice`, file, "Remove one");
      seen.add(each);
    }
  }
  return {
    table,
    columns: columns.map(({ name, type, aliases }) =>
      aliases === undefined ? { name, type } : { name, type, aliases },
    ),
  };
}

function parsed(file: string, text: string): z.infer<typeof schemaFile> {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw notJson(file, error);
  }
  const result = schemaFile.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.join(".") ?? "";
  throw new UsageError(`${place === "" ? "" : `${place}: `}${issue?.message ?? ""}`, file, fix);
}

function notJson(file: string, cause: unknown): UsageError {
  return new UsageError("the schema file is not JSON", file, fix, { cause });
}
