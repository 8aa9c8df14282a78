// A dirty file and the whole truth about it, written side by side: what each piece of it must become.
import type { Dice } from "./dice.ts";

/** A row of the table; texts as the column's values print, null for NULL. */
export type DirtyRow = { id: string | null; n: string | null; t: string | null };

/** A record that must be in quarantine. `line` is 1-based; it and `offset` are null for a file as a whole, whose `raw` is not told. */
export type DirtyRecord = {
  file: string;
  line: number | null;
  offset: number | null;
  reason: string;
  raw: Buffer | null;
};

/** `isWhole` false: the file is cut, so it has no row, and of its bad records those before the cut. */
export type DirtyFile = {
  name: string;
  bytes: Buffer;
  rows: DirtyRow[];
  bad: DirtyRecord[];
  blank: number;
  isWhole: boolean;
};

/** Value of one column: as it may stand in JSON and in CSV, and what the table must have. */
export type DirtyValue = { json: string; text: string | null; isInteger: boolean };

/** Most of a record that the quarantine keeps. */
const keptBytes = 1024 * 1024;

/** Writes a file and its truth. */
export class DirtyWriter {
  readonly #name: string;
  readonly #isTyped: boolean;
  readonly #parts: Buffer[] = [];
  readonly #rows: DirtyRow[] = [];
  readonly #bad: DirtyRecord[] = [];
  #line = 1;
  #offset = 0;
  #blank = 0;

  /** `isTyped`: the table's column `n` is declared BIGINT. */
  constructor(name: string, isTyped: boolean) {
    this.#name = name;
    this.#isTyped = isTyped;
  }

  /** Bytes that belong to no record. */
  aside(text: string | Buffer) {
    const bytes = Buffer.from(text as string);
    this.#parts.push(bytes);
    this.#offset += bytes.length;
    for (const byte of bytes) if (byte === 0x0a) this.#line++;
  }

  /** A line that counts as blank. */
  blank(text: string) {
    this.#blank++;
    this.aside(text);
  }

  /** A record; its row is refused where a value does not fit the declared type. */
  record(text: string | Buffer, id: string | null, n: DirtyValue | null, t: string | null) {
    if (this.#isTyped && n !== null && !n.isInteger) this.bad(text, "BAD_CAST:n");
    else {
      this.#rows.push({ id, n: n?.text ?? null, t });
      this.aside(text);
    }
  }

  /** A record for the quarantine, with all of its bytes. */
  bad(text: string | Buffer, reason: string) {
    const bytes = Buffer.from(text as string);
    const raw = bytes.subarray(0, keptBytes);
    this.#bad.push({ file: this.#name, line: this.#line, offset: this.#offset, reason, raw });
    this.aside(bytes);
  }

  file(): DirtyFile {
    return {
      name: this.#name,
      bytes: Buffer.concat(this.#parts),
      rows: this.#rows,
      bad: this.#bad,
      blank: this.#blank,
      isWhole: true,
    };
  }
}

/** A value of the column of numbers. */
export function dirtyNumber(dice: Dice): DirtyValue {
  const integer = dice.pick([
    "0",
    "7",
    "-12",
    "9007199254740993",
    "-9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "1234567890123456789",
  ]);
  if (!dice.once(4)) return { json: integer, text: integer, isInteger: true };
  const other = dice.pick([
    "1.5",
    "9223372036854775808",
    "-9223372036854775809",
    "12345678901234567890123456789012345678",
    "1e-400",
    "0.1234567890123456789",
    "12345678901234567.89",
    "1.00000000000000000001",
    "1e400",
    "true",
  ]);
  return { json: other, text: other, isInteger: false };
}

/** A text that has made trouble somewhere; `delimiter` for CSV. */
export function dirtyText(dice: Dice, delimiter = ","): string {
  return dice.pick([
    "",
    " ",
    "plain",
    "__HIVE_DEFAULT_PARTITION__",
    "NULL",
    "null",
    "\\N",
    "\\x00dir\\",
    "nan",
    "2024-02-30",
    "2024-02-29",
    "00501",
    "1e5",
    " spaces around ",
    "tab\tinside",
    `one${delimiter}two`,
    'say "yes"',
    '"',
    '""',
    "two\nlines",
    "two\r\nlines",
    "lone\rCR",
    "ä€😀",
    "e\u0301",
    "\ufeffmark",
    "\u2028\u0085",
    "\u007f",
    "'; DROP TABLE t; --",
    "{}",
    "[1,]",
    "</r>&amp;",
    "#comment",
  ]);
}

/** The text in bytes, with one that is in no UTF-8 text at its end. */
export const notUtf8 = (before: string, after: string, dice: Dice) =>
  Buffer.concat([
    Buffer.from(before),
    dice.pick([
      Buffer.from([0xff]),
      Buffer.from([0xc3]),
      Buffer.from([0xc0, 0x80]),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from([0xf4, 0x90, 0x80, 0x80]),
      Buffer.from([0xe2, 0x82]),
    ]),
    Buffer.from(after),
  ]);
