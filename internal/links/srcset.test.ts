import { expect, test } from "vitest";
import { srcsetUrls } from "./srcset.ts";

test.each([
  ["", []],
  [" , ,", []],
  ["a", ["a"]],
  ["a 1x, b 2x", ["a", "b"]],
  ["a,b 1x", ["a,b"]],
  ["a, b", ["a", "b"]],
  ["a,, b", ["a", "b"]],
  ["\n a.jpg 100w,\n b,c.jpg 200w 3h\n", ["a.jpg", "b,c.jpg"]],
  ["a (x, y) 1x, b", ["a", "b"]],
  ["data:image/png;base64,AAAA 1x, b", ["data:image/png;base64,AAAA", "b"]],
])("%j", (srcset, urls) => {
  expect(srcsetUrls(srcset)).toEqual(urls);
});
