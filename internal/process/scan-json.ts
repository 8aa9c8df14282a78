// A strict JSON scanner over bytes: says whether a record is one JSON object, and learns the shape of its values.
//
// DuckDB's own reader accepts trailing commas, `NaN`, and keys given twice in nested objects, and reads a missing or
// mistyped value as NULL without a word. So each record is checked here first, by RFC 8259, in the same pass that counts it.
import type { Reason } from "./record.ts";
import { maxFields, newShape, type Shape } from "./shape.ts";
import { bit, classifyField, classifyNumber, classifyTime } from "./text-type.ts";

/** Nesting above this is called malformed: it would overflow somebody's stack. */
const maxDepth = 200;
/** Keys of all records of one task: above this the records are not rows of a table. */
const maxColumns = 2_000;

/** Ends the scan of a record. Made once: a stack for every bad line would cost more than the line. */
const malformed = new Error("malformed JSON");

/** A scanner that adds what it sees in good records to one shape. State with the lifetime of a task's table. */
export class JsonScanner {
  readonly shape = newShape();
  /** The records come from a format that has only text, so a string is whatever it can be read as. */
  isText: boolean;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #depth = 0;
  #objects = 0;
  #hasDuplicate = false;
  /** What this record showed: kept apart until the record is known to be good. */
  #seen: Shape[] = [];
  #bits: number[] = [];
  #start = 0;
  /** Bounds of its numbers that no double gives back, from its start: begin, end, begin, end, ... */
  #longNumbers: number[] = [];

  constructor({ isText = false }: { isText?: boolean } = {}) {
    this.isText = isText;
  }

  /** Why `bytes[start, end)` is not a record, or null: then the shape has learnt from it. Must be valid UTF-8. */
  scan(bytes: Buffer, start: number, end: number): Reason | null {
    this.#bytes = bytes;
    this.#start = start;
    this.#at = start;
    this.#end = end;
    this.#longNumbers.length = 0;
    this.#depth = 0;
    this.#hasDuplicate = false;
    this.#seen.length = 0;
    this.#bits.length = 0;
    try {
      this.#space();
      const isObject = this.#bytes[this.#at] === 0x7b;
      this.#value(isObject ? this.shape : newShape());
      this.#space();
      if (this.#at !== this.#end) return "MALFORMED_JSON";
      if (!isObject) return "NOT_AN_OBJECT";
      if (this.#hasDuplicate) return "DUPLICATE_KEY";
    } catch (fault) {
      if (fault === malformed) return "MALFORMED_JSON";
      throw fault;
    }
    for (let i = 0; i < this.#seen.length; i++) {
      const shape = this.#seen[i] as Shape;
      shape.count++;
      shape.bits |= this.#bits[i] as number;
    }
    return null;
  }

  /** Whether DuckDB would round a number of the record scanned last: it reads fractions through a double, even as text. */
  get isRounded(): boolean {
    return this.#longNumbers.length > 0;
  }

  /** `record`, as it was scanned last, with quotes around such numbers. */
  exact(record: Buffer): Buffer {
    if (!this.isRounded) return record;
    const parts: Buffer[] = [];
    let at = 0;
    for (const bound of this.#longNumbers) {
      parts.push(record.subarray(at, bound), quotationMark);
      at = bound;
    }
    return Buffer.concat([...parts, record.subarray(at)]);
  }

  #note(shape: Shape, bits: number) {
    this.#seen.push(shape);
    this.#bits.push(bits);
  }

  #space() {
    while (this.#at < this.#end) {
      const c = this.#bytes[this.#at];
      if (c !== 0x20 && c !== 0x09 && c !== 0x0a && c !== 0x0d) return;
      this.#at++;
    }
  }

  #next(): number {
    if (this.#at >= this.#end) throw malformed;
    return this.#bytes[this.#at] as number;
  }

  #value(shape: Shape) {
    const c = this.#next();
    if (c === 0x22) {
      const from = this.#at + 1;
      const escaped = this.#string();
      this.#note(shape, escaped ? bit.text : this.#textClass(from, this.#at - 1));
    } else if (c === 0x7b) this.#object(shape);
    else if (c === 0x5b) this.#list(shape);
    else if (c === 0x74) this.#word("true", shape, bit.boolean);
    else if (c === 0x66) this.#word("false", shape, bit.boolean);
    else if (c === 0x6e) this.#word("null", shape, 0);
    else this.#number(shape);
  }

  /** Nested text is no date: one in one document and none in the next must not change a struct's type. */
  #textClass(from: number, to: number): number {
    const isTop = this.#depth === 1;
    if (!this.isText) return isTop ? classifyTime(this.#bytes, from, to) : bit.text;
    const found = classifyField(this.#bytes, from, to);
    const isTime = found >= bit.date && found <= bit.timestampTz;
    return isTime && !isTop ? bit.text : found;
  }

  #word(word: string, shape: Shape, bits: number) {
    for (let i = 0; i < word.length; i++) {
      if (this.#next() !== word.charCodeAt(i)) throw malformed;
      this.#at++;
    }
    this.#note(shape, bits);
  }

  #number(shape: Shape) {
    const from = this.#at;
    while (this.#at < this.#end) {
      const c = this.#bytes[this.#at] as number;
      // Digits, + - . E e
      if (
        !(
          (c >= 0x30 && c <= 0x39) ||
          c === 0x2b ||
          c === 0x2d ||
          c === 0x2e ||
          c === 0x45 ||
          c === 0x65
        )
      )
        break;
      this.#at++;
    }
    if (this.#at === from) throw malformed;
    const bits = classifyNumber(this.#bytes, from, this.#at, false);
    // A number too long for any numeric type is text; what is no number at all is malformed.
    if (bits === bit.text) {
      const text = this.#bytes.toString("latin1", from, this.#at);
      if (!isNumber(text)) throw malformed;
      if (/[.eE]/.test(text)) this.#longNumbers.push(from - this.#start, this.#at - this.#start);
    }
    this.#note(shape, bits);
  }

  /** Passes a string; true when it has escapes. A lone surrogate has no UTF-8 form, so it is malformed. */
  #string(): boolean {
    let escaped = false;
    this.#at++;
    for (;;) {
      const c = this.#next();
      this.#at++;
      if (c === 0x22) return escaped;
      if (c < 0x20) throw malformed;
      if (c !== 0x5c) continue;
      escaped = true;
      const e = this.#next();
      this.#at++;
      if (e === 0x75) this.#surrogates(this.#hex4());
      else if (!isEscape(e)) throw malformed;
    }
  }

  #surrogates(unit: number) {
    if (unit < 0xd800 || unit > 0xdfff) return;
    if (unit > 0xdbff || this.#next() !== 0x5c) throw malformed;
    this.#at++;
    if (this.#next() !== 0x75) throw malformed;
    this.#at++;
    const low = this.#hex4();
    if (low < 0xdc00 || low > 0xdfff) throw malformed;
  }

  #hex4(): number {
    const text = this.#bytes.toString("latin1", this.#at, Math.min(this.#at + 4, this.#end));
    if (!/^[0-9a-fA-F]{4}$/.test(text)) throw malformed;
    this.#at += 4;
    return Number.parseInt(text, 16);
  }

  #enter() {
    if (++this.#depth > maxDepth) throw malformed;
    this.#at++;
    this.#space();
  }

  #list(shape: Shape) {
    this.#note(shape, bit.list);
    this.#enter();
    shape.item ??= newShape();
    if (this.#next() === 0x5d) {
      this.#at++;
    } else {
      for (;;) {
        this.#value(shape.item);
        this.#space();
        const c = this.#next();
        this.#at++;
        if (c === 0x5d) break;
        if (c !== 0x2c) throw malformed;
        this.#space();
      }
    }
    this.#depth--;
  }

  #object(shape: Shape) {
    this.#note(shape, bit.object);
    this.#enter();
    const mark = ++this.#objects;
    let position = 0;
    const rare = new Set<string>();
    if (this.#next() === 0x7d) {
      this.#at++;
    } else {
      for (;;) {
        const child = this.#key(shape, position++, mark, rare);
        this.#space();
        if (this.#next() !== 0x3a) throw malformed;
        this.#at++;
        this.#space();
        this.#value(child);
        this.#space();
        const c = this.#next();
        this.#at++;
        if (c === 0x7d) break;
        if (c !== 0x2c) throw malformed;
        this.#space();
      }
    }
    this.#depth--;
  }

  /** Reads a key; the shape of its value. `rare`: keys of this object that the shape does not keep. */
  #key(shape: Shape, position: number, mark: number, rare: Set<string>): Shape {
    if (this.#next() !== 0x22) throw malformed;
    const from = this.#at + 1;
    const escaped = this.#string();
    const to = this.#at - 1;
    const guess = shape.keys[position];
    if (
      guess &&
      !escaped &&
      guess.bytes.length === to - from &&
      guess.bytes.compare(this.#bytes, from, to) === 0
    ) {
      if (guess.shape.mark === mark) this.#hasDuplicate = true;
      guess.shape.mark = mark;
      return guess.shape;
    }
    const raw = this.#bytes.toString("utf8", from, to);
    const name = escaped ? (JSON.parse(`"${raw}"`) as string) : raw;
    return this.#field(shape, { name, escaped }, mark, rare);
  }

  #field(
    shape: Shape,
    { name, escaped }: { name: string; escaped: boolean },
    mark: number,
    rare: Set<string>,
  ): Shape {
    let child = shape.fields.get(name);
    if (!child) {
      const isRoot = this.#depth === 1;
      if (shape.fields.size >= (isRoot ? maxColumns : maxFields)) {
        shape.wide = true;
        if (rare.has(name)) this.#hasDuplicate = true;
        rare.add(name);
        return newShape();
      }
      child = newShape();
      shape.fields.set(name, child);
      if (!escaped) shape.keys.push({ bytes: Buffer.from(name), shape: child });
    }
    if (child.mark === mark) this.#hasDuplicate = true;
    child.mark = mark;
    return child;
  }
}

const quotationMark = Buffer.from('"');

const isNumber = (text: string) => /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text);

/** The single-character escapes of RFC 8259 section 7. */
function isEscape(c: number): boolean {
  return (
    c === 0x22 ||
    c === 0x5c ||
    c === 0x2f ||
    c === 0x62 ||
    c === 0x66 ||
    c === 0x6e ||
    c === 0x72 ||
    c === 0x74
  );
}
