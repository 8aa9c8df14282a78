import fc from "fast-check";
import { expect, test } from "vitest";
import { recordsOf } from "../extract/json-records.ts";
import { type PlainPath, plainPath, recordTexts } from "./record-texts.ts";

const textsAt = (path: string, document: string) =>
  recordTexts(Buffer.from(document), plainPath(path) as PlainPath)?.map(String) ?? null;

test("records are as they are written", () => {
  const document = ' { "a":1, "d" : {"x":[ {"n":1.50, "n":2} ,\n[] , "]"]} } ';
  expect(textsAt("$.d.x[*]", document)).toEqual(['{"n":1.50, "n":2}', "[]", '"]"']);
  expect(textsAt("$.d.x", document)).toEqual(['{"n":1.50, "n":2}', "[]", '"]"']);
  expect(textsAt("$.a", document)).toEqual(["1"]);
  expect(textsAt("$.a[*]", document)).toEqual([]);
  expect(textsAt("$.d[*]", document)).toBeNull();
  expect(textsAt("$.d", '{"d":[1],"\\u0064":[2]}')).toEqual(["2"]);
});

test.each(["$..a", "$['a']", "$.a[0]", "$.a[*].b", "$.*", "$.a-b"])("%s is not plain", (path) => {
  expect(plainPath(path)).toBeNull();
});

const documents = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.record({ a: fc.jsonValue(), b: fc.record({ a: fc.jsonValue() }) }),
  fc.record({ a: fc.array(fc.jsonValue()), b: fc.record({ a: fc.array(fc.jsonValue()) }) }),
);

test("the same values as by JSON.parse and the whole of JSONPath", () => {
  fc.assert(
    fc.property(
      documents,
      fc.constantFrom("$", "$[*]", "$.a", "$.a[*]", "$.b.a", "$.b.a[*]"),
      fc.constantFrom(0, 1, "\t"),
      (document, path, indent) => {
        const text = JSON.stringify(document, null, indent);
        const texts = textsAt(path, text);
        if (texts === null) return;
        const values = texts.map((each) => JSON.parse(each));
        expect(values).toEqual(recordsOf(JSON.parse(text), path));
      },
    ),
  );
});
