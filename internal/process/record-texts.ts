// The records of a JSON document as they are written in it: what JSON.parse makes of a key that is given twice is a loss that
// nobody sees, so records are judged by their own text.
import { isSpace, valueEnd } from "./scan-value.ts";

/** Where the records are: members to follow from the top; `isEach`: the path ends in `[*]`. */
export type PlainPath = { names: string[]; isEach: boolean };

/** The parts of a JSONPath such as `$`, `$.a.b`, `$[*]` and `$.a.b[*]`; null for any other. */
export function plainPath(path: string): PlainPath | null {
  const match = /^\$((?:\.[A-Za-z_]\w*)*)(\[\*\])?$/.exec(path);
  if (match === null) return null;
  return { names: (match[1] ?? "").split(".").slice(1), isEach: match[2] !== undefined };
}

/**
 * The texts of what such a path selects from `bytes`, a valid JSON document without byte order mark, in order; an array that is
 * selected gives its elements. Null for `[*]` of an object. Of members with one name the last counts, as in JSON.parse.
 */
export function recordTexts(bytes: Buffer, { names, isEach }: PlainPath): Buffer[] | null {
  let at = passSpace(bytes, 0);
  for (const name of names) {
    at = bytes[at] === 0x7b ? memberOf(bytes, at, name) : -1;
    if (at < 0) return [];
  }
  if (bytes[at] === 0x5b) return elementsOf(bytes, at);
  if (!isEach) return [bytes.subarray(at, valueEnd(bytes, at, true))];
  return bytes[at] === 0x7b ? null : [];
}

/** Where the value of the last member of that name starts, -1 without one. */
function memberOf(bytes: Buffer, start: number, name: string): number {
  let found = -1;
  for (let at = passSpace(bytes, start + 1); bytes[at] === 0x22; ) {
    const keyEnd = valueEnd(bytes, at, true);
    const key = JSON.parse(bytes.toString("utf8", at, keyEnd));
    const value = passSpace(bytes, passSpace(bytes, keyEnd) + 1);
    if (key === name) found = value;
    const comma = passSpace(bytes, valueEnd(bytes, value, true));
    at = passSpace(bytes, comma + 1);
  }
  return found;
}

function elementsOf(bytes: Buffer, start: number): Buffer[] {
  const texts: Buffer[] = [];
  for (let at = passSpace(bytes, start + 1); at < bytes.length && bytes[at] !== 0x5d; ) {
    const end = valueEnd(bytes, at, true);
    texts.push(bytes.subarray(at, end));
    const next = passSpace(bytes, end);
    if (bytes[next] !== 0x2c) break;
    at = passSpace(bytes, next + 1);
  }
  return texts;
}

function passSpace(bytes: Buffer, start: number): number {
  let at = start;
  while (isSpace(bytes[at])) at += 1;
  return at;
}
