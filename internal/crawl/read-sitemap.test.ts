import { expect, test } from "vitest";
import type { FrontierLink } from "../model/link.ts";
import { scopeOf } from "../url/scope.ts";
import { neutralRules } from "../url/url-rules.ts";
import { readSitemap, type SitemapsSpent } from "./read-sitemap.ts";

const outOfScope = scopeOf(
  { within: "host", include: ["**"], exclude: ["**/no/**"], maxDepth: 3, maxPages: 9 },
  ["https://s.example/"],
);
const read = (text: string, more: Partial<FrontierLink> = {}, spent?: SitemapsSpent) => {
  const link = {
    url: "https://s.example/sitemap.xml",
    source: "s",
    depth: 0,
    priority: 1,
  } as const;
  const sitemap: FrontierLink = { ...link, kind: "sitemap", ...more };
  return readSitemap(
    sitemap,
    Buffer.from(text),
    { outOfScope, urls: neutralRules },
    spent ?? { count: 0, sizeBytes: 0 },
  );
};
const page = (url: string) => ({
  url,
  source: "s",
  kind: "page",
  depth: 1,
  priority: 1,
  via: "https://s.example/sitemap.xml",
});

test("pages and their other languages are links of depth 1, each once, with their date", async () => {
  const found = await read(`<urlset>
    <url><xhtml:link rel="alternate" hreflang="de" href="/de"/><loc>/en</loc><lastmod>2024-05-01</lastmod></url>
    <url><loc>https://S.example:443/de</loc><lastmod>2024-05-02</lastmod><xhtml:link rel="alternate" href="/en"/></url>
    <url><loc>/de</loc><xhtml:link rel="alternate" href="android-app://s.example/de"/></url></urlset>`);
  expect(found.links).toEqual([
    { ...page("https://s.example/en"), lastmodMs: Date.UTC(2024, 4, 1) },
    { ...page("https://s.example/de"), lastmodMs: Date.UTC(2024, 4, 2) },
  ]);
  expect([found.drops, found.error]).toEqual([{}, null]);
});

test("what is out of scope, or no URL, is counted", async () => {
  const found = await read(
    "<urlset><url><loc>https://t.example/</loc></url><url><loc>/no/x</loc></url><url><loc>http://[</loc></url><url><loc>/a</loc></url></urlset>",
  );
  expect(found.links).toEqual([page("https://s.example/a")]);
  expect(found.drops).toEqual({ host: 1, excluded: 1, "bad url": 1 });
});

test("an index leads to sitemaps one level deeper, down to the fifth", async () => {
  const text =
    "<sitemapindex><sitemap><loc>https://cdn.example/1.xml</loc><lastmod>2024</lastmod></sitemap></sitemapindex>";
  expect((await read(text, { depth: 4 })).links).toMatchObject([
    {
      url: "https://cdn.example/1.xml",
      kind: "sitemap",
      depth: 5,
      lastmodMs: Date.UTC(2024, 0, 1),
    },
  ]);
  expect(await read(text, { depth: 5 })).toEqual({
    links: [],
    error: null,
    drops: { "sitemap: too deep": 1 },
  });
});

test("a source has so many sitemaps and so many bytes of them", async () => {
  const text = "<urlset><url><loc>/a</loc></url></urlset>";
  const spent = { count: 49_999, sizeBytes: 0 };
  expect((await read(text, {}, spent)).links.length).toBe(1);
  expect(spent).toEqual({ count: 50_000, sizeBytes: text.length });
  expect(await read(text, {}, spent)).toEqual({
    links: [],
    error: null,
    drops: { "sitemap: too many": 1 },
  });
  const large = { count: 0, sizeBytes: 10 * 1024 ** 3 + 1 };
  expect((await read(text, {}, large)).drops).toEqual({ "sitemap: too many bytes": 1 });
});

test("entries beyond those of the protocol are cut, and that is counted once", async () => {
  const locs = Array.from({ length: 50_010 }, (_, n) => `https://s.example/${n}`).join("\n");
  const found = await read(locs);
  expect([found.links.length, found.error]).toEqual([50_000, null]);
  expect(found.drops).toEqual({ "sitemap: too many urls": 1 });
});
