import { expect, test } from "vitest";
import { type RobotsVerdict, robotsTtlMs, robotsVerdict } from "./robots-fetch.ts";

const hour = 3_600_000;

test.each<[number, RobotsVerdict, number]>([
  [200, "parse", 24 * hour],
  [204, "parse", 24 * hour],
  [206, "parse", 24 * hour],
  [301, "redirect", 0],
  [302, "redirect", 0],
  [307, "redirect", 0],
  [308, "redirect", 0],
  [400, "allow-all", 24 * hour],
  [401, "allow-all", 24 * hour],
  [403, "allow-all", 24 * hour],
  [404, "allow-all", 24 * hour],
  [408, "allow-all", 60_000],
  [410, "allow-all", 24 * hour],
  [425, "allow-all", 60_000],
  [429, "disallow-all", 60_000],
  [451, "allow-all", 24 * hour],
  [500, "disallow-all", 60_000],
  [503, "disallow-all", 60_000],
  [599, "disallow-all", 60_000],
  [0, "disallow-all", 60_000],
  [101, "disallow-all", 60_000],
  [999, "disallow-all", 60_000],
])("status %i: %s for %i ms", (status, verdict, ttlMs) => {
  expect(robotsVerdict({ status })).toBe(verdict);
  expect(robotsTtlMs(verdict, status)).toBe(ttlMs);
});

test("no answer closes the host, for a minute", () => {
  expect(robotsVerdict({ fault: "ECONNRESET" })).toBe("disallow-all");
  expect(robotsTtlMs("disallow-all", 0)).toBe(60_000);
});

test("what redirects too often is taken as missing, for a day", () => {
  expect(robotsTtlMs("allow-all", 302)).toBe(24 * hour);
});
