// Cuts one CSV record (RFC 4180) from bytes: where it and its fields begin and end, and whether it is sound.
//
// More lenient than the RFC in one thing, a quote inside an unquoted field is data (`5" pipe`), and stricter than most
// readers in another: text behind a closing quote is a fault, since it shows that a quote before it was not meant.

const quote = 0x22;
const lf = 0x0a;
const cr = 0x0d;
/** Instead of an index: more bytes are needed; there is no closing quote. */
const more = -1;
const unclosed = -2;

/** The record cut last; reused from record to record. */
export type CsvRecord = {
  /** Where the next record starts. */
  next: number;
  /** End of this one, without its line end. */
  end: number;
  count: number;
  /** Bounds of each field, inside its quotes. */
  starts: number[];
  ends: number[];
  quoted: boolean[];
  problem: "BAD_QUOTE" | "UNTERMINATED_QUOTE" | null;
  /** Line end was CR LF. */
  crLf: boolean;
  /** CR LF stands inside quotes. */
  quotedCrLf: boolean;
  /** Sound, but other readers may see it otherwise: a lone CR in it, or a quote inside an unquoted field. */
  odd: boolean;
  /** Behind the last byte that had a say in where it ends: far behind `next` where a quote has no partner. */
  reach: number;
};

export const newCsvRecord = (): CsvRecord => ({
  next: 0,
  end: 0,
  count: 0,
  starts: [],
  ends: [],
  quoted: [],
  problem: null,
  crLf: false,
  quotedCrLf: false,
  odd: false,
  reach: 0,
});

/**
 * Cuts the record that starts at `start` into `out`. False if it may go on behind `bytes`; never when `last`. A record with
 * a problem ends at the end of its first line, so that one stray quote costs one line and not the rest of the file.
 */
export function cutCsvRecord(
  bytes: Buffer,
  start: number,
  last: boolean,
  delimiter: number,
  out: CsvRecord,
): boolean {
  out.count = 0;
  out.problem = null;
  out.odd = false;
  out.crLf = false;
  out.quotedCrLf = false;
  out.reach = start;
  let i = start;
  for (;;) {
    const field =
      bytes[i] === quote
        ? quotedField(bytes, i, last, out)
        : bareField(bytes, i, last, delimiter, out);
    if (field === unclosed) {
      out.reach = bytes.length;
      return firstLine(bytes, start, last, out);
    }
    if (field === more || (field >= bytes.length && !last)) {
      out.reach = bytes.length;
      return false;
    }
    if (field < bytes.length && bytes[field] === delimiter) i = field + 1;
    else return endRecord(bytes, start, field, last, out);
  }
}

/** Ends the record at `end`, where a line end should be, or the end of the file. */
function endRecord(
  bytes: Buffer,
  start: number,
  end: number,
  last: boolean,
  out: CsvRecord,
): boolean {
  if (end >= bytes.length) return ends(out, end, end);
  if (bytes[end] === lf) return ends(out, end, end + 1);
  if (bytes[end] === cr) {
    if (end + 1 >= bytes.length && !last) return false;
    if (end + 1 >= bytes.length || bytes[end + 1] === lf) {
      out.crLf = true;
      return ends(out, end, Math.min(end + 2, bytes.length));
    }
  }
  out.problem = "BAD_QUOTE";
  out.reach = Math.min(end + 2, bytes.length);
  return firstLine(bytes, start, last, out);
}

/** Ends the record with its first line, as one that is quarantined. False if that line is not all there. */
export function firstLine(bytes: Buffer, start: number, last: boolean, out: CsvRecord): boolean {
  const found = bytes.indexOf(lf, start);
  if (found < 0 && !last) return false;
  const end = found < 0 ? bytes.length : found;
  return ends(out, end > start && bytes[end - 1] === cr ? end - 1 : end, found < 0 ? end : end + 1);
}

function ends(out: CsvRecord, end: number, next: number): true {
  out.end = end;
  out.next = next;
  out.reach = Math.max(out.reach, next);
  return true;
}

function add(out: CsvRecord, start: number, end: number, quoted: boolean) {
  out.starts[out.count] = start;
  out.ends[out.count] = end;
  out.quoted[out.count] = quoted;
  out.count++;
}

/** Index behind the closing quote, `more` or `unclosed`. */
function quotedField(bytes: Buffer, start: number, last: boolean, out: CsvRecord): number {
  let i = start + 1;
  for (;;) {
    for (; i < bytes.length && bytes[i] !== quote; i++) {
      if (bytes[i] !== cr) continue;
      if (bytes[i + 1] === lf) out.quotedCrLf = true;
      else out.odd = true;
    }
    if (i >= bytes.length) {
      if (!last) return more;
      out.problem = "UNTERMINATED_QUOTE";
      return unclosed;
    }
    if (i + 1 >= bytes.length && !last) return more;
    if (bytes[i + 1] !== quote) break;
    i += 2;
  }
  add(out, start + 1, i, true);
  return i + 1;
}

function bareField(
  bytes: Buffer,
  start: number,
  last: boolean,
  delimiter: number,
  out: CsvRecord,
): number {
  let i = start;
  for (; i < bytes.length; i++) {
    const c = bytes[i] as number;
    if (c === delimiter || c === lf) break;
    if (c === quote) out.odd = true;
    else if (c === cr) {
      if (i + 1 >= bytes.length) {
        if (!last) return more;
        break;
      }
      if (bytes[i + 1] === lf) break;
      out.odd = true;
    }
  }
  add(out, start, i, false);
  return i;
}
