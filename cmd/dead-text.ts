// Dead letters and quarantined rows for people. Pure.
import type { DeadLetter } from "../internal/catalog/dead-letters.ts";
import type { QuarantinedRow, QuarantinedRows } from "../internal/catalog/quarantined-rows.ts";
import { sectionsText } from "./report-text.ts";
import { printable, textTable } from "./text-table.ts";

const letterColumns = ["id", "stage", "source", "what", "attempts", "at", "reason"].map((name) => ({
  name,
  right: name === "attempts",
}));
const rowColumns = ["id", "table", "file", "line", "byte", "reason", "raw"].map((name) => ({
  name,
  right: name === "line" || name === "byte",
}));

/** Both kinds as tables, and what to do about them. */
export function listText(
  run: string,
  letters: readonly DeadLetter[],
  { rows, total }: QuarantinedRows,
): string {
  if (letters.length === 0 && total === 0) return `${run}: no dead letters, no quarantined rows`;
  const letterRows = letters.map(letterRow);
  const badRows = rows.map(({ id, table, file, line, byteOffset, reason, raw }) => [
    id,
    table,
    file,
    orDash(line),
    orDash(byteOffset),
    reason,
    raw,
  ]);
  const unlisted = total - rows.length;
  const tables = [
    { title: `dead letters: ${letters.length}`, columns: letterColumns, rows: letterRows },
    { title: `quarantined rows: ${total}`, columns: rowColumns, rows: badRows },
  ];
  return [
    sectionsText(tables),
    ...(unlisted > 0 ? [`  and ${unlisted} more: onpoint sql "select * from quarantine"`] : []),
    "",
    ...(letters.length > 0
      ? [
          `onpoint dead replay ${run} [ID...] tries them again, onpoint dead drop ${run} ID... settles them`,
        ]
      : []),
    ...(total > 0
      ? [
          "quarantined rows: correct the pipeline, then onpoint quarantine replay TABLE; or the source, then onpoint run --force",
        ]
      : []),
  ].join("\n");
}

/** One of them, a line a fact; then the raw text of a row. */
export function factsText(one: DeadLetter | QuarantinedRow): string {
  const shown = Object.entries(one).filter(([name, value]) => name !== "raw" && value !== null);
  const facts = textTable(
    [{ name: "" }, { name: "" }],
    shown.map(([name, value]) => [
      name,
      typeof value === "object" ? JSON.stringify(value) : String(value),
    ]),
  );
  const lines = facts.split("\n").slice(1);
  return "raw" in one
    ? [...lines, "", ...one.raw.split("\n").map(printable)].join("\n")
    : lines.join("\n");
}

function orDash(value: number | null): string {
  return value === null ? "-" : String(value);
}

/** A dead letter as cells: id, stage, source, subject, attempts, time, reason. */
export function letterRow(letter: DeadLetter): string[] {
  const { id, stage, source, subject, attempts, at, reason } = letter;
  return [id, stage, source, subject, String(attempts), at, reason];
}
