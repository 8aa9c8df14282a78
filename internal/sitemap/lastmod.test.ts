import fc from "fast-check";
import { expect, test } from "vitest";
import { lastmodMs } from "./lastmod.ts";

// The examples of the W3C note, of crawler-commons' AbstractSiteMapTest, and what real files have besides.
test.each<[string, string | null]>([
  ["1997", "1997-01-01T00:00:00.000Z"],
  ["1997-07", "1997-07-01T00:00:00.000Z"],
  ["1997-07-16", "1997-07-16T00:00:00.000Z"],
  ["1997-07-16T19:20+01:00", "1997-07-16T18:20:00.000Z"],
  ["1997-07-16T19:20:30+01:00", "1997-07-16T18:20:30.000Z"],
  ["1997-07-16T19:20:30.45+01:00", "1997-07-16T18:20:30.450Z"],
  ["1994-11-05T13:15:30Z", "1994-11-05T13:15:30.000Z"],
  ["1994-11-05T08:15:30-05:00", "1994-11-05T13:15:30.000Z"],
  ["2014-06-03T10:30:45.82+00:00", "2014-06-03T10:30:45.820Z"],
  ["2014-06-03T10:30:45.123456789z", "2014-06-03T10:30:45.123Z"],
  ["2024-02-29", "2024-02-29T00:00:00.000Z"],
  ["2024-05-01T10:00:00", "2024-05-01T10:00:00.000Z"],
  ["2024-05-01 10:00", "2024-05-01T10:00:00.000Z"],
  ["2024-05-01T10:00:00+0200", "2024-05-01T08:00:00.000Z"],
  ["Thu, 05 Jan 2017 12:34:50 GMT", "2017-01-05T12:34:50.000Z"],
  ["Thu, 05 Jan 2017 13:34:51 +0100", "2017-01-05T12:34:51.000Z"],
  ["05 Jan 2017 11:34:52 -0100", "2017-01-05T12:34:52.000Z"],
  ["05 Jan 17 12:34:53 GMT", "2017-01-05T12:34:53.000Z"],
  ["Thu, 05 Jan 17 12:34:54 GMT", "2017-01-05T12:34:54.000Z"],
  ["Fri, 5 December 1997 07:00 EST", "1997-12-05T12:00:00.000Z"],
  ["05 Jan 17 13:34:55", null],
  ["05 Jan 17 13:34:55 XYZ", null],
  ["2024-02-30", null],
  ["2024-13-01", null],
  ["2024-05-01T25:00Z", null],
  ["2024-5-1", null],
  ["yesterday", null],
  ["blah", null],
  ["", null],
  ["9".repeat(1_000), null],
])("%s is %s", (text, iso) => {
  const atMs = lastmodMs(text);
  expect(atMs === null ? null : new Date(atMs).toISOString()).toBe(iso);
});

test("whatever a date is written as, it is that date", () => {
  const date = fc.date({
    min: new Date("0001-01-01"),
    max: new Date("9999-12-31"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(date, (at) => {
      expect(lastmodMs(at.toISOString())).toBe(at.getTime());
      expect(lastmodMs(at.toISOString().slice(0, 10))).toBe(
        Date.parse(at.toISOString().slice(0, 10)),
      );
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      const atMs = lastmodMs(text);
      expect(atMs === null || Number.isInteger(atMs)).toBe(true);
    }),
  );
});
