import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { threadCpuMs } from "../../test/support/cpu-time.ts";
import { treeLinks } from "../../test/support/tree-links.ts";
import { pageLinks } from "./page-links.ts";
import { scanHtml } from "./scan-html.ts";

const page = "https://site.example/dir/page.html";

// hrefs of a and area by the oracle.
function hrefsByTree(html: string): string[] {
  return treeLinks(html).links.flatMap((link) => /^(?:a|area) (.*)$/s.exec(link)?.[1] ?? []);
}

function hrefs(html: string): string[] {
  const links = scanHtml(html).links.filter(({ tag }) => tag === "a" || tag === "area");
  return links.map(({ href }) => href);
}

test("finds the links that a browser's parser finds on real pages", () => {
  const folder = fileURLToPath(new URL("../../node_modules/npm/docs/output", import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".html"),
  );
  expect(files.length).toBeGreaterThan(50);
  let found = 0;
  for (const file of files) {
    const html = readFileSync(`${folder}/${file}`, "utf8");
    const expected = hrefsByTree(html);
    expect(hrefs(html), file).toEqual(expected);
    found += expected.length;
  }
  expect(found).toBeGreaterThan(500);
});

test.each([
  [
    "quotes",
    `<a href="a"><a href='b'><a href=c><a href = "d" ><A HREF=e/>`,
    ["a", "b", "c", "d", "e/"],
  ],
  ["no value, no name", `<a href><a href=><a =href=x><a x=y href="z"href=w>`, ["", "", "z"]],
  ["a bracket in a value", `<p title="<a href=no>"><a title='>' href=yes>`, ["yes"]],
  ["slashes between", `<a/href=x/><a//href="y"/ >`, ["x/", "y"]],
  [
    "references",
    `<a href="?a=1&amp;copy=2&copy=3&notit;&#x26;&#38;&lt&frac12;&NotEqualTilde;">`,
    ["?a=1&copy=2&copy=3&notit;&&<½≂̸"],
  ],
  ["white space", `<a href=" \n a\tb\r\nc \x01">`, ["abc"]],
  [
    "comments",
    `<!--><a href=1><!---><a href=2><!-- > <a href=no> --!><a href=3><!-- -- ><a href=no>--><a href=4>`,
    ["1", "2", "3", "4"],
  ],
  ["an open comment", `<a href=1><!-- <a href=no>`, ["1"]],
  [
    "bogus comments",
    `<? <a href=no1><a href=1></ <a href=no2><a href=2><! <a href=no3></><a href=3>`,
    ["1", "2", "3"],
  ],
  ["CDATA in HTML", `<![CDATA[<a href=no>]]><a href=1>`, ["1"]],
  ["CDATA in SVG", `<svg><![CDATA[<a href=no>]]><a href=1></a></svg>`, ["1"]],
  [
    "raw text",
    `<style><a href=no></style><xmp><a href=no></xmp><textarea><a href=no></textarea ><a href=1>`,
    ["1"],
  ],
  [
    "raw text of frames",
    `<iframe><a href=no></iframe><noembed><a href=no></noembed><noframes><a href=no></noframes><a href=1>`,
    ["1"],
  ],
  ["title", `<title><a href=no></titles></title/><a href=1>`, ["1"]],
  ["noscript is markup", `<body><noscript><a href=1></a></noscript>`, ["1"]],
  [
    "scripts",
    `<script>"<a href=no>"</script><a href=1><script>"</scripty><a href=no>"</SCRIPT\n><a href=2>`,
    ["1", "2"],
  ],
  [
    "an escaped script",
    `<script><!-- <script> </script> <a href=no> --></script><a href=1>`,
    ["1"],
  ],
  ["a script of two dashes", `<script><!--><script></script><a href=1>`, ["1"]],
  ["a half escaped script", `<script><!-- </script><a href=1>`, ["1"]],
  ["an open script", `<a href=1><script><a href=no>`, ["1"]],
  ["plaintext", `<a href=1></a><plaintext><a href=no></plaintext><a href=no>`, ["1"]],
  [
    "script in SVG is markup",
    `<svg><script><a href=1></a></script><style><a href=2></a></style></svg>`,
    ["1", "2"],
  ],
  [
    "title in SVG is markup",
    `<svg><title><b><a href=1></a></b></title></svg><title><a href=no></title>`,
    ["1"],
  ],
  ["HTML ends an open SVG", `<svg><g><div><script><a href=no></script></div><a href=1>`, ["1"]],
  [
    "HTML inside SVG",
    `<svg><foreignObject><style><a href=no></style></foreignObject></svg><a href=1>`,
    ["1"],
  ],
  [
    "MathML",
    `<math><mi><style><a href=no></style></mi><style><a href=1></a></style></math>`,
    ["1"],
  ],
  ["template", `<template><a href=1></a></template>`, ["1"]],
  ["not a tag", `1 < 2 <3 <<a href=1> a<b href=no>`, ["1"]],
  ["a cut tag", `<a href=1><a href="2`, ["1"]],
  ["NUL and a Kelvin sign", `<a href="a\0b"><lin\u212A href=no><area href=c>`, ["a\uFFFDb", "c"]],
])("nasty: %s", (_name, html, expected) => {
  expect(hrefs(html)).toEqual(expected);
  expect([...new Set(hrefsByTree(html))]).toEqual([...new Set(expected)]);
});

test("agrees with the oracle on well-formed snippets", () => {
  const value = fc.string({
    unit: fc.constantFrom(..."ab/?=&;#<>' \t\n-!é", "&amp;", "&#x41;", "&lt", "&eacute"),
    maxLength: 12,
  });
  const text = fc.string({ unit: fc.constantFrom(..."ab &;-!>é", "&amp;"), maxLength: 8 });
  const comment = text.map((words) => `<!--x${words.replaceAll("-", "")}x-->`);
  const script = value.map((code) => `<script>${code}<a href=no></script>`);
  const { snippet } = fc.letrec<{ snippet: string }>((tie) => ({
    snippet: fc.oneof(
      { maxDepth: 4 },
      text,
      comment,
      script,
      value.map((href) => `<a class=x href="${href}">t</a>`),
      value.map((href) => `<area shape='rect' HREF='${href.replaceAll("'", "")}'/>`),
      fc
        .tuple(fc.constantFrom("div", "section", "ul", "noscript"), tie("snippet"), tie("snippet"))
        .map(([name, one, two]) => `<${name} title="<a href=no>">${one}${two}</${name}>`),
    ),
  }));
  fc.assert(
    fc.property(snippet, (body) => {
      const html = `<!doctype html><html><head><title>x</title></head><body>${body}</body></html>`;
      expect(hrefs(html)).toEqual(hrefsByTree(html));
    }),
    { numRuns: 500 },
  );
});

test("any text is scanned, and links come from it only", () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom(..."<>/!-='\" a", "<a href=", "script", "<!--", "<svg>", "]]>", "&#"),
      }),
      (html) => {
        for (const { href } of scanHtml(html).links)
          expect(href.length).toBeLessThanOrEqual(html.length);
      },
    ),
  );
});

test.each([
  "<div>",
  "<p><b>",
  "<svg><desc>",
  "<svg></desc>",
  "<a b='",
  "<!--",
  "<script><!--<script>",
  "</x y",
])("200,000 times %s take no time", (bomb) => {
  const startedMs = threadCpuMs();
  scanHtml(bomb.repeat(200_000));
  expect(threadCpuMs() - startedMs).toBeLessThan(1_000);
});

test("reports every kind of link with its tag and rel, in order", () => {
  const html = `<base href=/one/><base href=/two/><title> A &amp;\n B </title><title>no</title>
    <link rel="NEXT prefetch" href=n><meta name=Robots content="noindex"><meta http-equiv=Refresh content="5; URL='r?a,b'">
    <iframe src=i></iframe><form action=f></form><form action=no method=POST></form>
    <img src=s srcset="s1 1x, s2,3 2x"><picture><source srcset="p(1,2) 1x,q"></picture><a rel=nofollow href=a></a>
    <svg><a xlink:href=x></a></svg>`;
  const scan = scanHtml(html);
  expect(scan).toMatchObject({
    base: "/one/",
    title: "A & B",
    robotsMeta: [{ name: "robots", content: "noindex" }],
    refresh: "r?a,b",
  });
  expect(scan.links.map(({ tag, href, rel }) => `${tag} ${href} ${rel}`.trim())).toEqual([
    "link n next prefetch",
    "meta r?a,b",
    "iframe i",
    "form f",
    "img s",
    "img s1",
    "img s2,3",
    "source p(1,2)",
    "source q",
    "a a nofollow",
    "a x",
  ]);
});

test("pageLinks gives what may be followed, absolute, once, in order", () => {
  const scan =
    scanHtml(`<a href="b#x"></a><link rel=stylesheet href=no.css><link rel="alternate stylesheet" href=no2.css>
    <link rel=canonical href=/c><img src=no.png><form action=g></form><form action=no method=post></form><a href=mailto:no@x.example></a><a href="http://[">
    <iframe src=//other.example/i></iframe><frame src=f><meta http-equiv=refresh content="0;url=r"><a href=b></a><base href="/base/">`);
  expect(pageLinks(scan, page)).toEqual([
    "https://site.example/base/b",
    "https://site.example/c",
    "https://site.example/base/g",
    "https://other.example/i",
    "https://site.example/base/f",
    "https://site.example/base/r",
  ]);
});

test("a base that is no web address is not used", () => {
  expect(pageLinks(scanHtml(`<base href="data:,x"><a href=b>`), page)).toEqual([
    "https://site.example/dir/b",
  ]);
});
