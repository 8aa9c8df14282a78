// One start or end tag: its name and where its attributes stand. Offsets into the page instead of objects, because most
// attributes of most tags are never asked for. After the tag and attribute states of WHATWG HTML 13.2.5.
import { decodeAttribute } from "./char-references.ts";

/** A tag as read by {@link readTag}; reused for the next one. `marks`: name start, name end, value start, value end. */
export type Tag = { name: string; selfClosing: boolean; marks: number[] };

const slash = 0x2f;
const equals = 0x3d;
const greater = 0x3e;

export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d || code === 0x0c;
}

export function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}

/** Reads the tag whose name starts at `start` into `tag`. The offset after its `>`, or -1 when the text ends before it. */
export function readTag(html: string, start: number, tag: Tag): number {
  let at = start;
  while (at < html.length && !endsName(html.charCodeAt(at))) at += 1;
  tag.name = lowerAscii(html.slice(start, at));
  tag.selfClosing = false;
  tag.marks.length = 0;
  while (at < html.length) {
    const code = html.charCodeAt(at);
    if (code === greater) return at + 1;
    if (code === slash || isSpace(code)) {
      tag.selfClosing = code === slash;
      at += 1;
    } else {
      tag.selfClosing = false;
      at = readAttribute(html, at, tag.marks);
    }
  }
  return -1;
}

/** The value of the tag's first attribute of that name (lower case), character references decoded; null without one. */
export function attributeOf(html: string, tag: Tag, name: string): string | null {
  const { marks } = tag;
  for (let i = 0; i < marks.length; i += 4) {
    const from = marks[i] ?? 0;
    const to = marks[i + 1] ?? 0;
    if (to - from === name.length && lowerAscii(html.slice(from, to)) === name) {
      const value = html.slice(marks[i + 2], marks[i + 3]).replaceAll("\0", "\uFFFD");
      return decodeAttribute(value);
    }
  }
  return null;
}

// The offset after the attribute; past the end of the text when a quote is not closed.
function readAttribute(html: string, start: number, marks: number[]): number {
  // An "=" where a name is expected is the name's first character.
  let at = start + 1;
  while (at < html.length && html.charCodeAt(at) !== equals && !endsName(html.charCodeAt(at)))
    at += 1;
  const nameEnd = at;
  at = skipSpaces(html, at);
  if (html.charCodeAt(at) !== equals) {
    marks.push(start, nameEnd, nameEnd, nameEnd);
    return at;
  }
  at = skipSpaces(html, at + 1);
  const quote = html[at];
  if (quote === '"' || quote === "'") {
    const close = html.indexOf(quote, at + 1);
    if (close < 0) return html.length;
    marks.push(start, nameEnd, at + 1, close);
    return close + 1;
  }
  const valueStart = at;
  while (at < html.length && html.charCodeAt(at) !== greater && !isSpace(html.charCodeAt(at)))
    at += 1;
  marks.push(start, nameEnd, valueStart, at);
  return at;
}

function skipSpaces(html: string, start: number): number {
  let at = start;
  while (isSpace(html.charCodeAt(at))) at += 1;
  return at;
}

function endsName(code: number): boolean {
  return code === greater || code === slash || isSpace(code);
}

// toLowerCase alone would turn the Kelvin sign into a k.
function lowerAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}
