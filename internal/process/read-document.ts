// JSON documents: an array of records, or values one after the other, cut into records without holding the document.
import { Permanent } from "../std/errors.ts";
import { bytesOf, cutRecords, isTooLong, type LocalFile, type Take } from "./byte-source.ts";
import { hasByteOrderMark, reasonOf, withLineEnd } from "./read-lines.ts";
import type { RecordReader } from "./record.ts";
import type { JsonScanner } from "./scan-json.ts";

type Place = "start" | "values" | "first" | "element" | "comma" | "behind";

/**
 * Reads the elements of a top-level array, or, when the document does not start with `[`, its top-level values. Throws
 * Permanent when the text between records is not JSON or the document is cut: then its end is missing, not one record.
 */
export function documentReader(file: LocalFile, scanner: JsonScanner): RecordReader {
  return async (visitor, signal) => {
    let place: Place = "start";
    let line = 1;
    const fail = (offset: number, what: string) =>
      new Permanent(`read "${file.name}": not a JSON document: ${what} at byte ${offset}`);
    const take: Take = (bytes, start, offset, last) => {
      let at = start;
      if (offset === 0 && hasByteOrderMark(bytes, 0)) at += 3;
      while (at < bytes.length && isSpace(bytes[at])) if (bytes[at++] === 0x0a) line++;
      if (at >= bytes.length) return at;
      const c = bytes[at];
      const here = offset + at - start;
      if (place === "behind") throw fail(here, "text behind its end");
      if (place === "start") {
        place = c === 0x5b ? "first" : "values";
        return place === "first" ? at + 1 : at;
      }
      if (place === "comma" && c === 0x2c) {
        place = "element";
        return at + 1;
      }
      if ((place === "first" || place === "comma") && c === 0x5d) {
        place = "behind";
        return at + 1;
      }
      if (place === "comma")
        throw fail(here, `${JSON.stringify(String.fromCharCode(c ?? 0))} between records`);
      const end = valueEnd(bytes, at, last);
      if (end < 0) {
        if (isTooLong(bytes, at)) throw fail(here, "a record of more than 16 MiB");
        if (last) throw fail(here, "its end is missing inside a record");
        // White space before it is done with: its lines are counted.
        return at > start ? at : -1;
      }
      if (end === at) throw fail(here, "a record is missing");
      const raw = bytes.subarray(at, end);
      const reason = reasonOf(raw, scanner);
      visitor.seen({
        file: file.name,
        line,
        offset: here,
        raw,
        reason,
        clean: () => withLineEnd(oneLine(raw)),
      });
      for (let i = 0; i < raw.length; i++) if (raw[i] === 0x0a) line++;
      if (place !== "values") place = "comma";
      return end;
    };
    await cutRecords(bytesOf(file), take, visitor.drained, signal);
    if (place === "first" || place === "element" || place === "comma") {
      throw new Permanent(`read "${file.name}": not a JSON document: its closing "]" is missing`);
    }
    return { blank: 0, direct: false };
  };
}

const isSpace = (c: number | undefined) => c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;

/** Where the value at `start` ends, by brackets and quotes alone; -1 if that is not to be seen yet. */
function valueEnd(bytes: Buffer, start: number, last: boolean): number {
  let depth = 0;
  for (let i = start; i < bytes.length; i++) {
    const c = bytes[i];
    if (c === 0x22) {
      i = stringEnd(bytes, i);
      if (i < 0) return -1;
      if (depth === 0) return i + 1;
    } else if (c === 0x7b || c === 0x5b) depth++;
    else if (c === 0x7d || c === 0x5d) {
      if (depth === 0) return i;
      if (--depth === 0) return i + 1;
    } else if (depth === 0 && (c === 0x2c || isSpace(c))) return i;
  }
  return last && depth === 0 ? bytes.length : -1;
}

/** Index of the closing quote of the string at `start`, or -1. */
function stringEnd(bytes: Buffer, start: number): number {
  for (let i = start + 1; i < bytes.length; i++) {
    if (bytes[i] === 0x5c) i++;
    else if (bytes[i] === 0x22) return i;
  }
  return -1;
}

/** Line ends are white space between tokens of JSON; inside its strings there are none. */
function oneLine(raw: Buffer): Buffer {
  const line = Buffer.from(raw);
  for (let i = 0; i < line.length; i++) if (line[i] === 0x0a || line[i] === 0x0d) line[i] = 0x20;
  return line;
}
