import { expect, test } from "vitest";
import { refreshUrl } from "./meta-refresh.ts";

test.each([
  ["5", null],
  ["", null],
  ["url=x", null],
  ["5;", null],
  ["5; url=", null],
  ["0;url=x", "x"],
  ["0; URL = 'a b' c", "a b"],
  [' 3.5 , url="x', "x"],
  [".5 x", "x"],
  ["0 url=x", "x"],
  ["0;x", "x"],
  ["0;urls.html", "urls.html"],
  ["0x", null],
])("%j", (content, url) => {
  expect(refreshUrl(content)).toBe(url);
});
