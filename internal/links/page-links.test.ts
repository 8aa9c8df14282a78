import { expect, test } from "vitest";
import type { LinkSource } from "../model/pipeline.ts";
import { baseOf, followedLinks, followRules, pageLinks, standardLinks } from "./page-links.ts";
import { scanHtml, scanPage } from "./scan-html.ts";

const page = "https://site.example/dir/page.html";
const everything = `<a href=a></a><area href=area><iframe src=iframe></iframe><form action=form></form>
  <meta http-equiv=refresh content="1;url=refresh"><img src=img srcset="img-1x, img-2x 2x"><source srcset=img-source>
  <link rel=canonical href=canonical><link rel=next href=next><link rel=prev href=prev><link rel=alternate href=alternate>
  <link rel=stylesheet href=no><link rel="alternate stylesheet" href=no><link href=no><script src=no></script>`;

test.each<[LinkSource, string[]]>([
  ["a", ["a"]],
  ["area", ["area"]],
  ["iframe", ["iframe"]],
  ["form", ["form"]],
  ["refresh", ["refresh"]],
  ["img", ["img", "img-1x", "img-2x", "img-source"]],
  ["canonical", ["canonical"]],
  ["next", ["next"]],
  ["prev", ["prev"]],
  ["alternate", ["alternate"]],
])("%s alone can be followed, and be left out", (source, expected) => {
  const follow = (links: readonly LinkSource[]) =>
    followedLinks(scanHtml(everything), "", page, followRules({ links, nofollow: "obey" })).urls;
  const own = expected.map((name) => `https://site.example/dir/${name}`);
  expect(follow([source])).toEqual(own);
  const rest = follow(standardLinks.filter((each) => each !== source));
  expect(rest.filter((url) => own.includes(url))).toEqual([]);
});

test("a link that one place forbids and another does not is followed", () => {
  const scan = scanHtml(`<a rel="external NOFOLLOW" href=x></a><a rel=nofollow href=y><a href=y>`);
  const follow = (nofollow: "obey" | "ignore") =>
    followedLinks(scan, "", page, followRules({ links: ["a"], nofollow }));
  expect(follow("obey")).toEqual({ urls: ["https://site.example/dir/y"], nofollow: 2 });
  expect(follow("ignore").urls).toHaveLength(2);
});

test("the Link header is relative to the page, whatever its base", () => {
  const header = `<n?page=2>; rel="next", </c>; rel=canonical, <s.css>; rel=preload, <t>; rel=next; anchor="#x"`;
  const scan = scanHtml(`<base href="/base/"><a href=a>`);
  const rules = followRules({ links: ["a", "next"], nofollow: "obey" });
  expect(followedLinks(scan, header, page, rules).urls).toEqual([
    "https://site.example/dir/n?page=2",
    "https://site.example/base/a",
  ]);
});

test.each([
  ["<base href=/b/ target=x>", "https://site.example/b/"],
  ["<base target=x><base href=//h.example><base href=no>", "https://h.example/"],
  ["<base href=data:,x>", page],
  ["<base href=javascript:1>", page],
  ["<base href='http://['>", page],
  ["<base href='ftp://h.example/'>", "ftp://h.example/"],
])("the base of %s is %s", (html, base) => {
  expect(baseOf(scanHtml(html), page)).toBe(base);
});

test("links relative to a base that is not of the web are none", () => {
  const scan = scanHtml("<a href=a></a><base href='ftp://h.example/'><a href=//x.example/>b</a>");
  expect(pageLinks(scan, page)).toEqual([]);
});

// What browsers send for these was read off the algorithm of the standard, not off our code.
test.each([
  ["windows-1252", "/caf\xe9?q=\xe9&\x80=&euro;#\xe9", "/caf%C3%A9?q=%E9&%80=%80"],
  ["windows-1251", "?q=\xef\xf0&#8364;&#9731;", "?q=%EF%F0%88%26%239731%3B"],
  ["koi8-r", "?q=\xd0", "?q=%D0"],
  ["shift_jis", "?q=\x83\x65\x83\x58", "?q=%83e%83X"],
  ["gbk", "/\xd6\xd0?q=\xd6\xd0", "/%E4%B8%AD?q=%D6%D0"],
  ["euc-kr", "?q=\xc7\xd1", "?q=%C7%D1"],
  ["utf-8", "?q=\xc3\xa9", "?q=%C3%A9"],
  ["iso-2022-jp", "?q=\x1b$B%F\x1b(B", "?q=%E3%83%86"],
])("in %s the link %j is asked for as %s", (charset, href, expected) => {
  const scan = scanPage(Buffer.from(`<a href="${href}">`, "latin1"), charset);
  const start = expected.startsWith("/") ? "https://site.example" : page;
  expect(pageLinks(scan, page)).toEqual([start + expected]);
});
