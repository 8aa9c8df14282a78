// What the short way through CSV records takes, and what it leaves to the full reader.
import { expect, test } from "vitest";
import { matchCsvRecord } from "./match-csv.ts";
import { newShape } from "./shape.ts";
import { bit } from "./text-type.ts";

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
  ["bytes that are not UTF-8", Buffer.from("1,\xff,", "latin1")],
])("leaves %s", (_, line) => {
  expect(takes(line)).toBe(false);
});
