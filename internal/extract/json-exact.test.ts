import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJsonExact, rawNumberText } from "./json-exact.ts";

test.each([
  "9007199254740993",
  "-9007199254740993",
  "12345678901234567890",
  "1234567890123456789012345678901234567890",
  "0.1234567890123456789",
  "12345678901234.5678",
  "1e400",
  "-1E+400",
  "1e-400",
  "1.2345e-320",
])("%s is kept as it was written", (text) => {
  const value = parseJsonExact(`{"a":[${text}]}`);
  expect(JSON.stringify(value)).toBe(`{"a":[${text}]}`);
  expect(rawNumberText((value as { a: unknown[] }).a[0])).toBe(text);
});

test.each([
  ["9007199254740991", 9007199254740991],
  ["1234567890123456", 1234567890123456],
  ["0.00000000000000000001", 1e-20],
  ["0.000000000000000000000", 0],
  ["1e300", 1e300],
  ["123456789.012345", 123456789.012345],
])("%s stays a number", (text, value) => {
  expect(parseJsonExact(`[${text}]`)).toEqual([value]);
});

test("a number in a text is text", () => {
  expect(
    parseJsonExact('{"a":"12345678901234567890","b":12345678901234567890,"__proto__":1}'),
  ).toHaveProperty("a", "12345678901234567890");
  expect(rawNumberText("1")).toBeNull();
  expect(rawNumberText({ rawJSON: "1" })).toBeNull();
});

test("an integer of any size comes out as it went in", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n })), (numbers) => {
      const text = `[${numbers.join(",")}]`;
      expect(JSON.stringify(parseJsonExact(text))).toBe(text);
    }),
  );
});

test("is JSON.parse for everything that JSON.parse holds", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(JSON.parse(JSON.stringify(parseJsonExact(text)))).toEqual(
        JSON.parse(JSON.stringify(JSON.parse(text))),
      );
    }),
  );
  expect(() => parseJsonExact('{"a":12345678901234567890')).toThrow(SyntaxError);
  expect(() => parseJsonExact("")).toThrow(SyntaxError);
});
