// The strict scanner against JSON.parse, and what it learns.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyText } from "../../test/support/any-text.ts";
import { JsonScanner } from "./scan-json.ts";
import { typeOf } from "./shape.ts";

function scan(...lines: string[]) {
  const scanner = new JsonScanner();
  const reasons = lines.map((line) => {
    const bytes = Buffer.from(`##${line}##`);
    return scanner.scan(bytes, 2, bytes.length - 2);
  });
  const types: Record<string, string> = {};
  for (const [name, shape] of scanner.shape.fields)
    if (shape.count > 0) types[name] = typeOf(shape);
  return { reasons, types };
}

describe("accepts what is JSON and nothing else", () => {
  test("objects from JSON.stringify", () => {
    const key = anyText;
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), (value) => {
        const line = JSON.stringify(value);
        expect(scan(line, JSON.stringify(value, null, " ")).reasons).toEqual([null, null]);
      }),
    );
  });

  test("one byte changed: as JSON.parse decides", () => {
    const bytes = fc.constantFrom(...'{}[]",:0123456789.-+eE \\ut/\ttfn\u0001x');
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
        fc.nat(),
        bytes,
        (value, at, byte) => {
          const text = JSON.stringify(value);
          const i = at % text.length;
          const line = text.slice(0, i) + byte + text.slice(i + 1);
          const [reason] = scan(line).reasons;
          expect(reason === "MALFORMED_JSON").toBe(!parses(line));
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ['{"a":[1,]}', "MALFORMED_JSON"],
    ['{"a":1,}', "MALFORMED_JSON"],
    ['{"a":NaN}', "MALFORMED_JSON"],
    ['{"a":01}', "MALFORMED_JSON"],
    ['{"a":1} {"b":2}', "MALFORMED_JSON"],
    ['{"a":"\\ud800"}', "MALFORMED_JSON"],
    ['{"a":"\\ud83d\\ude00"}', null],
    [`${'{"a":'.repeat(300)}1${"}".repeat(300)}`, "MALFORMED_JSON"],
    ["null", "NOT_AN_OBJECT"],
    ["[1]", "NOT_AN_OBJECT"],
    ['"x"', "NOT_AN_OBJECT"],
    ["{}", null],
    ['{"a":1,"a":1}', "DUPLICATE_KEY"],
    ['{"a":1,"\\u0061":1}', "DUPLICATE_KEY"],
    ['{"x":{"a":1,"a":1}}', "DUPLICATE_KEY"],
    ['{"x":[{"a":1},{"a":1}]}', null],
  ])("%s", (line, reason) => {
    expect(scan(line).reasons).toEqual([reason]);
  });
});

describe("learns types", () => {
  test("from good records alone", () => {
    const { types } = scan('{"a":1}', '{"a":"x","ghost":true', '{"a":2}');
    expect(types).toEqual({ a: "BIGINT" });
  });

  test("of every kind", () => {
    const { types } = scan(
      '{"i":1,"d":1,"s":"x","b":true,"day":"2024-01-01","at":"2024-01-01T00:00:00Z","n":null,"l":[],"o":{"a":1},"m":1,"big":9223372036854775808,"id":9007199254740993}',
      '{"i":2,"d":1.5,"s":null,"b":false,"o":{"b":[{"c":"2024-01-01"}]},"m":"x","l":[1,2.5],"big":1,"id":1}',
    );
    expect(types).toEqual({
      i: "BIGINT",
      d: "DOUBLE",
      s: "VARCHAR",
      b: "BOOLEAN",
      day: "DATE",
      at: "TIMESTAMPTZ",
      n: "NULL",
      l: "DOUBLE[]",
      o: 'STRUCT("a" BIGINT, "b" STRUCT("c" VARCHAR)[])',
      m: "VARCHAR",
      big: "DECIMAL(38,0)",
      id: "BIGINT",
    });
  });

  test("an integer that a double would round is not mixed with decimals", () => {
    expect(scan('{"x":9007199254740993}', '{"x":0.5}').types).toEqual({ x: "VARCHAR" });
    expect(scan('{"x":1e400}', '{"x":0.5}').types).toEqual({ x: "VARCHAR" });
  });

  test("an object used as a map is text", () => {
    const line = (from: number) =>
      `{"m":{${Array.from({ length: 200 }, (_, i) => `"k${from + i}":1`).join(",")}}}`;
    expect(scan(line(0)).types.m).toMatch(/^STRUCT/);
    expect(scan(line(0), line(1000)).types).toEqual({ m: "VARCHAR" });
    expect(scan(line(0), line(200), '{"m":{"z":1,"z":2}}').reasons[2]).toBe("DUPLICATE_KEY");
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
