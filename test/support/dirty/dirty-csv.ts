// Dirty CSV (RFC 4180, and what is written in its name), with its truth.
import type { Dice } from "./dice.ts";
import { type DirtyFile, DirtyWriter, dirtyNumber, dirtyText, notUtf8 } from "./dirty-file.ts";
import { type DirtyArgs, hugeChars } from "./dirty-json.ts";

/** A quote that is not closed stands in the last third, with no other quote behind it: it costs its own line alone. */
export function dirtyCsv(dice: Dice, args: DirtyArgs): DirtyFile {
  const out = new DirtyWriter(args.name, args.isTyped);
  const delimiter = dice.pick([",", ";", "\t", "|"]);
  const eols = dice.pick([["\n"], ["\r\n"], ["\n", "\n", "\r\n"]]);
  const stray = dice.once(2) ? Math.floor(args.records * 0.67) : args.records;
  if (dice.once(3)) out.aside("\ufeff");
  out.aside(["id", "n", "t"].join(delimiter) + dice.pick(eols));
  for (let i = 0; i < args.records; i++) {
    const csv = { delimiter, mayQuote: i < stray };
    const id = String(args.firstId + i);
    const isLast = i === args.records - 1;
    if (i === stray) out.bad([id, "1", '"open'].join(delimiter), "UNTERMINATED_QUOTE");
    else if (i > 0 && !isLast && dice.once(10)) out.blank(dice.pick(["", " ", "  "]));
    else if (i === 0 || dice.below(10) < 8) goodRecord(out, dice, id, csv);
    else badRecord(out, dice, id, csv);
    if (!isLast || args.isHuge || dice.once(2)) out.aside(dice.pick(eols));
  }
  if (args.isHuge) out.bad(["1", "1", "x".repeat(hugeChars)].join(delimiter), "TOO_LONG");
  return out.file();
}

type Csv = { delimiter: string; mayQuote: boolean };

function goodRecord(out: DirtyWriter, dice: Dice, id: string, csv: Csv) {
  const n = dice.once(6) ? null : dirtyNumber(dice);
  const isNull = dice.once(6);
  const text = csv.mayQuote ? dirtyText(dice, csv.delimiter) : dice.pick(["x", "ä€😀", "NULL"]);
  const number = n === null ? "" : csv.mayQuote && dice.once(5) ? `"${n.json}"` : n.json;
  const field = isNull ? "" : textField(dice, text, csv);
  out.record([id, number, field].join(csv.delimiter), id, n, isNull ? null : text);
}

function textField(dice: Dice, text: string, { delimiter, mayQuote }: Csv): string {
  // A quote inside of a bare field is text.
  const mayBeBare =
    text !== "" && !text.startsWith('"') && !/[\n\r]/.test(text) && !text.includes(delimiter);
  const isLoneCr = /\r(?!\n|$)/.test(text) && !text.includes("\n");
  if ((mayBeBare || isLoneCr) && (!mayQuote || dice.once(2))) return text;
  return `"${text.replaceAll('"', '""')}"`;
}

function badRecord(out: DirtyWriter, dice: Dice, id: string, { delimiter, mayQuote }: Csv) {
  const join = (...fields: string[]) => fields.join(delimiter);
  const kind = dice.below(mayQuote ? 3 : 2);
  if (kind === 0)
    out.bad(
      dice.pick([id, join(id, "1"), join(id, "1", "x", "y"), join(id, "1", "x", "")]),
      "WRONG_COLUMN_COUNT",
    );
  else if (kind === 1)
    out.bad(notUtf8(join(id, "1", "x"), dice.once(2) ? "y" : "", dice), "NOT_UTF8");
  else
    out.bad(
      dice.pick([
        join(id, "1", '"x"y'),
        join(id, '"1"2', "x"),
        join(id, "1", '"x" '),
        join(`"${id}" `, "1", "x"),
        join(id, "1", '"say "yes""'),
      ]),
      "BAD_QUOTE",
    );
}
