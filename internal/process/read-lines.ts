// NDJSON: one record a line. Lines end at LF alone; a CR before it is white space to JSON.
import { isUtf8 } from "node:buffer";
import {
  bytesOf,
  cutRecords,
  isTooLong,
  type LocalFile,
  type Take,
  wholeFile,
} from "./byte-source.ts";
import { JsonMatcher } from "./match-json.ts";
import { maxRecordBytes, type Reason, type RecordReader } from "./record.ts";
import type { JsonScanner } from "./scan-json.ts";

/** Reads lines; lines of white space alone are blank, a byte order mark before the first one is passed over. */
export function lineReader(file: LocalFile, scanner: JsonScanner): RecordReader {
  const { place = wholeFile } = file;
  return async (visitor, signal) => {
    let line = place.line - 1;
    let blank = 0;
    let direct = true;
    const visit = (raw: Buffer, reason: Reason | null, offset: number) => {
      if (reason !== null || scanner.isRounded) direct = false;
      const clean = () => withLineEnd(scanner.exact(raw));
      visitor.seen({ file: file.name, line, offset, raw, reason, clean });
    };
    const takeLine = (bytes: Buffer, start: number, offset: number, end: number) => {
      const mark = line === 1 && hasByteOrderMark(bytes, start) ? 3 : 0;
      if (mark > 0) direct = false;
      const raw = bytes.subarray(start + mark, end);
      if (isBlank(raw, 0, raw.length)) blank++;
      else visit(raw, reasonOf(raw, scanner), offset + mark);
    };
    const matcher = new JsonMatcher();
    /** Passes all rows from `start` on that are like those before; where the first other line starts. */
    const takeKnown = (bytes: Buffer, start: number, lastLf: number, offset: number) => {
      let at = start;
      let rows = 0;
      while (at <= lastLf) {
        const end = matcher.match(bytes, at, scanner.shape);
        if (end < 0 || end - at > maxRecordBytes) break;
        rows++;
        if (visitor.passed === undefined) {
          line++;
          visit(bytes.subarray(at, end), null, offset + at - start);
        }
        at = end + 1;
      }
      if (rows > 0 && visitor.passed !== undefined) {
        line += rows;
        visitor.passed(rows, bytes.subarray(start, at));
      }
      return at;
    };
    let chunk: Buffer | null = null;
    let lastLf = -1;
    const take: Take = (bytes, start, at, last) => {
      const offset = place.offset + at;
      if (bytes !== chunk) {
        chunk = bytes;
        lastLf = bytes.lastIndexOf(0x0a);
      }
      const behind = takeKnown(bytes, start, lastLf, offset);
      if (behind > start) return behind;
      const found = bytes.indexOf(0x0a, start);
      if (found < 0 && !last && !isTooLong(bytes, start)) return -1;
      line++;
      if (found < 0 && !last) {
        visit(bytes.subarray(start), "TOO_LONG", offset);
        return -2;
      }
      takeLine(bytes, start, offset, found < 0 ? bytes.length : found);
      return found < 0 ? bytes.length : found + 1;
    };
    await cutRecords(bytesOf(file), take, visitor.drained, signal);
    return { blank, direct };
  };
}

/** Why these bytes are not a record, or null: then `scanner` has learnt from them. */
export function reasonOf(raw: Buffer, scanner: JsonScanner): Reason | null {
  if (isTooLong(raw, 0)) return "TOO_LONG";
  return isUtf8(raw) ? scanner.scan(raw, 0, raw.length) : "NOT_UTF8";
}

/** Whether the UTF-8 form of U+FEFF stands at `at`. */
export const hasByteOrderMark = (bytes: Buffer, at = 0) =>
  bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;

/** Whether there is nothing but spaces, tabs and carriage returns. */
export function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const c = bytes[i];
    if (c !== 0x20 && c !== 0x09 && c !== 0x0d) return false;
  }
  return true;
}

const lineEnd = Buffer.from("\n");

/** The bytes and a line feed. */
export const withLineEnd = (raw: Uint8Array): Buffer => Buffer.concat([raw, lineEnd]);
