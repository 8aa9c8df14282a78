// Excel workbooks: each row of a sheet below the one with the names is one record, as JSON; its line is its number.
import type { FilesSource } from "../model/pipeline.ts";
import { describeError, Permanent } from "../std/errors.ts";
import { readSheet, type SheetRow } from "../xlsx/sheet-rows.ts";
import { openWorkbook, type Workbook } from "../xlsx/workbook.ts";
import type { LocalFile } from "./byte-source.ts";
import { distinctNames } from "./column-names.ts";
import { reasonOf, withLineEnd } from "./read-lines.ts";
import type { RecordReader, Visitor } from "./record.ts";
import type { JsonScanner } from "./scan-json.ts";

/** Throws Permanent when the workbook is damaged, or has no such sheet. */
export function xlsxReader(
  { local, name }: LocalFile,
  { sheet, headerRow }: FilesSource["excel"],
  scanner: JsonScanner,
): RecordReader {
  return async (visitor, signal) => {
    try {
      const workbook = await openWorkbook(local);
      const pass = new SheetPass(name, headerRow, scanner, visitor);
      await readSheet(workbook, chosenSheet(workbook, sheet), pass.take, async () => {
        signal.throwIfAborted();
        await visitor.drained();
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Error && "syscall" in error) throw error;
      throw new Permanent(`read "${name}": ${describeError(error)}`, { cause: error });
    }
    return { blank: 0, direct: false };
  };
}

/** By name or 1-based number; by default the first that is not hidden. */
function chosenSheet({ sheets }: Workbook, wanted: string | number | null) {
  const found =
    wanted === null
      ? (sheets.find((sheet) => !sheet.isHidden) ?? sheets[0])
      : typeof wanted === "number"
        ? sheets[wanted - 1]
        : sheets.find((sheet) => sheet.name === wanted);
  if (found !== undefined) return found;
  const names = sheets.map((sheet) => `"${sheet.name}"`).join(", ");
  throw new Error(`the workbook has no sheet ${JSON.stringify(wanted)}; it has ${names || "none"}`);
}

class SheetPass {
  readonly #name: string;
  readonly #headerRow: number | null;
  readonly #scanner: JsonScanner;
  readonly #visitor: Visitor;
  #names: string[] | null;

  constructor(name: string, headerRow: number | null, scanner: JsonScanner, visitor: Visitor) {
    this.#name = name;
    this.#headerRow = headerRow;
    this.#scanner = scanner;
    this.#visitor = visitor;
    this.#names = headerRow === 0 ? [] : null;
  }

  /** Rows above the names are none. */
  readonly take = (row: SheetRow) => {
    if (this.#names !== null) this.#record(row, this.#names);
    else if (this.#headerRow === null || row.number === this.#headerRow) this.#names = namesOf(row);
    else if (row.number > this.#headerRow)
      throw new Error(`row ${this.#headerRow}, which should have the names, is empty`);
  };

  #record({ number, cells }: SheetRow, names: string[]) {
    const fields = [...cells].map(
      ([column, json]) => `${JSON.stringify(names[column] ?? `column${column}`)}:${json}`,
    );
    const raw = Buffer.from(`{${fields.join(",")}}`);
    this.#visitor.seen({
      file: this.#name,
      line: number,
      offset: 0,
      raw,
      reason: reasonOf(raw, this.#scanner),
      clean: () => withLineEnd(raw),
    });
  }
}

function namesOf({ cells }: SheetRow): string[] {
  const width = Math.max(...cells.keys()) + 1;
  return distinctNames(
    Array.from({ length: width }, (_, column) => {
      const json = cells.get(column);
      const value: unknown = json === undefined ? "" : JSON.parse(json);
      return typeof value === "string" ? value.trim() : String(json);
    }),
  );
}
