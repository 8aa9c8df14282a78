// Fixed width: a line is a record, a field is so many characters of it. Goes on as CSV.
import { isUtf8 } from "node:buffer";
import {
  bytesOf,
  cutRecords,
  isTooLong,
  type LocalFile,
  type Take,
  wholeFile,
} from "./byte-source.ts";
import { hasByteOrderMark, isBlank } from "./read-lines.ts";
import type { Reason, RecordReader } from "./record.ts";
import type { Shape } from "./shape.ts";
import { bit, classifyField } from "./text-type.ts";

/**
 * Reads lines as fields of `widths` characters (code points), spaces around them taken off. A field without text, or behind
 * the end of its line, is NULL; a line with text behind the last field is no row. `clean` is CSV with commas.
 */
export function fixedReader(
  file: LocalFile,
  widths: readonly number[],
  shapes: Shape[],
): RecordReader {
  const { place = wholeFile } = file;
  return async (visitor, signal) => {
    let line = place.line - 1;
    let blank = 0;
    const takeLine = (whole: Buffer, offset: number) => {
      const mark = line === 1 && hasByteOrderMark(whole) ? 3 : 0;
      const raw = whole.subarray(mark, whole.at(-1) === 0x0d ? -1 : undefined);
      if (isBlank(raw, 0, raw.length)) {
        blank++;
        return;
      }
      const fields = isUtf8(raw) ? fieldsOf(raw.toString("utf8"), widths) : null;
      const reason = reasonOf(raw, fields, widths.length);
      if (reason === null) learn(fields ?? [], shapes);
      const clean = () => Buffer.from(`${(fields ?? []).map(quoted).join(",")}\n`);
      visitor.seen({ file: file.name, line, offset: offset + mark, raw, reason, clean });
    };
    const take: Take = (bytes, start, at, last) => {
      const offset = place.offset + at;
      const found = bytes.indexOf(0x0a, start);
      if (found < 0 && !last && !isTooLong(bytes, start)) return -1;
      line++;
      const end = found < 0 ? bytes.length : found;
      takeLine(bytes.subarray(start, end), offset);
      if (found < 0 && !last) return -2;
      return found < 0 ? end : found + 1;
    };
    await cutRecords(bytesOf(file), take, visitor.drained, signal);
    return { blank, direct: false };
  };
}

/** One text for each width, and one for what is behind them. */
function fieldsOf(line: string, widths: readonly number[]): string[] {
  // Most lines have no character of two units, and are cut without making a list of them.
  const characters = /[\ud800-\udfff]/.test(line) ? [...line] : null;
  let at = 0;
  const fields = widths.map((width) => {
    const end = at + width;
    const field = characters === null ? line.slice(at, end) : characters.slice(at, end).join("");
    at = end;
    return trimmed(field);
  });
  const rest = characters === null ? line.slice(at) : characters.slice(at).join("");
  return trimmed(rest) === "" ? fields : [...fields, rest];
}

const trimmed = (text: string) => text.replace(/^ +| +$/g, "");

function reasonOf(raw: Buffer, fields: readonly string[] | null, width: number): Reason | null {
  if (isTooLong(raw, 0)) return "TOO_LONG";
  if (fields === null) return "NOT_UTF8";
  return fields.length === width ? null : "WRONG_COLUMN_COUNT";
}

function learn(fields: readonly string[], shapes: Shape[]) {
  for (const [i, shape] of shapes.entries()) {
    const text = Buffer.from(fields[i] ?? "");
    if (text.length > 0 && (shape.bits & bit.text) === 0)
      shape.bits |= classifyField(text, 0, text.length);
  }
}

const quoted = (text: string) => (text === "" ? "" : `"${text.replaceAll('"', '""')}"`);
