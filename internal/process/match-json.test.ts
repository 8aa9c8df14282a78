// The matcher against the full scanner: what it passes the scanner passes too, and learns nothing from.
import fc from "fast-check";
import { expect, test } from "vitest";
import { anyText } from "../../test/support/any-text.ts";
import { JsonMatcher, unsure } from "./match-json.ts";
import { reasonOf, withLineEnd } from "./read-lines.ts";
import { JsonScanner } from "./scan-json.ts";
import { type Shape, typeOf } from "./shape.ts";

/** A scanner that has learnt from `lines`, and where the matcher says that `line` ends, with a line behind it. */
function matchAfter(lines: readonly string[], line: string | Buffer): number {
  const scanner = new JsonScanner();
  for (const each of lines) {
    const bytes = Buffer.from(each);
    scanner.scan(bytes, 0, bytes.length);
  }
  const bytes = Buffer.concat([
    Buffer.from("##"),
    Buffer.from(line),
    Buffer.from('\n{"next":1}\n'),
  ]);
  return new JsonMatcher().match(bytes, 2, scanner.shape);
}

const record =
  '{"id":1,"at":"2024-01-01T00:00:00Z","ok":true,"x":1.5,"s":"a","l":[1],"o":{"k":"v"},"n":null}';

test.each([
  ["the same again", record],
  [
    "other values",
    '{"id":-7,"at":"1999-12-31T23:59:59.123456+05:30","ok":false,"x":-0.25,"s":"\\n\\"ä","l":[],"o":{}}',
  ],
  ["null anywhere", '{"id":null,"at":null,"ok":null,"x":null,"s":null,"l":null,"o":null,"n":null}'],
  ["another order, spaces, CR", ' { "o" : { "k" : "w" } ,\t"l" : [ 1 , 2 ] , "id" : 2 } \r'],
  ["none of the keys", "{}"],
])("passes %s", (_, line) => {
  expect(matchAfter([record], line)).toBe(2 + Buffer.byteLength(line));
});

test.each([
  ["a new key", '{"new":1}'],
  ["a key given twice", '{"id":1,"id":2}'],
  ["a key given twice further in", '{"o":{"k":"v","k":"v"}}'],
  ["another kind of number", '{"id":1.5}'],
  ["an integer beyond 2^53", '{"id":9007199254740993}'],
  ["an integer with a leading zero", '{"id":01}'],
  ["-0", '{"id":-0}'],
  ["a date in a column of timestamps", '{"at":"2024-01-01"}'],
  ["a day that does not exist", '{"at":"2024-02-30T00:00:00Z"}'],
  ["text in a column of numbers", '{"id":"1"}'],
  ["a list in a column of text", '{"s":[]}'],
  ["a trailing comma", '{"id":1,}'],
  ["a trailing comma in a list", '{"l":[1,]}'],
  ["no comma", '{"id":1"s":"a"}'],
  ["NaN", '{"x":NaN}'],
  ["a fraction without digits", '{"x":1.}'],
  ["a control character", '{"s":"\u0001"}'],
  ["an end inside a string", '{"s":"a'],
  ["an end inside an object", '{"s":"a"'],
  ["an end behind a backslash", '{"s":"\\'],
  ["text behind the object", '{"s":"a"} x'],
  ["a value that is no object", "1"],
  ["nothing", ""],
  ["bytes that are not UTF-8", Buffer.from('{"s":"\xff"}', "latin1")],
])("leaves %s to the scanner", (_, line) => {
  expect(matchAfter([record], line)).toBe(unsure);
});

test("a key with a quote in it is never taken for two", () => {
  expect(matchAfter(['{"a\\"b":1}'], '{"a"b":1}')).toBe(unsure);
});

test("whatever it passes, the scanner passes and knew before", () => {
  const value = fc.record(
    {
      a: fc.oneof(fc.integer(), fc.double()),
      b: anyText,
      c: fc.array(fc.boolean()),
      d: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const dirt = [
    ...'{}[]",:019.-+eE \\u/tn\u0000\u0001\r\ufeff',
    "",
    "\\ud800",
    "0.12345678901234567890",
  ];
  const bad = [Buffer.from([0xff]), Buffer.from([0xc3]), Buffer.from([0xed, 0xa0, 0x80])];
  const edit = fc.tuple(
    fc.nat(),
    fc.constantFrom(...dirt.map((text) => Buffer.from(text)), ...bad),
  );
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1 }),
      value,
      fc.option(edit),
      (known, next, change) => {
        let line = Buffer.from(JSON.stringify(next));
        if (change !== null) {
          const at = change[0] % line.length;
          line = Buffer.concat([line.subarray(0, at), change[1], line.subarray(at + 1)]);
        }
        const scanner = new JsonScanner();
        for (const each of known) {
          const bytes = Buffer.from(JSON.stringify(each));
          scanner.scan(bytes, 0, bytes.length);
        }
        const bytes = withLineEnd(line);
        const end = new JsonMatcher().match(bytes, 0, scanner.shape);
        const before = typesOf(scanner.shape);
        const reason = reasonOf(line, scanner);
        if (end === unsure) return;
        expect([end, reason, typesOf(scanner.shape)]).toEqual([line.length, null, before]);
        expect(scanner.isRounded).toBe(false);
      },
    ),
    { numRuns: 1_000 },
  );
});

const typesOf = (shape: Shape) =>
  [...shape.fields].map(([name, field]) => [name, typeOf(field), field.count > 0]);
