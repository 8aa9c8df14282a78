import fc from "fast-check";
import { expect, test } from "vitest";
import { retryAfterMs } from "./retry-after.ts";

const nowMs = Date.UTC(2026, 10, 24, 12, 0, 0);
const day = 86_400_000;

test.each([
  ["120", 120_000],
  [" 1 ", 1000],
  ["86400", day],
  ["86401", day],
  ["99999999999999999999999999", day],
  ["9".repeat(400), day],
  ["Tue, 24 Nov 2026 12:00:30 GMT", 30_000],
  ["Tuesday, 24-Nov-26 12:02:00 GMT", 120_000],
  ["Tue Nov 24 13:00:00 2026", 3_600_000],
  ["Sun Dec  6 12:00:00 2026", day],
  ["Tue, 24 Nov 2026 23:59:60 GMT", 12 * 3_600_000],
  // Two digits up to 50 years ahead are ahead.
  ["Tuesday, 24-Nov-76 12:02:00 GMT", day],
  ["Tuesday, 24-Nov-77 12:02:00 GMT", null],
  ["Fri, 31 Dec 9999 23:59:59 GMT", day],
  [null, null],
  ["", null],
  ["0", null],
  ["-5", null],
  ["1.5", null],
  ["1e3", null],
  ["0x10", null],
  ["soon", null],
  ["60, 60", null],
  ["Tue, 24 Nov 2026 12:00:00 GMT", null],
  ["Sun, 06 Nov 1994 08:49:37 GMT", null],
  ["Sunday, 06-Nov-94 08:49:37 GMT", null],
  ["Sun Nov  6 08:49:37 1994", null],
  ["Tue, 31 Nov 2026 12:00:30 GMT", null],
  ["Tue, 24 Nov 2026 24:00:30 GMT", null],
  ["Tue, 24 Nov 2026 12:60:30 GMT", null],
  ["Tue, 24 Nov 2026 12:00:30 CET", null],
  ["Tue, 24 Nov 2026 12:00:30", null],
  ["2026-11-25T00:00:00Z", null],
  ["Wed, 24 Nov 0026 12:00:30 GMT", null],
])("%s is %s", (header, expected) => {
  expect(retryAfterMs(header, nowMs)).toBe(expected);
});

test("every date in IMF-fixdate is understood to the second", () => {
  const span = { min: nowMs / 1000 + 1, max: nowMs / 1000 + 86_400 };
  fc.assert(
    fc.property(fc.integer(span), (second) => {
      const header = new Date(second * 1000).toUTCString();
      expect(retryAfterMs(header, nowMs)).toBe(second * 1000 - nowMs);
    }),
  );
});

test("any text gives null or a wait of at most a day", () => {
  fc.assert(
    fc.property(fc.string(), (header) => {
      const waitMs = retryAfterMs(header, nowMs);
      expect(waitMs === null || (waitMs > 0 && waitMs <= day)).toBe(true);
    }),
  );
});
