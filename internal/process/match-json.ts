// The fast way through a record that looks like those before it: a walk along the shape that earlier records left.
//
// It answers only for what the full scanner (scan-json.ts) has learnt already: keys it knows, values of kinds it has seen at
// their place, none of it malformed. For all else it says "unsure", and has changed nothing that counts; so the two agree
// by construction, and a change of the rules belongs into the full scanner alone.
import { isUtf8 } from "node:buffer";
import type { Shape } from "./shape.ts";
import { bit, classifyNumber, classifyTime } from "./text-type.ts";

/** The record is for the full scanner. */
export const unsure = -1;

/** Keys of one object that are tried when the next one is not the one expected. */
const maxTries = 64;

/** Walks records along a shape. State: marks of keys, by which a key given twice is found. */
export class JsonMatcher {
  #bytes: Uint8Array = new Uint8Array();
  #mark = 0;
  #hasHighBytes = false;

  /**
   * Index of the line feed behind the record at `start`, if it is an object of `shape` in valid UTF-8; else `unsure`.
   * There must be a line feed in `bytes` at or behind `start`.
   */
  match(bytes: Buffer, start: number, shape: Shape): number {
    this.#bytes = bytes;
    this.#hasHighBytes = false;
    const first = this.#space(start);
    if (bytes[first] !== 0x7b) return unsure;
    const behind = this.#object(first, shape, 1);
    if (behind < 0) return unsure;
    const end = bytes[behind] === 0x0a ? behind : this.#space(behind);
    if (bytes[end] !== 0x0a) return unsure;
    return this.#hasHighBytes && !isUtf8(bytes.subarray(start, end)) ? unsure : end;
  }

  /** Stops at a line feed: that ends the record. */
  #space(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    if ((bytes[at] as number) > 0x20) return at;
    while (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0d) at++;
    return at;
  }

  #value(start: number, shape: Shape, depth: number): number {
    const c = this.#bytes[start] as number;
    if (c === 0x22) return this.#string(start, shape, depth);
    if (c === 0x7b) return this.#object(start, shape, depth + 1);
    if (c === 0x5b) return this.#list(start, shape, depth + 1);
    if (c === 0x6e) return this.#word(start, "null");
    if (c === 0x74) return (shape.bits & bit.boolean) === 0 ? unsure : this.#word(start, "true");
    if (c === 0x66) return (shape.bits & bit.boolean) === 0 ? unsure : this.#word(start, "false");
    return this.#number(start, shape);
  }

  #word(start: number, word: string): number {
    for (let i = 0; i < word.length; i++)
      if (this.#bytes[start + i] !== word.charCodeAt(i)) return unsure;
    return start + word.length;
  }

  /** A column that has other text already takes any; one of dates only takes what keeps it so. */
  #string(start: number, shape: Shape, depth: number): number {
    const bytes = this.#bytes;
    let at = start + 1;
    let escaped = false;
    for (;;) {
      while (plain[bytes[at] as number] === 1) at++;
      const c = bytes[at] as number;
      if (c === 0x22) break;
      if (c < 0x20) return unsure;
      if (c === 0x5c) {
        // Of \u some is malformed: the full scanner knows which.
        if (!isPlainEscape(bytes[at + 1] as number)) return unsure;
        escaped = true;
        at++;
      } else if (c >= 0x80) this.#hasHighBytes = true;
      at++;
    }
    if ((shape.bits & bit.text) !== 0) return at + 1;
    if (depth > 1 || escaped) return unsure;
    return (shape.bits & classifyTime(bytes, start + 1, at)) === 0 ? unsure : at + 1;
  }

  #number(start: number, shape: Shape): number {
    const bytes = this.#bytes;
    const digits = bytes[start] === 0x2d ? start + 1 : start;
    let at = digits;
    while (isDigit(bytes[at] as number)) at++;
    const whole = at - digits;
    if (whole === 0) return unsure;
    let kind: number = bit.integer;
    let isUsual = whole <= 15 && bytes[digits] !== 0x30;
    if (bytes[at] === 0x2e) {
      const point = at++;
      while (isDigit(bytes[at] as number)) at++;
      kind = bit.real;
      const isPlain = whole === 1 || bytes[digits] !== 0x30;
      isUsual = isPlain && at > point + 1 && at - digits <= 18;
    }
    const c = bytes[at];
    if (c === 0x45 || c === 0x65) return unsure;
    if (!isUsual) kind = classifyNumber(bytes, start, at, false);
    return kind === bit.text || (shape.bits & kind) === 0 ? unsure : at;
  }

  #list(start: number, shape: Shape, depth: number): number {
    const { item } = shape;
    if ((shape.bits & bit.list) === 0 || item === null) return unsure;
    const bytes = this.#bytes;
    let at = this.#space(start + 1);
    if (bytes[at] === 0x5d) return at + 1;
    if (item.count === 0) return unsure;
    for (;;) {
      at = this.#value(at, item, depth);
      if (at < 0) return unsure;
      at = this.#space(at);
      const c = bytes[at++];
      if (c === 0x5d) return at;
      if (c !== 0x2c) return unsure;
      at = this.#space(at);
    }
  }

  #object(start: number, shape: Shape, depth: number): number {
    if ((shape.bits & bit.object) === 0) return unsure;
    const bytes = this.#bytes;
    const mark = --this.#mark;
    let at = this.#space(start + 1);
    if (bytes[at] === 0x7d) return at + 1;
    for (let next = 0; ; next++) {
      if (bytes[at] !== 0x22) return unsure;
      next = this.#keyIndex(at + 1, shape, next);
      const key = shape.keys[next];
      if (key === undefined || key.shape.mark === mark || key.shape.count === 0) return unsure;
      key.shape.mark = mark;
      at = this.#colon(at + key.bytes.length + 2);
      if (at < 0) return unsure;
      at = this.#value(at, key.shape, depth);
      if (at < 0) return unsure;
      at = this.#space(at);
      const c = bytes[at++];
      if (c === 0x7d) return at;
      if (c !== 0x2c) return unsure;
      at = this.#space(at);
    }
  }

  /** Where the value behind a key starts. */
  #colon(start: number): number {
    const at = this.#space(start);
    return this.#bytes[at] === 0x3a ? this.#space(at + 1) : unsure;
  }

  /** Which of the shape's keys stands at `start`, behind its quote: nearly always the one that `expected` says. */
  #keyIndex(start: number, { keys }: Shape, expected: number): number {
    if (expected < keys.length && this.#isKey(start, keys[expected]?.bytes)) return expected;
    const tries = Math.min(keys.length, maxTries);
    for (let i = 1; i <= tries; i++) {
      const index = (expected + i) % keys.length;
      if (this.#isKey(start, keys[index]?.bytes)) return index;
    }
    return keys.length;
  }

  #isKey(start: number, key: Buffer | undefined): boolean {
    if (key === undefined || this.#bytes[start + key.length] !== 0x22) return false;
    const bytes = this.#bytes;
    for (let i = 0; i < key.length; i++) if (bytes[start + i] !== key[i]) return false;
    return true;
  }
}

/** 1 for what a string has most: ASCII that is neither a quote, a backslash nor a control character. */
const plain = new Uint8Array(256).fill(1, 0x20, 0x80);
plain[0x22] = 0;
plain[0x5c] = 0;

const isDigit = (c: number) => c >= 0x30 && c <= 0x39;

/** The escapes of one character (RFC 8259 section 7). */
const isPlainEscape = (c: number) =>
  c === 0x6e ||
  c === 0x22 ||
  c === 0x5c ||
  c === 0x2f ||
  c === 0x74 ||
  c === 0x72 ||
  c === 0x62 ||
  c === 0x66;
