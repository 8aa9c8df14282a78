// CSV: counts records, checks each one, learns the columns' shapes, and rewrites what DuckDB would read otherwise.
import { isUtf8 } from "node:buffer";
import { bytesOf, cutRecords, isTooLong, type LocalFile, type Take } from "./byte-source.ts";
import { hasByteOrderMark, isBlank } from "./read-lines.ts";
import type { Reason, RecordReader } from "./record.ts";
import { type CsvRecord, cutCsvRecord, firstLine, newCsvRecord } from "./scan-csv.ts";
import type { Shape } from "./shape.ts";
import { bit, classifyField } from "./text-type.ts";

/** `delimiter`: one ASCII character. `header`: the first record is the names. */
export type CsvDialect = { delimiter: string; header: boolean };

/** Records longer than this go through a rewritten file, for which DuckDB's line limit is raised. */
const directBytes = 1024 * 1024;

/**
 * Reads records of as many fields as `shapes` has. An empty field is NULL, a quoted empty one is `''`. Empty lines, and
 * lines of white space where there are two columns or more, are blank. `clean` gives every field quoted, line end LF.
 */
export function csvReader(file: LocalFile, dialect: CsvDialect, shapes: Shape[]): RecordReader {
  const delimiter = dialect.delimiter.charCodeAt(0);
  return async (visitor, signal) => {
    const record = newCsvRecord();
    let line = 1;
    let blank = 0;
    let direct = true;
    let lineEnds = 0;
    let inHeader = dialect.header;
    const visit = (raw: Buffer, reason: Reason | null, offset: number, clean: () => Buffer) => {
      if (reason !== null) direct = false;
      visitor.seen({ file: file.name, line, offset, raw, reason, clean });
    };
    const take: Take = (bytes, at, offset, last) => {
      const mark = offset === 0 && hasByteOrderMark(bytes, at) ? 3 : 0;
      const from = at + mark;
      if (!cutCsvRecord(bytes, from, last, delimiter, record)) {
        if (!isTooLong(bytes, from)) return -1;
        if (
          !firstLine(bytes, from, false, record) ||
          isTooLong(bytes.subarray(from, record.end), 0)
        ) {
          visit(bytes.subarray(from), "TOO_LONG", offset + mark, () => Buffer.alloc(0));
          line++;
          return -2;
        }
        record.problem = "UNTERMINATED_QUOTE";
      }
      if (mark > 0 && !inHeader) direct = false;
      if (!inHeader) cutRagged(bytes, from, last, record, shapes.length);
      const { end, next, crLf } = record;
      if (isBlank(bytes, from, end) && (end === from || shapes.length > 1)) {
        blank++;
        direct = false;
      } else if (inHeader) {
        inHeader = false;
        if (record.odd) direct = false;
      } else {
        const raw = bytes.subarray(from, end);
        const reason = check(bytes, raw, record, shapes);
        if (record.odd || raw.length > directBytes) direct = false;
        visit(raw, reason, offset + mark, () => cleanRecord(bytes, record, delimiter));
      }
      if (next > end) lineEnds |= crLf ? 1 : 2;
      line += lineCount(bytes, from, next);
      return next;
    };
    await cutRecords(bytesOf(file), take, visitor.drained, signal);
    // DuckDB settles on one line end for the whole file.
    return { blank, direct: direct && lineEnds !== 3 };
  };
}

/**
 * Cuts a record of several lines with the wrong number of fields down to its first line: most likely two stray quotes
 * made one record of them.
 */
function cutRagged(
  bytes: Buffer,
  start: number,
  last: boolean,
  record: CsvRecord,
  columns: number,
) {
  if (record.problem !== null || record.count === columns) return;
  const lineEnd = bytes.indexOf(0x0a, start);
  if (lineEnd < 0 || lineEnd >= record.end) return;
  record.problem = "UNTERMINATED_QUOTE";
  firstLine(bytes, start, last, record);
}

/** Why the record is not a row; null: then the shapes have learnt from it. */
function check(bytes: Buffer, raw: Buffer, record: CsvRecord, shapes: Shape[]): Reason | null {
  if (isTooLong(raw, 0)) return "TOO_LONG";
  if (!isUtf8(raw)) return "NOT_UTF8";
  if (record.problem !== null) return record.problem;
  if (record.count !== shapes.length) return "WRONG_COLUMN_COUNT";
  for (let i = 0; i < shapes.length; i++) {
    const shape = shapes[i] as Shape;
    const start = record.starts[i] as number;
    const end = record.ends[i] as number;
    if (start === end && !record.quoted[i]) continue;
    // A column known to be text stays text.
    if ((shape.bits & bit.text) === 0) shape.bits |= classifyField(bytes, start, end);
  }
  return null;
}

function cleanRecord(bytes: Buffer, record: CsvRecord, delimiter: number): Buffer {
  const parts: string[] = [];
  for (let i = 0; i < record.count; i++) {
    const value = bytes.utf8Slice(record.starts[i] as number, record.ends[i] as number);
    if (record.quoted[i]) parts.push(`"${value}"`);
    else parts.push(value === "" ? "" : `"${value.replaceAll('"', '""')}"`);
  }
  return Buffer.from(`${parts.join(String.fromCharCode(delimiter))}\n`);
}

function lineCount(bytes: Buffer, start: number, end: number): number {
  let lines = 0;
  for (let i = bytes.indexOf(0x0a, start); i >= 0 && i < end; i = bytes.indexOf(0x0a, i + 1))
    lines++;
  return lines;
}
