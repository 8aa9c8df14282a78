import fc from "fast-check";
import { expect, test } from "vitest";
import { compilePath, recordsOf } from "../extract/json-records.ts";
import { type PlainPath, plainPath } from "./plain-path.ts";
import { recordTexts } from "./record-texts.ts";
import { splitBytes } from "./split-file.ts";
import { splitJson } from "./split-json.ts";

const plain = (path: string) => plainPath(path) as PlainPath;
const split = (path: string, document: string) => {
  const { frame, texts } = splitJson(Buffer.from(document), plain(path));
  return { frame, texts: texts.map(String) };
};

test("records are as they are written, and the frame is what is around them", () => {
  const document = ' { "a":1, "d" : {"x":[ {"n":1.50, "n":2} ,\n[] , "]", 7 ]}, "next" : "c/1" } ';
  const texts = ['{"n":1.50, "n":2}', "[]", '"]"', "7"];
  const frame = { a: 1, d: { x: [{ n: 2 }, 7] }, next: "c/1" };
  expect(split("$.d.x[*]", document)).toEqual({ frame, texts });
  expect(split("$.d.x", document)).toEqual({ frame, texts });
  expect(split("$.a", document).texts).toEqual(["1"]);
  expect(split("$.a[*]", document).texts).toEqual([]);
  expect(split("$.none[*]", document).texts).toEqual([]);
  expect(split("$['d']['x'][*]", document).texts).toEqual(texts);
  expect(split("$.d", '{"d":{"a":1}}').texts).toEqual(['{"a":1}']);
  expect(split("$.d[*]", '{"d":{"a":{"x":1},"b":2,"c":3}}')).toEqual({
    frame: { d: { a: { x: 1 }, c: 3 } },
    texts: ['{"x":1}', "2", "3"],
  });
  expect(split("$", "\uFEFF[1, 2]").texts).toEqual(["1", "2"]);
});

test.each(["$..a", "$.a[0]", "$.a[*].b", "$.a-b", "$[?@.a]", "$.a[1:]"])(
  "%s is not plain",
  (path) => {
    expect(plainPath(path)).toBeNull();
  },
);

test.each([
  ["", "end is missing"],
  ['{"d":[1', "end is missing"],
  ['{"d":[1,', "end is missing"],
  ['{"d":[1]', "end is missing"],
  ['{"d":[1,]}', "value is missing"],
  ['{"d":[,1]}', "value is missing"],
  ['{"d":[1 2]}', "comma is missing"],
  ['{"d":[1],}', "name is missing"],
  ['{"d":[1] "e":2}', "comma is missing"],
  ['{"d" [1]}', "colon is missing"],
  ["{d:[1]}", "name is missing"],
  ['{"d":[1]} x', "behind its end"],
  ['{"d":[1],"\\u0064":[2]}', "given twice"],
  ['{"e":nul,"d":[1]}', "not valid JSON"],
])("%s is no answer", (document, why) => {
  expect(() => split("$.d[*]", document)).toThrow(why);
});

const documents = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.record({ a: fc.jsonValue(), b: fc.record({ a: fc.jsonValue() }) }),
  fc.record({ a: fc.array(fc.jsonValue()), b: fc.record({ a: fc.array(fc.jsonValue()) }) }),
);
const parsed = (texts: readonly (Buffer | string)[]) =>
  texts.map((text) => JSON.parse(String(text)));

test("the same values as by JSON.parse and the whole of JSONPath, however the bytes come", async () => {
  await fc.assert(
    fc.asyncProperty(
      documents,
      fc.constantFrom("$", "$[*]", "$.a", "$.a[*]", "$.b.a", "$.b.a[*]"),
      fc.constantFrom(0, 1, "\t"),
      fc.integer({ min: 1, max: 20 }),
      async (value, path, indent, pieceBytes) => {
        const bytes = Buffer.from(JSON.stringify(value, null, indent));
        const records = recordsOf(JSON.parse(bytes.toString()), path);
        expect(parsed(splitJson(bytes, plain(path)).texts)).toEqual(records);
        expect(parsed(recordTexts(bytes, compilePath(path)).texts)).toEqual(records);
        const texts: string[] = [];
        const { frame, count } = await splitBytes(
          piecesOf(bytes, pieceBytes),
          plain(path),
          (text) => texts.push(text.toString()),
          async () => {},
          new AbortController().signal,
        );
        expect(parsed(texts)).toEqual(records);
        expect({ frame, count }).toEqual({
          frame: splitJson(bytes, plain(path)).frame,
          count: records.length,
        });
      },
    ),
  );
});

async function* piecesOf(bytes: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

test("texts of records that only a whole document can select", () => {
  const texts = (path: string, document: string) =>
    recordTexts(Buffer.from(document), compilePath(path)).texts.map(String);
  const document = '{"x":[{"id":2.0,"a":1,"a":2},{"id":3}],"y":{"z":[{"id":4}]}}';
  expect(texts("$..id", document)).toEqual(["2.0", "3", "4"]);
  expect(texts("$.x[?@.id == 2]", document)).toEqual(['{"id":2.0,"a":1,"a":2}']);
  expect(texts("$.x[-1:]", document)).toEqual(['{"id":3}']);
  expect(texts("$.x[0]['id']", '{"x":[{"id":[1, {"a": 1}]}]}')).toEqual(["1", '{"a": 1}']);
  expect(() => texts("$.x[1:]", '{"x":[1,2],"x":[1,2,3]}')).toThrow("given twice");
  expect(() => texts("$..id", "{")).toThrow("JSON");
});
