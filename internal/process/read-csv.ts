// CSV: counts records, checks each one, learns the columns' shapes, and rewrites what DuckDB would read otherwise.
import { isUtf8 } from "node:buffer";
import { bytesOf, cutRecords, isTooLong, type LocalFile, wholeFile } from "./byte-source.ts";
import { lineCount } from "./line-count.ts";
import { matchCsvRecord } from "./match-csv.ts";
import { hasByteOrderMark, isBlank } from "./read-lines.ts";
import type { Reason, RecordReader, Visitor } from "./record.ts";
import { type CsvRecord, newCsvRecord } from "./scan-csv.ts";
import type { Shape } from "./shape.ts";
import { takeCsvRecord } from "./take-csv.ts";
import { bit, classifyField } from "./text-type.ts";

/**
 * `delimiter`: one ASCII character. `header`: the first record is the names. `nulls`: what a field without quotes says to be
 * NULL, beside nothing; with `""` among them a quoted field without text is NULL too.
 */
export type CsvDialect = { delimiter: string; header: boolean; nulls?: readonly string[] };

/** Records longer than this go through a rewritten file, for which DuckDB's line limit is raised. */
const directBytes = 1024 * 1024;

/** A record as a row is to be written, with its line end. */
export type WriteCsv = (bytes: Buffer, record: CsvRecord, delimiter: number) => Buffer;

/**
 * Reads records of as many fields as `shapes` has. An empty field is NULL, a quoted empty one is `''`. Empty lines, and
 * lines of white space where there are two columns or more, are blank. `clean` gives what `write` makes of a record: without
 * it, every field quoted, line end LF; or the record as it stands, if DuckDB reads that the same.
 */
export function csvReader(
  file: LocalFile,
  dialect: CsvDialect,
  shapes: Shape[],
  write: WriteCsv = cleanRecord,
): RecordReader {
  return async (visitor, signal) => {
    const cutter = new CsvCutter(file, dialect, shapes, visitor, write);
    await cutRecords(bytesOf(file), cutter.take, visitor.drained, signal);
    return cutter.summary();
  };
}

/** One pass over a CSV file. */
class CsvCutter {
  readonly #name: string;
  readonly #firstOffset: number;
  readonly #delimiter: number;
  readonly #shapes: Shape[];
  readonly #visitor: Visitor;
  readonly #write: WriteCsv;
  readonly #nulls: readonly Buffer[];
  readonly #record = newCsvRecord();
  #inHeader: boolean;
  #line: number;
  #blank = 0;
  #direct = true;
  #hasLf = false;
  #hasCrLf = false;
  #chunk: Buffer | null = null;
  #lastLf = -1;

  constructor(
    { name, place = wholeFile }: LocalFile,
    dialect: CsvDialect,
    shapes: Shape[],
    visitor: Visitor,
    write: WriteCsv,
  ) {
    this.#name = name;
    this.#firstOffset = place.offset;
    this.#line = place.line;
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#inHeader = dialect.header;
    this.#shapes = shapes;
    this.#visitor = visitor;
    this.#write = write;
    this.#nulls = (dialect.nulls ?? []).map((text) => Buffer.from(text));
  }

  /** DuckDB settles on one line end for a whole file, and may take it from inside of quotes. */
  summary() {
    return { blank: this.#blank, direct: this.#direct && !(this.#hasLf && this.#hasCrLf) };
  }

  readonly take = (bytes: Buffer, start: number, at: number, last: boolean): number => {
    const record = this.#record;
    const offset = this.#firstOffset + at;
    const isMarked = at === 0 && hasByteOrderMark(bytes, start);
    // In the midst of a file it is data, which DuckDB would leave out at the start of a part.
    if (isMarked && offset > 0) this.#direct = false;
    const mark = isMarked && offset === 0 ? 3 : 0;
    const from = start + mark;
    const behind = at === 0 ? start : this.#takeKnown(bytes, start, offset);
    if (behind > start) return behind;
    const width = this.#inHeader ? null : this.#shapes.length;
    const taken = takeCsvRecord(bytes, from, last, { delimiter: this.#delimiter, width }, record);
    if (taken === "more") return -1;
    if (taken === "too-long") {
      this.#visit(bytes.subarray(from), "TOO_LONG", offset + mark, bytes);
      this.#line++;
      return -2;
    }
    if (mark > 0 && !this.#inHeader) this.#direct = false;
    this.#accept(bytes, from, offset + mark);
    this.#hasCrLf ||= record.quotedCrLf;
    if (record.next > record.end) {
      this.#hasCrLf ||= record.crLf;
      this.#hasLf ||= !record.crLf;
    }
    this.#line += lineCount(bytes, from, record.next);
    return record.next;
  };

  /** Passes all records from `start` on that are like those before; where the first other one starts. */
  #takeKnown(bytes: Buffer, start: number, offset: number): number {
    if (this.#inHeader || this.#write !== cleanRecord) return start;
    if (this.#nulls.length > 0) return start;
    if (bytes !== this.#chunk) {
      this.#chunk = bytes;
      this.#lastLf = bytes.lastIndexOf(0x0a);
    }
    let at = start;
    let rows = 0;
    while (at <= this.#lastLf) {
      const end = matchCsvRecord(bytes, at, this.#delimiter, this.#shapes);
      if (end < 0 || end - at > directBytes) break;
      rows++;
      if (this.#visitor.passed === undefined) this.#pass(bytes, at, end, offset + at - start);
      at = end + 1;
    }
    if (rows === 0) return start;
    this.#hasLf = true;
    if (this.#visitor.passed !== undefined) {
      this.#line += rows;
      this.#visitor.passed(rows, bytes.subarray(start, at));
    }
    return at;
  }

  #pass(bytes: Buffer, from: number, end: number, offset: number) {
    const raw = bytes.subarray(from, end);
    const clean = () => bytes.subarray(from, end + 1);
    this.#visitor.seen({ file: this.#name, line: this.#line++, offset, raw, reason: null, clean });
  }

  #accept(bytes: Buffer, from: number, offset: number) {
    const { end, odd } = this.#record;
    if (!this.#inHeader && this.#nulls.length > 0) this.#empty(bytes);
    if (this.#isBlank(bytes, from)) {
      this.#blank++;
      this.#direct = false;
      return;
    }
    const raw = bytes.subarray(from, end);
    if (odd || raw.length > directBytes) this.#direct = false;
    if (this.#inHeader) this.#inHeader = false;
    else this.#visit(raw, check(bytes, raw, this.#record, this.#shapes), offset, bytes);
  }

  /** A NULL alone is an empty line. */
  #isBlank(bytes: Buffer, from: number): boolean {
    const { end, count, problem, starts, ends, quoted } = this.#record;
    if (this.#shapes.length > 1) return isBlank(bytes, from, end);
    const isNull = problem === null && count === 1 && starts[0] === ends[0] && !quoted[0];
    return end === from || (this.#nulls.length > 0 && isNull);
  }

  /** Makes fields empty that say NULL. */
  #empty(bytes: Buffer) {
    const { starts, ends, quoted, count } = this.#record;
    for (let i = 0; i < count; i++) {
      const start = starts[i] as number;
      const end = ends[i] as number;
      const isNull = this.#nulls.some(
        (text) =>
          text.length === end - start &&
          (!quoted[i] || text.length === 0) &&
          text.compare(bytes, start, end) === 0,
      );
      if (!isNull) continue;
      ends[i] = start;
      quoted[i] = false;
      this.#direct = false;
    }
  }

  #visit(raw: Buffer, reason: Reason | null, offset: number, bytes: Buffer) {
    if (reason !== null) this.#direct = false;
    const clean = () => this.#write(bytes, this.#record, this.#delimiter);
    this.#visitor.seen({ file: this.#name, line: this.#line, offset, raw, reason, clean });
  }
}

/** Why the record is not a row; null: then the shapes have learnt from it. */
function check(bytes: Buffer, raw: Buffer, record: CsvRecord, shapes: Shape[]): Reason | null {
  if (isTooLong(raw, 0)) return "TOO_LONG";
  if (!isUtf8(raw)) return "NOT_UTF8";
  if (record.problem !== null) return record.problem;
  if (record.count !== shapes.length) return "WRONG_COLUMN_COUNT";
  for (let i = 0; i < shapes.length; i++) {
    const shape = shapes[i] as Shape;
    // A column known to be text stays text.
    if ((shape.bits & bit.text) !== 0) continue;
    const start = record.starts[i] as number;
    const end = record.ends[i] as number;
    if (start !== end || record.quoted[i]) shape.bits |= classifyField(bytes, start, end);
  }
  return null;
}

/** A quoted field stands in the file as it must stand in the copy. */
function cleanRecord(bytes: Buffer, record: CsvRecord, delimiter: number): Buffer {
  const parts: string[] = [];
  for (let i = 0; i < record.count; i++) {
    const value = bytes.toString("utf8", record.starts[i] as number, record.ends[i] as number);
    if (record.quoted[i]) parts.push(`"${value}"`);
    else parts.push(value === "" ? "" : `"${value.replaceAll('"', '""')}"`);
  }
  return Buffer.from(`${parts.join(String.fromCharCode(delimiter))}\n`);
}
