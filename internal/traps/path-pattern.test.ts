import { expect, test } from "vitest";
import { pagePattern } from "./path-pattern.ts";

test.each([
  ["/item/123", "/item/{n}"],
  ["/item/123-red-shoe.html", "/item/{n}-red-shoe.html"],
  ["/v1.2/page", "/v{n}.{n}/page"],
  ["/u/3f2504e0-4f89-11d3-9a0c-0305e82c3301/x", "/u/{uuid}/x"],
  ["/commit/9fceb02d0ae598e9", "/commit/{hex}"],
  ["/facade/deadbeef", "/facade/deadbeef"],
  ["/a?b=1&a=2", "/a?a&b"],
  ["/a?id12=1", "/a?id{n}"],
  ["/a/", "/a/"],
])("%s is of the pattern %s", (path, pattern) => {
  expect(pagePattern(`https://h.example${path}`).pattern).toBe(`https://h.example${pattern}`);
});

test.each<[string, number, boolean]>([
  ["/calendar/2024/05", 2024, true],
  ["/calendar/2024/5/31", 2024, true],
  ["/x/2024/05/31/", 2024, true],
  ["/veranstaltungskalender/2024/05/index.html", 2024, true],
  ["/x/2024-05-31", 2024, true],
  ["/x/2024-05-31.html", 2024, true],
  ["/day/20240531", 2024, true],
  ["/week/2024-W07", 2024, true],
  ["/month/2024.05", 2024, true],
  ["/x?date=2024-05-31", 2024, true],
  ["/x?date=2024%2F05%2F31", 2024, true],
  ["/x?date=20240531", 2024, true],
  ["/x?month=5&year=2031", 2031, true],
  ["/x?y=1203&m=11&view=grid", 1203, true],
  ["/topic/4567/12", 4567, false],
  ["/part/4567-12", 4567, false],
  ["/blog/2024/05", 2024, false],
  ["/events/4567/3", 4567, false],
])("%s is of the year %i, for sure: %s", (path, year, isSure) => {
  expect(pagePattern(`https://h.example${path}`).date).toEqual({ year, isSure });
});

test.each([
  "/blog/2024/05/31/a-title",
  "/2024/report",
  "/archive/2024",
  "/day/20241399",
  "/item/20240531",
  "/x?id=20240531",
  "/docs/v2024.5.1-beta",
  "/a/9999/77",
  "/list?year=2024",
  "/list?page=5&y=12",
  "/topic/45678/12",
])("%s is of no date", (path) => {
  expect(pagePattern(`https://h.example${path}`).date).toBeNull();
});
