import { expect, test } from "vitest";
import { threadCpuMs } from "../../test/support/cpu-time.ts";
import type { Extract, Field } from "../model/pipeline.ts";
import { Permanent } from "../std/errors.ts";
import { cssRows } from "./css-rows.ts";

const url = "https://books.example/catalogue/page.html";
const field = (css: string, changes: Partial<Field> = {}): Field => ({
  css,
  attr: null,
  as: "text",
  many: false,
  ...changes,
});
const extract = (fields: Record<string, Field>, rows: string | null = null): Extract => ({
  table: "books",
  match: "**",
  rows,
  fields,
});

const shelf = `<h1> All
  books </h1><article class=book><h3><a href="../a.html" title="A &amp; B">A</a></h3><p class=price>£1,051.77</p><i>x</i><i>y</i></article>
  <article class=book><h3><a href="//other.example/b">B</a></h3></article>`;

test("one row a page", () => {
  const fields = {
    title: field("h1"),
    price: field(".price", { as: "decimal" }),
    none: field(".none"),
    kinds: field("i", { many: true }),
  };
  const [row, ...more] = cssRows(shelf, url, extract(fields));
  expect(more).toEqual([]);
  expect(row).toEqual({ url, title: "All books", price: "1051.77", none: null, kinds: ["x", "y"] });
  expect(Object.keys(row ?? {})[0]).toBe("url");
});

test("one row for each element of rows", () => {
  const fields = {
    name: field("a", { attr: "title" }),
    link: field("a", { attr: "href" }),
    price: field(".price", { as: "decimal" }),
    kinds: field("i", { many: true }),
    kind: field(":scope", { attr: "class" }),
  };
  expect(cssRows(shelf, url, extract(fields, "article.book"))).toEqual([
    {
      url,
      name: "A & B",
      link: "https://books.example/a.html",
      price: "1051.77",
      kinds: ["x", "y"],
      kind: "book",
    },
    { url, name: null, link: "https://other.example/b", price: null, kinds: [], kind: "book" },
  ]);
  expect(cssRows(shelf, url, extract(fields, ".none"))).toEqual([]);
});

test("addresses follow the page's base, and stay when they are none", () => {
  const html = `<base href="/up/"><img src=" a.png "><a href="http://[">x</a><a href="mailto:a@b.example">y</a>`;
  const fields = {
    image: field("img", { attr: "SRC" }),
    links: field("a", { attr: "href", many: true }),
  };
  expect(cssRows(html, url, extract(fields))).toEqual([
    { url, image: "https://books.example/up/a.png", links: ["http://[", "mailto:a@b.example"] },
  ]);
});

test("text as a reader sees it, scripts only when asked for", () => {
  const html = `<div>a<b>b</b><p>c</p>d<br>e<script type="application/ld+json">{"f":1}</script></div>`;
  const fields = { text: field("div"), data: field("script") };
  expect(cssRows(html, url, extract(fields))).toEqual([{ url, text: "ab c d e", data: '{"f":1}' }]);
});

test("a page nested too deep gives no rows, quickly, and is reported", () => {
  const errors: string[] = [];
  const read = (depth: number) =>
    cssRows(`${"<div>".repeat(depth)}<h1>x`, url, extract({ title: field("h1") }), (error) =>
      errors.push(error),
    );
  expect(read(511)).toEqual([{ url, title: "x" }]);
  expect(errors).toEqual([]);
  const startedMs = threadCpuMs();
  expect(read(200_000)).toEqual([]);
  expect(threadCpuMs() - startedMs).toBeLessThan(1_000);
  expect(read(512)).toEqual([]);
  expect(errors).toHaveLength(2);
  expect(errors[0]).toContain(`page "${url}": elements are nested deeper than 512`);
});

test("paragraphs that nobody closed are not deep", () => {
  expect(
    cssRows(`<h1>x</h1>${"<p>y<br>".repeat(5_000)}`, url, extract({ title: field("h1") })),
  ).toEqual([{ url, title: "x" }]);
});

test("a wrong selector names table and selector", () => {
  const wrong = extract({ title: field("h1[") });
  expect(() => cssRows(shelf, url, wrong)).toThrow(Permanent);
  expect(() => cssRows(shelf, url, wrong)).toThrow(
    'extract table "books": selector "h1[" is wrong',
  );
});
