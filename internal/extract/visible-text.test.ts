import fc from "fast-check";
import { expect, test } from "vitest";
import { readPageText } from "./visible-text.ts";

const visibleText = (html: string, maxChars: number) => readPageText(html, maxChars).text;

test.each([
  ["<p>a <b>b</b>c</p><p>d", "a bc d"],
  ["<ul><li>one<li>two</ul>three<br>four", "one two three four"],
  [" a\n\t&nbsp;&amp;b&lt;c&gt; ", "a &b<c>"],
  ["<head><title>no</title><style>no</style></head><body>yes<script>no</script>!", "yes !"],
  ["a<noscript>no<p>no</p></noscript>b<template><template>no</template>no</template>c", "a b c"],
  [
    "a<!-- no -->b<iframe>no</iframe>c<textarea>x&amp;y</textarea>d<xmp>&amp;</xmp>",
    "ab c x&y d &amp;",
  ],
  ["<svg><title>no</title><text>no</text></svg>a", "a"],
  ["<math><semantics><![CDATA[x<y]]></semantics></math>", "x<y"],
  ["1 < 2", "1 < 2"],
  ["", ""],
])("%j", (html, text) => {
  expect(visibleText(html, 1_000)).toBe(text);
});

test("is cut between characters", () => {
  expect(visibleText("<p>ab</p><p>cd", 4)).toBe("ab c");
  expect(visibleText("ab cd", 3)).toBe("ab");
  expect(visibleText("a😀", 2)).toBe("a");
  expect(visibleText("a&#x1F600;", 2)).toBe("a");
});

test("never longer than asked, white space folded", () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom(
          "<p>",
          "<b>",
          "</b>",
          " ",
          "\n",
          "a",
          "bc",
          "&amp;",
          "<svg>",
          "</svg>",
        ),
      }),
      (html) => {
        const text = visibleText(html, 10);
        expect(text.length).toBeLessThanOrEqual(10);
        expect(text).toBe(text.replace(/\s+/g, " ").trim());
      },
    ),
  );
});

test.each([
  ["<!doctype html><html lang=' de-AT '><p>x", "de-AT"],
  ["<!--<html lang=no>--><html><body lang=no>", null],
  ["<html lang=''>", null],
])("the language of %j", (html, lang) => {
  expect(readPageText(html, 10).lang).toBe(lang);
});
