// The shape of a table's quality checks in the pipeline file.
import { z } from "zod";
import type { TableCheck } from "../model/table-check.ts";
import { durationMs } from "./duration.ts";
import { checkTableName, checkText } from "./value-checks.ts";
import { count, duration, textThat } from "./value-schemas.ts";

const column = textThat(checkText).describe("Column that is checked");
const standing = "What it means when it fails. Default fail";
const verdict = z.enum(["warn", "quarantine", "fail"]).optional().describe(standing);
/** Of what no single row is to blame for. */
const runVerdict = z.enum(["warn", "fail"]).optional().describe(standing);
const bound = z.union([z.number(), textThat(checkText)]);

/** One check. */
export const checkSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("not_null").describe("No NULL in a column"),
    column,
    severity: verdict,
  }),
  z.strictObject({
    kind: z.literal("unique").describe("No key twice"),
    columns: z.array(textThat(checkText)).min(1).describe("Columns of the key"),
    per: z
      .enum(["table", "partition"])
      .optional()
      .describe("Where a key may be once. Default table"),
    severity: verdict,
  }),
  z.strictObject({
    kind: z.literal("accepted").describe("Only some values"),
    column,
    values: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1)
      .describe("Values that may be there"),
    severity: verdict,
  }),
  z.strictObject({
    kind: z.literal("range").describe("Values within bounds"),
    column,
    min: bound.optional().describe("Least value: a number, or a date or time as text"),
    max: bound.optional().describe("Greatest value"),
    severity: verdict,
  }),
  z.strictObject({
    kind: z.literal("regex").describe("Values of a form"),
    column,
    pattern: textThat(checkText).describe("Regular expression (RE2) of the whole value"),
    severity: verdict,
  }),
  z.strictObject({
    kind: z.literal("foreign_key").describe("Values that another table has"),
    column,
    table: textThat(checkTableName).describe("The other table"),
    field: textThat(checkText).describe("Its column"),
    severity: runVerdict,
  }),
  z.strictObject({
    kind: z.literal("rows").describe("Rows that a run writes"),
    min: count(0, 1e15).optional().describe("At least so many"),
    max: count(0, 1e15).optional().describe("At most so many"),
    severity: runVerdict,
  }),
  z.strictObject({
    kind: z.literal("freshness").describe("Age of the newest value"),
    column,
    within: duration.describe("At most so old at the end of the run"),
    severity: runVerdict,
  }),
]);

/** A check as written, with its defaults. */
export function toCheck(check: z.infer<typeof checkSchema>): TableCheck {
  const severity = check.severity ?? "fail";
  switch (check.kind) {
    case "unique":
      return { ...check, severity, per: check.per ?? "table" };
    case "accepted":
      return { ...check, severity, values: check.values.map(String) };
    case "range":
      return { ...check, severity, min: check.min ?? null, max: check.max ?? null };
    case "rows":
      return { kind: "rows", severity, min: check.min ?? null, max: check.max ?? null };
    case "freshness": {
      const { kind, column: name, within } = check;
      return { kind, severity, column: name, withinMs: durationMs(within) ?? 0 };
    }
    case "not_null":
    case "regex":
    case "foreign_key":
      return { ...check, severity };
  }
}
