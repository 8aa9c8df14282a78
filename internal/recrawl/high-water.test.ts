import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJsonExact } from "../extract/json-exact.ts";
import { before, greater, waterText } from "./high-water.ts";

test.each([
  ["9", "10", "10"],
  ["12345678901234567890", "12345678901234567891", "12345678901234567891"],
  ["1.5", "1.25", "1.5"],
  ["2026-01-02", "2026-01-10", "2026-01-10"],
  ["2026-01-01T12:00:00+02:00", "2026-01-01T11:00:00Z", "2026-01-01T11:00:00Z"],
  ["2026-01-01T00:00:00.9Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.9Z"],
  ["2026-01-01 10:00:00", "2026-01-01T09:00:00Z", "2026-01-01 10:00:00"],
  ["b", "a", "b"],
])("of %j and %j the greater is %j", (a, b, most) => {
  expect(greater(a, b)).toBe(most);
  expect(greater(b, a)).toBe(most);
});

test.each([
  ["100", 30, "70"],
  ["2026-03-01", 3_600_000, "2026-02-28"],
  ["2026-03-01T00:30:00Z", 3_600_000, "2026-02-28T23:30:00.000Z"],
  ["2026-03-01T02:30:00+02:00", 3_600_000, "2026-02-28T23:30:00.000Z"],
  ["2026-03-01T00:30:00", 3_600_000, "2026-02-28T23:30:00.000"],
  ["any", 0, "any"],
])("%j less %j is %j", (value, back, earlier) => {
  expect(before(value, back)).toBe(earlier);
});

test("what is neither a number nor a date has nothing before it", () => {
  expect(() => before("abc", 1)).toThrow('go back from "abc"');
});

test("going back never goes past a value that was so close", () => {
  const time = fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(time, fc.nat(1e9), (at, backMs) => {
      const value = at.toISOString();
      expect(Date.parse(before(value, backMs))).toBe(at.getTime() - backMs);
      expect(greater(value, before(value, backMs))).toBe(value);
    }),
  );
});

test("values as text", () => {
  const big = parseJsonExact("12345678901234567890");
  expect([1, "x", "", null, undefined, {}, true, big].map(waterText)).toEqual([
    "1",
    "x",
    null,
    null,
    null,
    null,
    null,
    "12345678901234567890",
  ]);
});
