// The rows of one sheet, one after the other: the sheet itself is never held.
import { columnOf, type NumberKind, serialText, unescaped } from "./cell-value.ts";
import type { Workbook } from "./workbook.ts";
import { readPart } from "./xml-part.ts";

/** JSON of each cell that has a value, by its 0-based column; `number`: of the row, 1-based. */
export type SheetRow = { number: number; cells: Map<number, string> };

/** Columns that a sheet may have. */
const maxColumns = 16_384;

type Cell = { column: number; type: string; style: number; value: string; text: string | null };

/** Tells of every row of a sheet that has a cell with a value. Throws Error when the sheet is damaged. */
export async function readSheet(
  workbook: Workbook,
  sheet: Workbook["sheets"][number],
  onRow: (row: SheetRow) => void,
  drained: () => Promise<void>,
): Promise<void> {
  let row: SheetRow = { number: 0, cells: new Map() };
  let cell: Cell | null = null;
  let nextColumn = 0;
  let inside = "";
  await readPart(workbook.path, sheet.part, {
    drained,
    open(name, attributes) {
      if (name === "row") {
        row = { number: Number(attributes.r ?? row.number + 1), cells: new Map() };
        nextColumn = 0;
      } else if (name === "c") {
        const told = columnOf(attributes.r ?? "");
        const column = told < 0 ? nextColumn : told;
        if (column >= maxColumns) throw new Error("a sheet with more columns than there can be");
        nextColumn = column + 1;
        const { t = "n", s = "0" } = attributes;
        cell = { column, type: t, style: Number(s), value: "", text: null };
      }
      inside = name;
    },
    text(piece) {
      if (cell === null) return;
      if (inside === "v") cell.value += piece;
      if (inside === "t") cell.text = (cell.text ?? "") + piece;
    },
    close(name) {
      inside = "";
      if (name === "c" && cell !== null) {
        const json = cellJson(cell, workbook);
        if (json !== null) row.cells.set(cell.column, json);
        cell = null;
      } else if (name === "row" && row.cells.size > 0) onRow(row);
    },
  });
}

function cellJson({ type, style, value, text }: Cell, workbook: Workbook): string | null {
  if (type === "inlineStr") return text === null ? null : JSON.stringify(unescaped(text));
  if (value === "") return null;
  if (type === "s") {
    const shared = workbook.texts[Number(value)];
    if (shared === undefined)
      throw new Error(`a cell with text ${value}, which the workbook has not`);
    return JSON.stringify(shared);
  }
  if (type === "b") return value === "1" || value === "true" ? "true" : "false";
  if (type === "n") return numberJson(value, workbook.kinds[style] ?? "number", workbook.is1904);
  return JSON.stringify(unescaped(value));
}

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function numberJson(value: string, kind: NumberKind, is1904: boolean): string {
  const time = kind === "number" ? null : serialText(Number(value), kind, is1904);
  if (time !== null) return JSON.stringify(time);
  return jsonNumber.test(value) ? value : JSON.stringify(value);
}
