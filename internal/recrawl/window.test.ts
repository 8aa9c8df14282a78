import fc from "fast-check";
import { expect, test } from "vitest";
import { UsageError } from "../std/errors.ts";
import { asWritten, daysIn, windowsOf } from "./window.ts";

test("both days are in, and the last window may be shorter", () => {
  expect(windowsOf("2026-02-27", "2026-03-01", 2)).toEqual([
    { from: "2026-02-27", until: "2026-03-01" },
    { from: "2026-03-01", until: "2026-03-02" },
  ]);
  expect(windowsOf("2026-02-27", "2026-02-27", 7)).toEqual([
    { from: "2026-02-27", until: "2026-02-28" },
  ]);
  expect(() => windowsOf("2026-03-02", "2026-03-01", 1)).toThrow(UsageError);
  expect(() => windowsOf("1990-01-01", "2026-03-01", 1)).toThrow(/more than 10000 windows/);
});

test("windows follow one another without a gap, and hold all days", () => {
  fc.assert(
    fc.property(fc.nat(20_000), fc.nat(400), fc.integer({ min: 1, max: 40 }), (at, more, days) => {
      const day = (n: number) => new Date(n * 86_400_000).toISOString().slice(0, 10);
      const windows = windowsOf(day(at), day(at + more), days);
      expect(windows[0]?.from).toBe(day(at));
      expect(windows.at(-1)?.until).toBe(day(at + more + 1));
      for (const [i, { from }] of windows.entries())
        if (i > 0) expect(from).toBe(windows[i - 1]?.until);
      expect(windows.reduce((sum, window) => sum + daysIn(window), 0)).toBe(more + 1);
    }),
  );
});

test.each([
  ["2020-01-01", "2026-07-01"],
  ["2020-01-01T00:00:00Z", "2026-07-01T00:00:00Z"],
  ["2020-01-01 12:30", "2026-07-01 00:00"],
  ["2020-01-01T08:15:00.123+02:00", "2026-07-01T00:00:00.000+00:00"],
  ["1577836800", "1782864000"],
  ["1577836800000", "1782864000000"],
  ["0", null],
  ["first", null],
])("a day where the source starts at %j is written %j", (start, written) => {
  expect(asWritten("2026-07-01", start)).toBe(written);
});
