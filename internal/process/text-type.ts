// What a piece of text can be read as without losing anything: the one rule for CSV fields and JSON strings and numbers.
//
// Every class here is stricter than DuckDB's casts, so a column that is all one class casts without an error and without
// a change of value. Works on bytes: making a string of every field would cost more than the rest of the scan.

/** Bits of a column's values; see `typeOf` in shape.ts for what a set of them becomes. */
export const bit = {
  boolean: 1,
  /** Integers that a double holds exactly. */
  integer: 2,
  /** Other integers below 2^63. */
  long: 4,
  /** Integers of up to 38 digits. */
  huge: 8,
  real: 16,
  date: 32,
  timestamp: 64,
  timestampTz: 128,
  text: 256,
  object: 512,
  list: 1024,
} as const;

const maxLong = "9223372036854775807";
const maxSafe = "9007199254740992";

/** Class of the CSV field at `bytes[start, end)`. `00501`, `+1`, `1.`, ` 1` and `NaN` are text. */
export function classifyField(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start] ?? 0;
  if (isDigit(first) || first === 0x2d || first === 0x2e) {
    const number = classifyNumber(bytes, start, end, true);
    return number === bit.text && first !== 0x2e ? classifyTime(bytes, start, end) : number;
  }
  const length = end - start;
  if ((length === 4 || length === 5) && isWordStart(first)) {
    const word = latin1(bytes, start, end);
    if (/^(?:true|True|TRUE|false|False|FALSE)$/.test(word)) return bit.boolean;
  }
  return bit.text;
}

/**
 * Class of the number at `bytes[start, end)` by the grammar of RFC 8259 section 6; text if it is none. `lenient` also
 * takes `.5`. A decimal of more than 17 significant digits, which a double cannot give back, is text.
 */
export function classifyNumber(
  bytes: Uint8Array,
  start: number,
  end: number,
  lenient: boolean,
): number {
  const digits = bytes[start] === 0x2d ? start + 1 : start;
  const point = digitsEnd(bytes, digits, end);
  const whole = point - digits;
  if (whole === 0 && !(lenient && bytes[point] === 0x2e)) return bit.text;
  if (whole > 1 && bytes[digits] === 0x30) return bit.text;
  if (point === end) return classifyInteger(bytes, start, digits, end);
  const fraction = bytes[point] === 0x2e ? digitsEnd(bytes, point + 1, end) : point;
  if (fraction === point + 1) return bit.text;
  if (fraction < end && !isExponent(bytes, fraction, end)) return bit.text;
  const mayOverflow = fraction < end || whole > 300;
  if (mayOverflow && !isHeldByDouble(bytes, start, end)) return bit.text;
  return significantDigits(bytes, digits, fraction) > 17 ? bit.text : bit.real;
}

/** Digits of the mantissa `bytes[start, end)` from the first one that is not 0. */
function significantDigits(bytes: Uint8Array, start: number, end: number): number {
  let digits = 0;
  for (let i = start; i < end; i++) {
    const c = bytes[i];
    if (c !== 0x2e && (digits > 0 || c !== 0x30)) digits++;
  }
  return digits;
}

/** Index behind the digits at `start`. */
function digitsEnd(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && isDigit(bytes[i])) i++;
  return i;
}

function isExponent(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== 0x65 && bytes[start] !== 0x45) return false;
  const sign = bytes[start + 1] === 0x2b || bytes[start + 1] === 0x2d ? 1 : 0;
  const digits = start + 1 + sign;
  return digits < end && digitsEnd(bytes, digits, end) === end;
}

function classifyInteger(bytes: Uint8Array, start: number, digits: number, end: number): number {
  // A double keeps the sign of -0, an integer does not.
  if (digits > start && bytes[digits] === 0x30) return bit.real;
  return end - digits <= 15 ? bit.integer : classifyLong(bytes, digits, end);
}

/**
 * Class of an ISO 8601 date (`2024-02-29`), or timestamp with `T` or a space, and at most 6 digits of a fraction;
 * with seconds, also with `Z` or an offset; text for anything else, also for days that do not exist.
 */
export function classifyTime(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < 10 || length > 32 || bytes[start + 4] !== 0x2d || bytes[start + 7] !== 0x2d)
    return bit.text;
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
  if (!isDay(year, twoDigits(bytes, start + 5), twoDigits(bytes, start + 8))) return bit.text;
  if (length === 10) return bit.date;
  if (length < 16 || (bytes[start + 10] !== 0x54 && bytes[start + 10] !== 0x20)) return bit.text;
  if (!(twoDigits(bytes, start + 11) <= 23) || !isSixtieth(bytes, start + 13)) return bit.text;
  if (length === 16) return bit.timestamp;
  return length < 19 || !isSixtieth(bytes, start + 16)
    ? bit.text
    : classifyZone(bytes, fractionEnd(bytes, start + 19, end), end);
}

/** What stands behind the seconds: nothing, `Z`, `+hh` or `+hh:mm`. */
function classifyZone(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return bit.timestamp;
  const sign = bytes[start];
  if (sign === 0x5a) return start + 1 === end ? bit.timestampTz : bit.text;
  if (sign !== 0x2b && sign !== 0x2d) return bit.text;
  if (!(twoDigits(bytes, start + 1) <= 14)) return bit.text;
  const isWhole = end === start + 3 || (end === start + 6 && isSixtieth(bytes, start + 3));
  return isWhole ? bit.timestampTz : bit.text;
}

/** Index behind a fraction of 1 to 6 digits; `start` when there is none such. */
function fractionEnd(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== 0x2e || start >= end) return start;
  const behind = digitsEnd(bytes, start + 1, end);
  return behind > start + 1 && behind <= start + 7 ? behind : start;
}

/** Value of two digits; NaN when they are none, which no comparison lets through. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at];
  const ones = bytes[at + 1];
  if (!isDigit(tens) || !isDigit(ones)) return Number.NaN;
  return ((tens as number) - 0x30) * 10 + (ones as number) - 0x30;
}

/** `:` and a number of minutes or seconds. */
const isSixtieth = (bytes: Uint8Array, at: number) =>
  bytes[at] === 0x3a && twoDigits(bytes, at + 1) <= 59;

function classifyLong(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > 38) return bit.text;
  const digits = latin1(bytes, start, end);
  if (length < 16 || (length === 16 && digits <= maxSafe)) return bit.integer;
  return length < 19 || (length === 19 && digits <= maxLong) ? bit.long : bit.huge;
}

/** Neither too large for a double (it would be infinite) nor too small (it would be 0). */
function isHeldByDouble(bytes: Uint8Array, start: number, end: number): boolean {
  const text = latin1(bytes, start, end);
  const value = Number(text);
  return Number.isFinite(value) && (value !== 0 || !/[1-9]/.test(text.replace(/e.*/i, "")));
}

function isDay(year: number, month: number, day: number): boolean {
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= (days[month - 1] ?? 0);
}

/** t, T, f or F. */
const isWordStart = (byte: number) => (byte | 0x20) === 0x74 || (byte | 0x20) === 0x66;

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;

const latin1 = (bytes: Uint8Array, start: number, end: number) =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
