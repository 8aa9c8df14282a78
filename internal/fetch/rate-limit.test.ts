import fc from "fast-check";
import { expect, test } from "vitest";
import { policyGapMs, rateLimitOf } from "./rate-limit.ts";

const nowMs = Date.UTC(2026, 0, 1, 12);
const nowS = nowMs / 1_000;
const date = "Thu, 01 Jan 2026 11:59:50 GMT";

test.each<[string, Record<string, string>, number, number]>([
  ["draft 10", { ratelimit: '"default";r=50;t=30' }, 50, 31],
  ["draft 10, two limits", { ratelimit: '"day";r=900;t=3600, "burst";r=2;t=5' }, 2, 6],
  ["two that are used up", { ratelimit: '"a";r=0;t=5, "b";r=0;t=60' }, 0, 61],
  [
    "window by policy",
    { ratelimit: '"b";r=3', "ratelimit-policy": '"a";q=9;w=9, "b";q=5;w=60' },
    3,
    61,
  ],
  ["draft 07", { ratelimit: "limit=100, remaining=7, reset=40" }, 7, 41],
  [
    "draft 06",
    { "ratelimit-limit": "10", "ratelimit-remaining": "1", "ratelimit-reset": "8" },
    1,
    9,
  ],
  ["X-, seconds", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "60" }, 0, 61],
  ["X-, epoch", { "x-ratelimit-remaining": "4", "x-ratelimit-reset": `${nowS + 20}` }, 4, 21],
  [
    "X-, epoch in ms",
    { "x-ratelimit-remaining": "4", "x-ratelimit-reset": `${nowMs + 20_000}` },
    4,
    21,
  ],
  [
    "X-, by the server's clock",
    { "x-ratelimit-remaining": "4", "x-ratelimit-reset": `${nowS + 20}`, date },
    4,
    31,
  ],
  ["X-Rate-Limit", { "x-rate-limit-remaining": "4", "x-rate-limit-reset": "2.5" }, 4, 3.5],
  ["more than a day", { "x-ratelimit-remaining": "4", "x-ratelimit-reset": "900000" }, 4, 86_400],
])("%s", (_, headers, remaining, resetSeconds) => {
  expect(rateLimitOf(headers, nowMs)).toEqual({ remaining, resetMs: resetSeconds * 1_000 });
});

test.each<[string, Record<string, string>]>([
  ["nothing", {}],
  ["no reset", { "x-ratelimit-remaining": "4" }],
  ["no remaining", { "x-ratelimit-limit": "4", "x-ratelimit-reset": "4" }],
  ["no numbers", { "x-ratelimit-remaining": "many", "x-ratelimit-reset": "soon" }],
  ["a time that is over", { "x-ratelimit-remaining": "4", "x-ratelimit-reset": `${nowS - 9}` }],
  ["an item without numbers", { ratelimit: '"default"' }],
])("says nothing: %s", (_, headers) => {
  expect(rateLimitOf(headers, nowMs)).toBeNull();
});

test.each<[string, number | null]>([
  ['"default";q=100;w=60', 600],
  ['"burst";q=10;w=1, "day";q=1000;w=86400', 86_400],
  ["100;w=60", 600],
  ['"bytes";q=100;qu="content-bytes";w=60', null],
  ['"none";q=0;w=60', null],
  ['"default";q=100', null],
  ["", null],
])("a policy alone is kept evenly: %s", (policy, gapMs) => {
  expect(policyGapMs({ "ratelimit-policy": policy })).toBe(gapMs);
});

test("whatever stands in the headers, a limit is a number of requests within a day at most, or none", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (a, b, c) => {
      for (const headers of [
        { ratelimit: a, "ratelimit-policy": b },
        { "x-ratelimit-remaining": a, "x-ratelimit-reset": b, date: c },
      ]) {
        const limit = rateLimitOf(headers as Record<string, string>, nowMs);
        if (limit === null) continue;
        expect(limit.remaining).toBeGreaterThanOrEqual(0);
        expect(limit.resetMs).toBeGreaterThan(0);
        expect(limit.resetMs).toBeLessThanOrEqual(86_400_000);
      }
    }),
  );
});
