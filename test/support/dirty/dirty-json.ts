// Dirty NDJSON and JSON arrays (RFC 8259), with their truth.
import type { Dice } from "./dice.ts";
import { type DirtyFile, DirtyWriter, dirtyNumber, dirtyText, notUtf8 } from "./dirty-file.ts";

/** `isHuge`: with a line that is longer than any row may be. `firstId`: of its first row. */
export type DirtyArgs = {
  name: string;
  isTyped: boolean;
  firstId: number;
  records: number;
  isHuge?: boolean;
};

/** More than a record may have. */
export const hugeChars = 17 * 1024 * 1024;

/** Lines that end in LF or CR LF; the CR belongs to the line. */
export function dirtyNdjson(dice: Dice, args: DirtyArgs): DirtyFile {
  const out = new DirtyWriter(args.name, args.isTyped);
  if (dice.once(3)) out.aside("\ufeff");
  for (let i = 0; i < args.records; i++) {
    const isLast = i === args.records - 1;
    const cr = dice.once(4) ? "\r" : "";
    const id = String(args.firstId + i);
    const kind = isLast ? 1 : dice.below(10);
    if (kind === 0) out.blank(dice.pick(["", " ", "\t ", "\r"]));
    else if (kind < 7) goodObject(out, dice, id, cr);
    else badLine(out, dice, id, cr);
    if (!isLast || args.isHuge || dice.once(2)) out.aside("\n");
  }
  if (args.isHuge) out.bad(`{"id":1,"t":"${"x".repeat(hugeChars)}"}`, "TOO_LONG");
  return out.file();
}

/** Elements on lines of their own or not; a document that is cut is told of by the caller. */
export function dirtyArray(dice: Dice, args: DirtyArgs): DirtyFile {
  const out = new DirtyWriter(args.name, args.isTyped);
  if (dice.once(3)) out.aside("\ufeff");
  out.aside(dice.pick(["[", "[ ", "\n[\n", "[\r\n"]));
  for (let i = 0; i < args.records; i++) {
    if (i > 0) out.aside(dice.pick([",", ",\n", " ,\r\n ", "\n,\t"]));
    const id = String(args.firstId + i);
    if (i === 0 || dice.below(10) < 7) goodObject(out, dice, id, "", true);
    else badElement(out, dice, id);
  }
  out.aside(dice.pick(["]", "\n]\n", " ] \r\n"]));
  return out.file();
}

function goodObject(out: DirtyWriter, dice: Dice, id: string, cr: string, mayBreak = false) {
  if (dice.once(12)) {
    out.record(`{}${cr}`, null, null, null);
    return;
  }
  const n = dice.once(6) ? null : dirtyNumber(dice);
  const hasText = !dice.once(6);
  const text = dirtyText(dice);
  const gap = () => dice.pick(["", "", " ", "\t", "\r", ...(mayBreak ? ["\n", "\r\n"] : [])]);
  const key = (name: string) => (dice.once(10) ? `\\u00${name.charCodeAt(0).toString(16)}` : name);
  const fields = [`"${key("i")}d"${gap()}:${gap()}${id}`];
  if (n !== null || dice.once(2)) fields.push(`"${key("n")}":${gap()}${n?.json ?? "null"}`);
  if (hasText || dice.once(2))
    fields.push(`"${key("t")}"${gap()}:${hasText ? quoted(text, dice) : "null"}`);
  if (dice.once(4)) fields.reverse();
  const body = fields.join(`${gap()},${gap()}`);
  out.record(`{${gap()}${body}${gap()}}${cr}`, id, n, hasText ? text : null);
}

/** The text in one of its spellings. */
function quoted(text: string, dice: Dice): string {
  const usual = JSON.stringify(text);
  if (dice.once(2)) return usual;
  return usual.replace(/[/<\u0080-\uffff]/g, (c) =>
    c === "/" ? "\\/" : `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function badLine(out: DirtyWriter, dice: Dice, id: string, cr: string) {
  // Rarely: what has many zero bytes at its start is taken for binary data.
  if (dice.once(20)) {
    const line = dice.pick(["\u0000", `{"id":${id}}\u0000`, `{"id":${id},"t":"\u0000"}`]);
    out.bad(line + cr, "MALFORMED_JSON");
  } else if (dice.once(3)) {
    const line = dice.pick([
      `{"id":${id},"t":"cut`,
      `{"id":${id}`,
      `{"id":${id},"t":"\\"}`,
      `{"id":${id}}}`,
      `{"id":${id}}{"id":${id}}`,
      `{"id":${id}} ,`,
      ` \ufeff{"id":${id}}`,
      `id,n,t`,
      `{"id":${id},"t":"lone\rCR"}`,
    ]);
    out.bad(line + cr, "MALFORMED_JSON");
  } else badElement(out, dice, id, cr);
}

/** A value with all its brackets and quotes, so that an array goes on behind it. */
function badElement(out: DirtyWriter, dice: Dice, id: string, cr = "") {
  const kind = dice.below(4);
  if (kind === 0)
    out.bad(
      dice.pick(["null", "12", '"x"', "[]", `[{"id":${id}}]`, "true", "-0"]) + cr,
      "NOT_AN_OBJECT",
    );
  else if (kind === 1)
    out.bad(
      dice.pick([
        `{"id":${id},"id":${id}}`,
        `{"id":${id},"\\u0069d":${id}}`,
        `{"t":null,"id":${id},"t":"x"}`,
        `{"id":${id},"t":{"a":1,"a":2}}`,
        `{"id":${id},"t":[{"a":1,"b":2,"a":null}]}`,
      ]) + cr,
      "DUPLICATE_KEY",
    );
  else if (kind === 2)
    out.bad(
      dice.once(2)
        ? notUtf8(`{"id":${id},"t":"`, `"}${cr}`, dice)
        : notUtf8(`{"id":${id},"t`, `":1}${cr}`, dice),
      "NOT_UTF8",
    );
  else
    out.bad(
      dice.pick([
        `{"id":${id},}`,
        `{"id":${id},"t":[1,]}`,
        `{"id":0${id}}`,
        `{"id":+${id}}`,
        `{"id":${id}.}`,
        `{"id":${id},"n":NaN}`,
        `{"id":${id},"n":-Infinity}`,
        `{"id":${id},"n":.5}`,
        `{"id":${id},"n":1e}`,
        `{"id":${id},"n":nul}`,
        `{'id':${id}}`,
        `{id:${id}}`,
        `{"id":${id} "n":1}`,
        `{"id" ${id}}`,
        `{"id":${id},"t":"\\x41"}`,
        `{"id":${id},"t":"\\ud800"}`,
        `{"id":${id},"t":"\\udc00\\ud800"}`,
        `{"id":${id},"t":"\\u12g4"}`,
        `{"id":${id},"t":"tab\t"}`,
        `{"id":${id},"t":${"[".repeat(300)}${"]".repeat(300)}}`,
        `{"id":${id},/* x */"n":1}`,
        `{"id":${id}\u000b}`,
        `{"id":${id}\u00a0}`,
      ]) + cr,
      "MALFORMED_JSON",
    );
}
