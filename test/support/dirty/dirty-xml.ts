// Dirty XML (XML 1.0, fifth edition), with its truth: rows `/d/r`.
import type { Dice } from "./dice.ts";
import { type DirtyFile, DirtyWriter, dirtyNumber, dirtyText, notUtf8 } from "./dirty-file.ts";
import type { DirtyArgs } from "./dirty-json.ts";

/** The document may stop being well-formed near its end. */
export function dirtyXml(dice: Dice, args: DirtyArgs): DirtyFile {
  const out = new DirtyWriter(args.name, args.isTyped);
  if (dice.once(3)) out.aside("\ufeff");
  if (dice.once(2)) out.aside('<?xml version="1.0" encoding="UTF-8"?>\r\n');
  out.aside("<d>\n");
  for (let i = 0; i < args.records; i++) {
    const id = String(args.firstId + i);
    if (i === 0 || !dice.once(5)) goodRow(out, dice, id);
    else if (dice.once(2)) out.bad(notUtf8(`<r><id>${id}</id><t>`, "</t></r>", dice), "NOT_UTF8");
    else
      out.bad(`<r><id>${id}</id>\n<t>${dice.pick(["&nbsp;", "a&x;b"])}</t></r>`, "UNKNOWN_ENTITY");
    out.aside(dice.pick(["", "\n", "\r\n\t", "<!-- <r> & -->\n", "<?p <r>?>"]));
  }
  const id = String(args.firstId + args.records);
  if (dice.once(2)) out.aside("</d>\n");
  else
    out.bad(
      dice.pick([
        `<r><id>${id}</id></q></r></d>`,
        `<r><id>${id}`,
        `<r><id>${id}</id><t>a & b</t></r></d>`,
        `<r a="1" a="2"/></d>`,
        `<r><t>a < b</t></r></d>`,
        `<r><t>\u0001</t></r></d>`,
        `<r>&#0;</r></d>`,
        `<p:r/></d>`,
        `<r x=1/></d>`,
        `<r><t>]]></t></r></d>`,
      ]),
      "MALFORMED_XML",
    );
  return out.file();
}

function goodRow(out: DirtyWriter, dice: Dice, id: string) {
  const n = dice.once(6) ? null : dirtyNumber(dice);
  const text = dirtyText(dice).trim();
  const number = n === null ? "" : `<n>${n.json}</n>`;
  const row = `<r><id>${id}</id>${dice.pick(["", "\n "])}${number}<t>${escaped(text, dice)}</t></r>`;
  out.record(row, id, n, text);
}

/** A CR is told by number: one that stands in the document is a line end (section 2.11). */
function escaped(text: string, dice: Dice): string {
  if (text !== "" && !/\r|]]>/.test(text) && dice.once(3)) return `<![CDATA[${text}]]>`;
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("\r", "&#13;");
}
