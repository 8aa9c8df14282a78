// One start or end tag: its name and the attributes that somebody may ask for. Offsets into the page instead of objects, in
// a fixed number of slots: a tag with a million attributes costs no more memory than any other. After the tag and attribute
// states of WHATWG HTML 13.2.5.
import { decodeAttribute } from "./char-references.ts";

/** The attributes that are kept, the first of each name, as the standard says. */
export type AttributeName =
  | "href"
  | "src"
  | "srcset"
  | "rel"
  | "action"
  | "method"
  | "name"
  | "content"
  | "http-equiv"
  | "xlink:href"
  | "encoding"
  | "lang"
  | "color"
  | "face"
  | "size";

/** A tag as read by `readTag`; reused for the next one. `value*`: offsets of the kept attributes' values by slot. */
export type Tag = {
  name: string;
  selfClosing: boolean;
  /** Bit n: slot n is filled. */
  filled: number;
  valueStart: Int32Array;
  valueEnd: Int32Array;
};

const slots: Record<AttributeName, number> = {
  href: 0,
  src: 1,
  srcset: 2,
  rel: 3,
  action: 4,
  method: 5,
  name: 6,
  content: 7,
  "http-equiv": 8,
  "xlink:href": 9,
  encoding: 10,
  color: 11,
  face: 12,
  size: 13,
  lang: 14,
};
const longestAttribute = 10;
const knownTags =
  "a abbr area article aside b base body br button center code col dd del desc div dl dt em embed font footer form frame h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link main map mark math meta nav object ol option p param path picture pre q s samp script section select small source span strike strong style sub sup svg table tbody td tfoot th thead time title tr tt u ul use var video wbr xmp".split(
    " ",
  );

const slash = 0x2f;
const equals = 0x3d;
const greater = 0x3e;

// Letters of either case are 1 to 26, digits 27 to 36, all else 37: six of them to the base 38 are one 32-bit number, so that
// names are looked up without making a string of each.
const base = 38;
const other = 37;
const digits = new Uint8Array(128).fill(other);
for (let digit = 1; digit <= 26; digit += 1) digits[0x40 + digit] = digits[0x60 + digit] = digit;
for (let digit = 27; digit <= 36; digit += 1) digits[0x30 + digit - 27] = digit;
const packedLength = 6;
const nameByPacked = new Map(
  knownTags.filter((name) => name.length <= packedLength).map((name) => [packed(name), name]),
);
const slotByPacked = new Map(
  Object.entries(slots)
    .filter(([name]) => name.length <= packedLength)
    .map(([name, slot]) => [packed(name), slot]),
);

/** An empty tag to read into. */
export function newTag(): Tag {
  const size = Object.keys(slots).length;
  return {
    name: "",
    selfClosing: false,
    filled: 0,
    valueStart: new Int32Array(size),
    valueEnd: new Int32Array(size),
  };
}

export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d || code === 0x0c;
}

export function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** Reads the name that starts at `start` into `tag`. The offset after it. */
export function readName(html: string, start: number, tag: Tag): number {
  let at = start;
  let hash = 0;
  for (; at < html.length; at += 1) {
    const code = html.charCodeAt(at);
    if (endsName(code)) break;
    hash = (Math.imul(hash, base) + (code < 128 ? (digits[code] as number) : other)) | 0;
  }
  const known = at - start <= packedLength ? nameByPacked.get(hash) : undefined;
  tag.name = known ?? lowerAscii(html.slice(start, at));
  return at;
}

/** Reads what follows a tag's name. The offset after its `>`, or -1 when the text ends before it. */
export function readAttributes(html: string, start: number, tag: Tag): number {
  tag.filled = 0;
  tag.selfClosing = false;
  let at = start;
  while (at < html.length) {
    const code = html.charCodeAt(at);
    if (code === greater) return at + 1;
    if (code === slash || isSpace(code)) {
      tag.selfClosing = code === slash;
      at += 1;
    } else {
      tag.selfClosing = false;
      at = readAttribute(html, at, tag);
    }
  }
  return -1;
}

/**
 * The value of a kept attribute, character references decoded; null without one. `decode`: from the page's encoding, for
 * pages that are read as their bytes.
 */
export function attributeOf(
  html: string,
  tag: Tag,
  name: AttributeName,
  decode: ((bytes: string) => string) | null,
): string | null {
  const slot = slots[name];
  if ((tag.filled & (1 << slot)) === 0) return null;
  const raw = html.slice(tag.valueStart[slot], tag.valueEnd[slot]);
  const value = decode === null ? raw : decode(raw);
  return decodeAttribute(value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value);
}

// The offset after the attribute; past the end of the text when a quote is not closed.
function readAttribute(html: string, start: number, tag: Tag): number {
  // An "=" where a name is expected is the name's first character.
  let at = start;
  let hash = 0;
  do {
    const code = html.charCodeAt(at);
    hash = (Math.imul(hash, base) + (code < 128 ? (digits[code] as number) : other)) | 0;
    at += 1;
  } while (at < html.length && !endsAttributeName(html.charCodeAt(at)));
  const slot = slotOf(html, start, at, hash);
  at = skipSpaces(html, at);
  if (html.charCodeAt(at) !== equals) {
    fill(tag, slot, at, at);
    return at;
  }
  at = skipSpaces(html, at + 1);
  const code = html.charCodeAt(at);
  if (code === 0x22 || code === 0x27) {
    const close = html.indexOf(code === 0x22 ? '"' : "'", at + 1);
    if (close < 0) return html.length;
    fill(tag, slot, at + 1, close);
    return close + 1;
  }
  const valueStart = at;
  while (at < html.length && html.charCodeAt(at) !== greater && !isSpace(html.charCodeAt(at)))
    at += 1;
  fill(tag, slot, valueStart, at);
  return at;
}

function slotOf(html: string, start: number, end: number, hash: number): number {
  if (end - start <= packedLength) return slotByPacked.get(hash) ?? -1;
  if (end - start > longestAttribute) return -1;
  const name = lowerAscii(html.slice(start, end));
  return Object.hasOwn(slots, name) ? slots[name as AttributeName] : -1;
}

function fill(tag: Tag, slot: number, start: number, end: number): void {
  if (slot < 0 || (tag.filled & (1 << slot)) !== 0) return;
  tag.filled |= 1 << slot;
  tag.valueStart[slot] = start;
  tag.valueEnd[slot] = end;
}

function skipSpaces(html: string, start: number): number {
  let at = start;
  while (isSpace(html.charCodeAt(at))) at += 1;
  return at;
}

function endsName(code: number): boolean {
  return code === greater || code === slash || isSpace(code);
}

function endsAttributeName(code: number): boolean {
  return code === equals || endsName(code);
}

function packed(name: string): number {
  let hash = 0;
  for (let at = 0; at < name.length; at += 1)
    hash = (Math.imul(hash, base) + (digits[name.charCodeAt(at)] ?? other)) | 0;
  return hash;
}

// toLowerCase alone would turn the Kelvin sign into a k.
function lowerAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}
