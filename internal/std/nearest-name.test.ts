import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.ts";

test("a typing mistake finds the name that was meant", () => {
  expect(nearestName("tabel", ["tables", "table", "sources"])).toBe("table");
  expect(nearestName("MAXPAGES", ["maxPages", "maxDepth"])).toBe("maxPages");
});

test("a name that is like none finds none", () => {
  expect(nearestName("schedule", ["table", "url"])).toBeNull();
  expect(nearestName("a", ["b"])).toBeNull();
  expect(nearestName("x", [])).toBeNull();
});
