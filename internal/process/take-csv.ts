// Where a CSV record ends when it may be damaged: one rule for the reader of a file and for whoever cuts the file into parts.
import { isTooLong } from "./byte-source.ts";
import { type CsvRecord, cutCsvRecord, firstLine } from "./scan-csv.ts";

/** `width`: fields that a record must have; null: any number (the header). */
export type CsvBounds = { delimiter: number; width: number | null };

/**
 * Takes the record at `start` into `record`: "more": it may go on behind `bytes`, never when `last`; "too-long": its first
 * line is longer than a record may be, and must be passed over.
 */
export function takeCsvRecord(
  bytes: Buffer,
  start: number,
  last: boolean,
  { delimiter, width }: CsvBounds,
  record: CsvRecord,
): "record" | "more" | "too-long" {
  if (cutCsvRecord(bytes, start, last, delimiter, record)) {
    if (width !== null) cutRagged(bytes, start, last, width, record);
    return "record";
  }
  if (!isTooLong(bytes, start)) return "more";
  return giveUp(bytes, start, record) ? "record" : "too-long";
}

/** A record longer than any may be: its first line is set aside, if that is not too long itself. */
function giveUp(bytes: Buffer, start: number, record: CsvRecord): boolean {
  if (!firstLine(bytes, start, false, record)) return false;
  record.problem = "UNTERMINATED_QUOTE";
  return !isTooLong(bytes.subarray(start, record.end), 0);
}

/**
 * Cuts a record of several lines with the wrong number of fields down to its first line: most likely two stray quotes made
 * one record of them.
 */
function cutRagged(bytes: Buffer, start: number, last: boolean, width: number, record: CsvRecord) {
  if (record.problem !== null || record.count === width) return;
  const lineEnd = bytes.indexOf(0x0a, start);
  if (lineEnd < 0 || lineEnd >= record.end) return;
  record.problem = "UNTERMINATED_QUOTE";
  firstLine(bytes, start, last, record);
}
