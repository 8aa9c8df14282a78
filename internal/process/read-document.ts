// JSON documents: an array of records, or values one after the other, cut into records without holding the document.
import { Permanent } from "../std/errors.ts";
import { bytesOf, cutRecords, isTooLong, type LocalFile } from "./byte-source.ts";
import { hasByteOrderMark, reasonOf, withLineEnd } from "./read-lines.ts";
import type { RecordReader, Visitor } from "./record.ts";
import type { JsonScanner } from "./scan-json.ts";
import { isSpace, oneLine, valueEnd } from "./scan-value.ts";

/**
 * Reads the elements of a top-level array, or, when the document does not start with `[`, its top-level values. Throws
 * Permanent when the text between records is not JSON or the document is cut: then its end is missing, not one record.
 */
export function documentReader(file: LocalFile, scanner: JsonScanner): RecordReader {
  return async (visitor, signal) => {
    const cutter = new DocumentCutter(file, scanner, visitor);
    await cutRecords(bytesOf(file), cutter.take, visitor.drained, signal);
    cutter.end();
    return { blank: 0, direct: false };
  };
}

/**
 * Where one pass over a document stands: start -> values, or start -> first -> (comma -> element)* -> behind. `first` and
 * `element` wait for a record, `comma` for what follows one.
 */
type Place = "start" | "values" | "first" | "element" | "comma" | "behind";

class DocumentCutter {
  #place: Place = "start";
  #line = 1;
  readonly #file: LocalFile;
  readonly #scanner: JsonScanner;
  readonly #visitor: Visitor;

  constructor(file: LocalFile, scanner: JsonScanner, visitor: Visitor) {
    this.#file = file;
    this.#scanner = scanner;
    this.#visitor = visitor;
  }

  readonly take = (bytes: Buffer, start: number, offset: number, last: boolean): number => {
    const at = this.#passSpace(bytes, offset === 0 && hasByteOrderMark(bytes) ? start + 3 : start);
    if (at >= bytes.length) return bytes.length;
    const here = offset + at - start;
    const c = bytes[at] ?? 0;
    if (this.#place === "start") this.#place = c === 0x5b ? "first" : "values";
    else if (this.#place === "behind") throw this.#fault(here, "text behind its end");
    else if (this.#place === "comma") return this.#between(c, at, here);
    else if (this.#place === "first" && c === 0x5d) this.#place = "behind";
    else return this.#record(bytes, { start, at, here, last });
    return this.#place === "values" ? at : at + 1;
  };

  /** To be called when the bytes have ended. */
  end() {
    if (this.#place === "first" || this.#place === "element" || this.#place === "comma") {
      throw new Permanent(
        `read "${this.#file.name}": not a JSON document: its closing "]" is missing`,
      );
    }
  }

  #passSpace(bytes: Buffer, start: number): number {
    let at = start;
    while (at < bytes.length && isSpace(bytes[at])) if (bytes[at++] === 0x0a) this.#line++;
    return at;
  }

  #between(c: number, at: number, here: number): number {
    if (c === 0x2c) this.#place = "element";
    else if (c === 0x5d) this.#place = "behind";
    else {
      const found = JSON.stringify(String.fromCharCode(c));
      throw this.#fault(here, `${found} between records`);
    }
    return at + 1;
  }

  #record(
    bytes: Buffer,
    { start, at, here, last }: { start: number; at: number; here: number; last: boolean },
  ): number {
    const end = valueEnd(bytes, at, last);
    if (end < 0) {
      if (isTooLong(bytes, at)) throw this.#fault(here, "a record of more than 16 MiB");
      if (last) throw this.#fault(here, "its end is missing inside a record");
      // The lines of the white space before it are counted.
      return at > start ? at : -1;
    }
    if (end === at) throw this.#fault(here, "a record is missing");
    const raw = bytes.subarray(at, end);
    this.#visitor.seen({
      file: this.#file.name,
      line: this.#line,
      offset: here,
      raw,
      reason: reasonOf(raw, this.#scanner),
      clean: () => withLineEnd(oneLine(this.#scanner.exact(raw))),
    });
    for (let i = raw.indexOf(0x0a); i >= 0; i = raw.indexOf(0x0a, i + 1)) this.#line++;
    if (this.#place !== "values") this.#place = "comma";
    return end;
  }

  #fault(offset: number, what: string) {
    return new Permanent(
      `read "${this.#file.name}": not a JSON document: ${what} at byte ${offset}`,
    );
  }
}
