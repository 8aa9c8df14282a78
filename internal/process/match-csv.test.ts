// What the short way through CSV records takes, and what it leaves to the full reader.
import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { matchCsvRecord } from "./match-csv.ts";
import { cutCsvRecord, newCsvRecord } from "./scan-csv.ts";
import { newShape } from "./shape.ts";
import { bit, classifyField } from "./text-type.ts";

/** Columns of integers, of text and of days, and whether the line is taken whole. */
function takes(line: string | Buffer): boolean {
  const shapes = [bit.integer, bit.text, bit.date].map((bits) => ({ ...newShape(), bits }));
  const bytes = Buffer.concat([Buffer.from(line), Buffer.from("\n1,a,2024-01-01\n")]);
  return matchCsvRecord(bytes, 0, 0x2c, shapes) === Buffer.byteLength(line);
}

test.each(["1,a,2024-01-01", ",,", '"7","b,c",2024-02-29', "-3,ä,", '1,"",2024-01-01'])(
  "takes %s",
  (line) => {
    expect(takes(line)).toBe(true);
  },
);

test.each([
  ["a field too few", "1,a"],
  ["a field too many", "1,a,2024-01-01,"],
  ["an empty line", ""],
  ["another kind of number", "1.5,a,"],
  ["a quoted empty number", '"",a,'],
  ["a day that does not exist", "1,a,2023-02-29"],
  ["a doubled quote", '1,"a""b",'],
  ["a quote inside a bare field", '1,a"b,'],
  ["text behind a closing quote", '1,"a"b,'],
  ["a quote that is not closed on the line", '1,"a'],
  ["a CR", "1,a,\r"],
  ["a CR in quotes", '1,"a\rb",'],
  ["bytes that are not UTF-8", Buffer.from("1,\xff,", "latin1")],
])("leaves %s", (_, line) => {
  expect(takes(line)).toBe(false);
});

test("of dirty bytes it takes what the full reader cuts the same, and nothing that is new to the columns", () => {
  const pieces = [
    ...[
      "1",
      "-7",
      "1.5",
      "a b",
      "ä",
      "2024-02-29",
      "2024-02-30",
      '"',
      '""',
      ",",
      ",",
      ",",
      "\n",
      "\r",
    ],
    ...["1,a,", '"7","b,c",2024-02-29', "\u0000", "\ufeff", " "],
  ].map((text) => Buffer.from(text));
  const piece = fc.constantFrom(...pieces, Buffer.from([0xff]), Buffer.from([0xc3]));
  const kinds = [bit.integer, bit.text, bit.date];
  const shapes = kinds.map((bits) => ({ ...newShape(), bits }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (parts) => {
      const bytes = Buffer.concat([...parts, Buffer.from("\n1,a,2024-01-01\n")]);
      const end = matchCsvRecord(bytes, 0, 0x2c, shapes);
      if (end < 0) return;
      const record = newCsvRecord();
      expect(cutCsvRecord(bytes, 0, true, 0x2c, record)).toBe(true);
      expect(record).toMatchObject({ end, next: end + 1, count: 3, problem: null, odd: false });
      expect(isUtf8(bytes.subarray(0, end))).toBe(true);
      for (const [i, kind] of kinds.entries()) {
        const [from = 0, to = 0] = [record.starts[i], record.ends[i]];
        if (kind === bit.text || (from === to && !record.quoted[i])) continue;
        expect(classifyField(bytes, from, to)).toBe(kind);
      }
    }),
    { numRuns: 5_000, examples: [[[Buffer.from('"7","b,c",2024-02-29')]]] },
  );
});
