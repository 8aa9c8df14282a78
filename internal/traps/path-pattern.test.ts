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

test.each<[string, number | null]>([
  ["/calendar/2024/05", 2024],
  ["/calendar/2024/5/31", 2024],
  ["/calendar/2024/05/31/", 2024],
  ["/calendar/2024/05/index.html", 2024],
  ["/day/2024-05-31", 2024],
  ["/day/2024-05-31.html", 2024],
  ["/day/20240531", 2024],
  ["/week/2024-W07", 2024],
  ["/month/2024.05", 2024],
  ["/events?date=2024-05-31", 2024],
  ["/events?date=2024%2F05%2F31", 2024],
  ["/events?month=5&year=2031", 2031],
  ["/events?y=1203&m=11&view=grid", 1203],
  ["/blog/2024/05/31/a-title", null],
  ["/2024/report", null],
  ["/archive/2024", null],
  ["/item/20241399", null],
  ["/docs/v2024.5.1-beta", null],
  ["/a/9999/77", null],
  ["/list?year=2024", null],
  ["/list?page=5&y=12", null],
])("%s is of the year %s", (path, year) => {
  expect(pagePattern(`https://h.example${path}`).year).toBe(year);
});
