// Cuts a JSON answer into its records without holding it: what is not a record is kept as a small document, the frame. Cursors,
// totals and errors are looked for in the frame, records are told as they are written. What JSON.parse does in silence (of two
// members with one name the last counts) is a fault here.
import { parseJsonExact } from "../extract/json-exact.ts";
import { isTooLong, type Take } from "../process/byte-source.ts";
import { hasByteOrderMark } from "../process/read-lines.ts";
import { isSpace, valueEnd } from "../process/scan-value.ts";
import { describeError } from "../std/errors.ts";
import type { PlainPath } from "./plain-path.ts";

/** Most bytes of a frame: an answer whose records are elsewhere than the path says would be held whole. */
const maxFrameBytes = 16 * 1024 * 1024;

/** The answer is not what its records could be cut from. */
export class AnswerFault extends Error {
  override name = "AnswerFault";
  readonly reason:
    | "MALFORMED_JSON"
    | "MALFORMED_XML"
    | "DUPLICATE_KEY"
    | "TOO_LONG"
    | "UNREADABLE_FILE";
  constructor(message: string, options: ErrorOptions & { reason: AnswerFault["reason"] }) {
    super(message, options);
    this.reason = options.reason;
  }
}

/**
 * Where one pass stands. In members that lead to the records: value -> (key -> value | after)* ; among the records: first ->
 * (comma -> element)*, in an object with a key before each.
 */
type Place = "value" | "key" | "after" | "first" | "element" | "comma" | "behind";

const open = { object: 0x7b, list: 0x5b };
const close = { object: 0x7d, list: 0x5d };
const comma = Buffer.from(",");

/** `text` is valid during the call only; `offset`: in the document. */
export type OnRecord = (text: Buffer, offset: number) => void;

/**
 * One pass over a document, fed by `cutRecords`. `onRecord` is told what `path` selects, in order: an array that is selected
 * gives its elements. `take` and `end` throw {@link AnswerFault}.
 */
export class JsonSplitter {
  readonly #path: PlainPath;
  readonly #onRecord: OnRecord;
  #place: Place = "value";
  /** Members on the way down that are open; the next one to look for is `names[depth]`. */
  #depth = 0;
  /** By depth: whether the member that leads on was there. */
  #found: boolean[] = [];
  #holder: "list" | "object" = "list";
  #frame: Buffer[] = [];
  #frameBytes = 0;
  #last: Buffer | null = null;
  #isLastKept = false;
  #count = 0;

  constructor(path: PlainPath, onRecord: OnRecord) {
    this.#path = path;
    this.#onRecord = onRecord;
  }

  /** Records so far. */
  get count(): number {
    return this.#count;
  }

  readonly take: Take = (bytes, start, offset, last) => {
    const from = offset === 0 && hasByteOrderMark(bytes, start) ? start + 3 : start;
    const at = passSpace(bytes, from);
    if (at >= bytes.length) return bytes.length;
    const here = offset + at - start;
    switch (this.#place) {
      case "value":
        return this.#value(bytes, at, here, last);
      case "key":
        return this.#key(bytes, at, here, last);
      case "after":
        return this.#after(bytes, at, here);
      case "first":
      case "element":
        return this.#element(bytes, at, here, last);
      case "comma":
        return this.#between(bytes, at, here);
      case "behind":
        throw malformed("text behind its end", here);
    }
  };

  /** To be called before bytes that were taken are written over. */
  keepLast(): void {
    if (this.#last === null || this.#isLastKept) return;
    this.#last = Buffer.from(this.#last);
    this.#isLastKept = true;
  }

  /** To be called when all bytes were taken: the document with no records but the first and the last one. */
  end(): unknown {
    if (this.#place !== "behind")
      throw new AnswerFault("its end is missing", { reason: "MALFORMED_JSON" });
    try {
      return parseJsonExact(Buffer.concat(this.#frame).toString("utf8"));
    } catch (error) {
      throw new AnswerFault(describeError(error), { reason: "MALFORMED_JSON", cause: error });
    }
  }

  #value(bytes: Buffer, at: number, here: number, last: boolean): number {
    const c = bytes[at];
    const { names, isEach } = this.#path;
    if (this.#depth < names.length) {
      if (c !== open.object) return this.#pass(bytes, at, here, last);
      this.#found[this.#depth] = false;
      this.#depth += 1;
      this.#keep(bytes.subarray(at, at + 1), here);
      this.#place = "key";
      return at + 1;
    }
    if (c === open.list || (c === open.object && isEach)) {
      this.#holder = c === open.list ? "list" : "object";
      this.#keep(bytes.subarray(at, at + 1), here);
      this.#place = "first";
      return at + 1;
    }
    const end = this.#pass(bytes, at, here, last);
    if (end >= 0 && !isEach) this.#tell(bytes.subarray(at, end), here);
    return end;
  }

  /** A member of an object on the way to the records. */
  #key(bytes: Buffer, at: number, here: number, last: boolean): number {
    if (bytes[at] === close.object) return this.#ascend(bytes, at, here);
    if (bytes[at] !== 0x22) throw malformed("a name is missing", here);
    const end = this.#keyEnd(bytes, at, here, last);
    if (end < 0) return -1;
    const name = nameOf(bytes.subarray(at, valueEnd(bytes, at, true)), here);
    const depth = this.#depth - 1;
    if (name !== this.#path.names[depth]) return this.#pass(bytes, at, here, last, end);
    if (this.#found[depth])
      throw new AnswerFault(`"${name}" is given twice, at byte ${here}`, {
        reason: "DUPLICATE_KEY",
      });
    this.#found[depth] = true;
    this.#keep(bytes.subarray(at, end), here);
    this.#place = "value";
    return end;
  }

  #after(bytes: Buffer, at: number, here: number): number {
    if (bytes[at] === close.object) return this.#ascend(bytes, at, here);
    if (bytes[at] !== 0x2c) throw malformed("a comma is missing", here);
    const next = passSpace(bytes, at + 1);
    if (bytes[next] === close.object) throw malformed("a name is missing", here);
    this.#keep(comma, here);
    this.#place = "key";
    return at + 1;
  }

  #ascend(bytes: Buffer, at: number, here: number): number {
    this.#keep(bytes.subarray(at, at + 1), here);
    this.#depth -= 1;
    this.#place = this.#depth === 0 ? "behind" : "after";
    return at + 1;
  }

  #element(bytes: Buffer, at: number, here: number, last: boolean): number {
    if (this.#place === "first" && bytes[at] === close[this.#holder])
      return this.#closeRecords(bytes, at, here);
    const start = this.#holder === "object" ? this.#keyEnd(bytes, at, here, last) : at;
    if (start < 0) return -1;
    const value = passSpace(bytes, start);
    const end = this.#valueEnd(bytes, value, at, here, last);
    if (end < 0) return -1;
    this.#tell(bytes.subarray(value, end), here + value - at);
    const member = bytes.subarray(at, end);
    if (this.#count === 1) this.#keep(member, here);
    else {
      this.#last = member;
      this.#isLastKept = false;
    }
    this.#place = "comma";
    return end;
  }

  #between(bytes: Buffer, at: number, here: number): number {
    if (bytes[at] === close[this.#holder]) return this.#closeRecords(bytes, at, here);
    if (bytes[at] !== 0x2c) throw malformed("a comma is missing", here);
    this.#place = "element";
    return at + 1;
  }

  #closeRecords(bytes: Buffer, at: number, here: number): number {
    if (this.#last !== null) {
      this.#keep(comma, here);
      this.#keep(this.#last, here);
      this.#last = null;
    }
    this.#keep(bytes.subarray(at, at + 1), here);
    this.#place = this.#depth === 0 ? "behind" : "after";
    return at + 1;
  }

  #tell(text: Buffer, offset: number): void {
    this.#count += 1;
    this.#onRecord(text, offset);
  }

  /** Passes a value, and what stands before it from `at` on, that leads to no records. */
  #pass(bytes: Buffer, at: number, here: number, last: boolean, value = at): number {
    const from = passSpace(bytes, value);
    const end = this.#valueEnd(bytes, from, at, here, last);
    if (end < 0) return -1;
    this.#keep(bytes.subarray(at, end), here);
    this.#place = this.#depth === 0 ? "behind" : "after";
    return end;
  }

  /** Behind the colon of the name at `at`; -1: there is more to come. */
  #keyEnd(bytes: Buffer, at: number, here: number, last: boolean): number {
    if (bytes[at] !== 0x22) throw malformed("a name is missing", here);
    const end = this.#valueEnd(bytes, at, at, here, last);
    const colon = end < 0 ? -1 : passSpace(bytes, end);
    if (colon < 0 || colon >= bytes.length) {
      if (last) throw malformed("its end is missing", here);
      return -1;
    }
    if (bytes[colon] !== 0x3a) throw malformed("a colon is missing", here);
    return colon + 1;
  }

  #valueEnd(bytes: Buffer, value: number, at: number, here: number, last: boolean): number {
    const end = value < bytes.length ? valueEnd(bytes, value, last) : -1;
    if (end < 0) {
      if (isTooLong(bytes, at))
        throw new AnswerFault(`a value of more than 16 MiB at byte ${here}`, {
          reason: "TOO_LONG",
        });
      if (last) throw malformed("its end is missing", here);
    } else if (end === value) throw malformed("a value is missing", here);
    return end;
  }

  #keep(bytes: Buffer, here: number): void {
    this.#frameBytes += bytes.length;
    if (this.#frameBytes > maxFrameBytes) {
      const what = `more than 16 MiB of it are not what the records path selects, up to byte ${here}`;
      throw new AnswerFault(what, { reason: "TOO_LONG" });
    }
    // A copy: the bytes around it are not to be held.
    this.#frame.push(Buffer.from(bytes));
  }
}

/** Splits a document that is held: its frame, and the texts of its records. Throws {@link AnswerFault}. */
export function splitJson(bytes: Buffer, path: PlainPath): { frame: unknown; texts: Buffer[] } {
  const texts: Buffer[] = [];
  const splitter = new JsonSplitter(path, (text) => texts.push(text));
  let at = 0;
  while (at < bytes.length) at = splitter.take(bytes, at, at, true);
  return { frame: splitter.end(), texts };
}

function malformed(what: string, at: number): AnswerFault {
  return new AnswerFault(`${what} at byte ${at}`, { reason: "MALFORMED_JSON" });
}

function nameOf(key: Buffer, here: number): string {
  try {
    return JSON.parse(key.toString("utf8")) as string;
  } catch (error) {
    const what = `a name is not text at byte ${here}`;
    throw new AnswerFault(what, { reason: "MALFORMED_JSON", cause: error });
  }
}

function passSpace(bytes: Buffer, start: number): number {
  let at = start;
  while (isSpace(bytes[at])) at += 1;
  return at;
}
