// The fast way through a CSV record that is like those before it, as match-json.ts is for JSON: one line, the right number of
// fields, no quote where it means anything else than the bounds of a field, and values of kinds the columns have shown.
// For all else it says "unsure" and has changed nothing: the full reader decides.
import { isUtf8 } from "node:buffer";
import type { Shape } from "./shape.ts";
import { bit, classifyField } from "./text-type.ts";

const unsure = -1;
const quote = 0x22;
const lf = 0x0a;

/**
 * Index of the line feed behind the record at `start`, if DuckDB reads it as it stands, and as one of these `shapes`; else
 * -1. There must be a line feed in `bytes` at or behind `start`.
 */
export function matchCsvRecord(
  bytes: Buffer,
  start: number,
  delimiter: number,
  shapes: readonly Shape[],
): number {
  // An empty line is blank, not a record.
  if (bytes[start] === lf) return unsure;
  let at = start;
  let seen = 0;
  const last = shapes.length - 1;
  for (let i = 0; i <= last; i++) {
    const isQuoted = bytes[at] === quote;
    const from = isQuoted ? at + 1 : at;
    const to = isQuoted ? closingQuote(bytes, from) : fieldEnd(bytes, from, delimiter);
    at = to + (from - at);
    if (to === unsure || bytes[at] !== (i < last ? delimiter : lf)) return unsure;
    const { bits } = shapes[i] as Shape;
    // Any text is right for a column that has text already, if it is UTF-8; other kinds are ASCII.
    if ((bits & bit.text) !== 0) seen |= unionOf(bytes, from, to);
    else if (from < at && !isOfKind(bytes, from, to, bits)) return unsure;
    at++;
  }
  return seen >= 0x80 && !isUtf8(bytes.subarray(start, at)) ? unsure : at - 1;
}

const isOfKind = (bytes: Buffer, from: number, to: number, bits: number) =>
  (bits & classifyField(bytes, from, to)) !== 0;

/** Index of the quote that ends a field on this line. */
function closingQuote(bytes: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const c = bytes[at] as number;
    if (c === quote) return at;
    if (c === lf || c === 0x0d) return unsure;
    at++;
  }
}

function fieldEnd(bytes: Buffer, start: number, delimiter: number): number {
  let at = start;
  for (;;) {
    const c = bytes[at] as number;
    if (c === delimiter || c === lf) return at;
    if (c === quote || c === 0x0d) return unsure;
    at++;
  }
}

/** The bits that any of the bytes has. */
function unionOf(bytes: Buffer, start: number, end: number): number {
  let seen = 0;
  for (let at = start; at < end; at++) seen |= bytes[at] as number;
  return seen;
}
