// Tells a URL that is already in its canonical form from one that must be parsed, by a table of characters: nearly all links
// are, and `new URL` costs more than finding the link did. When in doubt the answer is no.

// What a character means in a path and in a query: unchanged in both, or to be looked at. 0: only the parser knows.
const kinds = new Uint8Array(128);
const plain = 1;
const slash = 2;
const dot = 3;
const percent = 4;
const question = 5;
const hash = 6;
const quote = 7;
/** Characters that parameters of a path segment begin with, plain otherwise. */
const marker = 8;
for (const letter of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~!$&)*+,=:@")
  kinds[letter.charCodeAt(0)] = plain;
kinds[0x2f] = slash;
kinds[0x2e] = dot;
kinds[0x25] = percent;
kinds[0x3f] = question;
kinds[0x23] = hash;
// WHATWG URL: the query of http and https encodes it, the path does not.
kinds[0x27] = quote;
kinds[0x28] = marker;
kinds[0x3b] = marker;

/** What `readTail` finds out, besides whether the text is plain. */
export type Tail = {
  /** Where the path and query end: the end of the text, or its `#`. */
  end: number;
  /** Set when there is a query. */
  hasQuery: boolean;
  /** Set when the path has a `;` or `(`. */
  hasMarker: boolean;
};

/**
 * Whether `text` from `start` to its fragment is path and query in canonical form, as they stand after a `/`; `tail` says
 * where they end. False also for a few that are, such as those with `[` or `|`.
 */
export function readTail(text: string, start: number, tail: Tail): boolean {
  let at = start;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? kinds[code] : 0;
    if (kind === plain || kind === slash || kind === quote) continue;
    if (kind === hash) break;
    if (kind === question) return readQuery(text, at + 1, tail);
    if (kind === marker) tail.hasMarker = true;
    else if (kind === dot ? isDotSegment(text, start, at) : !isEscape(kind, text, at)) return false;
  }
  tail.end = at;
  return true;
}

/** The same for what follows a `?`. */
export function readQuery(text: string, start: number, tail: Tail): boolean {
  tail.hasQuery = true;
  let at = start;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? kinds[code] : 0;
    if (kind === hash) break;
    if (kind === 0 || kind === quote) return false;
    if (kind === percent && !isEscape(kind, text, at)) return false;
  }
  tail.end = at;
  // An empty query goes.
  return at > start;
}

/** The length of the scheme that `text` begins with, without its colon; 0 when it begins with none. */
export function schemeLength(text: string): number {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isLower(code | 0x20)) continue;
    if (code === 0x3a) return at;
    const isInside = isDigit(code) || code === 0x2b || code === 0x2d || code === 0x2e;
    if (at === 0 || !isInside) return 0;
  }
  return 0;
}

/**
 * Whether `text` from `start` to `end` is host and port in canonical form for the scheme: lower-case labels, the last one
 * beginning with a letter, none of them punycode, or else an IPv4 address of four numbers; and a port that is not the scheme's.
 */
export function isPlainAuthority(
  text: string,
  start: number,
  end: number,
  isHttps: boolean,
): boolean {
  if (end - start > 200) return false;
  let labelStart = start;
  let at = start;
  for (; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (isLower(code) || isDigit(code) || code === 0x2d) continue;
    if (code === 0x3a) break;
    if (code !== 0x2e || at === labelStart || isPunycode(text, labelStart)) return false;
    labelStart = at + 1;
  }
  if (at === labelStart || isPunycode(text, labelStart)) return false;
  if (!isLower(text.charCodeAt(labelStart)) && !isPlainAddress(text, start, at)) return false;
  return at === end || isPlainPort(text, at + 1, end, isHttps ? 443 : 80);
}

// Four numbers below 256 without leading zeros: how the parser writes every IPv4 address.
function isPlainAddress(text: string, start: number, end: number): boolean {
  let dots = 0;
  let number = -1;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x2e) {
      dots += 1;
      number = -1;
    } else if (!isDigit(code) || number === 0) return false;
    else {
      number = Math.max(number, 0) * 10 + code - 0x30;
      if (number > 255) return false;
    }
  }
  return dots === 3 && number >= 0;
}

function isPlainPort(text: string, start: number, end: number, standard: number): boolean {
  if (end === start || end - start > 5 || text.charCodeAt(start) === 0x30) return false;
  let port = 0;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (!isDigit(code)) return false;
    port = port * 10 + code - 0x30;
  }
  return port <= 65_535 && port !== standard;
}

function isPunycode(text: string, start: number): boolean {
  return text.startsWith("xn--", start);
}

// Whether the dot at `at` begins a segment that is `.` or `..`; `start` is where the first segment begins.
function isDotSegment(text: string, start: number, at: number): boolean {
  if (at !== start && text.charCodeAt(at - 1) !== 0x2f) return false;
  const next = text.charCodeAt(at + 1) === 0x2e ? at + 2 : at + 1;
  return (
    next >= text.length || isSegmentEnd(text.charCodeAt(next)) || text.charCodeAt(next) === 0x25
  );
}

function isSegmentEnd(code: number): boolean {
  return code === 0x2f || code === 0x3f || code === 0x23;
}

// Two upper-case hex digits after a `%`, and not those of a character that needs no escape.
function isEscape(kind: number | undefined, text: string, at: number): boolean {
  if (kind !== percent) return false;
  const high = upperHex(text.charCodeAt(at + 1));
  const low = upperHex(text.charCodeAt(at + 2));
  if (high < 0 || low < 0) return false;
  const code = high * 16 + low;
  return !(
    isLower(code | 0x20) ||
    isDigit(code) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5f ||
    code === 0x7e
  );
}

function upperHex(code: number): number {
  if (isDigit(code)) return code - 0x30;
  return code >= 0x41 && code <= 0x46 ? code - 0x37 : -1;
}

function isLower(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
