import { expect, test } from "vitest";
import { headerUrl } from "./header-url.ts";
import { canonicalUrl } from "./url.ts";

test.each([
  ["/plain?a=b", "/plain?a=b"],
  ["/日本?q=é", "/%E6%97%A5%E6%9C%AC?q=%C3%A9"],
  ["//bücher.example/é", "http://xn--bcher-kva.example/%C3%A9"],
])("%s in UTF-8 leads to %s", (text, expected) => {
  const value = Buffer.from(text).toString("latin1");
  const url = canonicalUrl(headerUrl(value), "http://site.example/");
  expect(url).toBe(canonicalUrl(expected, "http://site.example/"));
});

test("bytes of another encoding are asked for as they came", () => {
  expect(canonicalUrl(headerUrl("/caf\xe9?q=\xe9"), "http://site.example/")).toBe(
    "http://site.example/caf%E9?q=%E9",
  );
});
