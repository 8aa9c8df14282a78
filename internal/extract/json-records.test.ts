import { expect, test } from "vitest";
import { parseJsonExact } from "./json-exact.ts";
import { compilePath, recordsOf, valueOf as valueAt } from "./json-records.ts";

const text =
  '{"data":[{"id":12345678901234567890,"ok":true},{"id":2,"ok":false}],"meta":{"next":98765432109876543210,"end":null}}';
const document = parseJsonExact(text);

test.each([
  ["$.data[*]", '[{"id":12345678901234567890,"ok":true},{"id":2,"ok":false}]'],
  ["$.data", '[{"id":12345678901234567890,"ok":true},{"id":2,"ok":false}]'],
  ["$.data[?@.ok == true].id", "[12345678901234567890]"],
  ["$..id", "[12345678901234567890,2]"],
  ["$.meta.*", "[98765432109876543210,null]"],
  ["$.meta..*", "[98765432109876543210,null]"],
  ["$.meta", '[{"next":98765432109876543210,"end":null}]'],
  ["$.none[*]", "[]"],
])("recordsOf %s", (path, records) => {
  expect(JSON.stringify(recordsOf(document, path))).toBe(records);
  expect(JSON.stringify(recordsOf(document, compilePath(path)))).toBe(records);
});

test("a document that is an array is its records", () => {
  expect(recordsOf([1, 2], "$")).toEqual([1, 2]);
  expect(recordsOf([1, 2], "$[*]")).toEqual([1, 2]);
  expect(recordsOf([], "$")).toEqual([]);
});

test("the first value, null and absent being two things", () => {
  expect(JSON.stringify(valueAt(document, "$.meta.next"))).toBe("98765432109876543210");
  expect(valueAt(document, "$.meta.end")).toBeNull();
  expect(valueAt(document, "$.meta.none")).toBeUndefined();
  expect(valueAt({ a: [1, 2] }, compilePath("$.a[*]"))).toBe(1);
});

test.each([
  ["$.a[", 5],
  ["a.b", 1],
  ["$.a[?@.x == ]", 13],
])("%s is refused at character %i", (path, character) => {
  expect(() => compilePath(path)).toThrow(`at character ${character}`);
  expect(() => compilePath(path)).toThrow(`JSONPath "${path}"`);
});
