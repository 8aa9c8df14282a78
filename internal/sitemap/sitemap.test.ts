import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { threadCpuMs } from "../../test/support/cpu-time.ts";
import { maxSitemapBytes, parseSitemap } from "./sitemap.ts";

const at = "https://site.example/sitemap.xml";
const parse = (text: string) => parseSitemap(Buffer.from(text), at);
const urlset = (inner: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${inner}</urlset>`;
const none = { kind: "none", urls: [], sitemaps: [], error: null };

test("a urlset, images and alternates being no pages", () => {
  const text = urlset(`<url><loc>
    https://site.example/a?x=1&amp;y=2 </loc><lastmod>2026-01-02</lastmod><image:image><image:loc>no</image:loc></image:image></url>
    <url><xhtml:link rel="alternate" href="no"/><loc><![CDATA[https://site.example/b?x=1&y=2]]></loc><lastmod/></url><url/>`);
  expect(parse(text)).toEqual({
    kind: "urlset",
    urls: [
      { loc: "https://site.example/a?x=1&y=2", lastmod: "2026-01-02" },
      { loc: "https://site.example/b?x=1&y=2", lastmod: null },
    ],
    sitemaps: [],
    error: null,
  });
});

test("an index", () => {
  const text = `<sitemapindex xmlns="x"><sitemap><loc>https://site.example/1.xml.gz</loc><lastmod>2026-01-01T00:00Z</lastmod></sitemap>
    <sitemap><loc>/2.xml</loc></sitemap></sitemapindex>`;
  expect(parse(text)).toEqual({
    kind: "index",
    urls: [],
    sitemaps: ["https://site.example/1.xml.gz", "/2.xml"],
    error: null,
  });
});

test.each([
  [
    "a byte order mark and blank lines",
    Buffer.from(`\uFEFF\n\n${urlset("<url><loc>u</loc></url>")}`),
  ],
  ["UTF-16", Buffer.from(`\uFEFF<urlset><url><loc>u</loc></url></urlset>`, "utf16le")],
  ["gzip under any name", gzipSync(urlset("<url><loc>u</loc></url>"))],
  [
    "a wrong namespace and prefixes",
    Buffer.from("<s:urlset><s:url><s:loc>u</s:loc></s:url></s:urlset>"),
  ],
])("%s", (_name, body) => {
  expect(parseSitemap(body, at)).toEqual({
    ...none,
    kind: "urlset",
    urls: [{ loc: "u", lastmod: null }],
  });
});

test("an ampersand that nobody escaped is one", () => {
  const found = parse(
    urlset("<url><loc>/a?b=1&c=2&eacute;&amp;d</loc></url><url><loc>/e</loc></url>"),
  );
  expect(found).toMatchObject({
    urls: [{ loc: "/a?b=1&c=2&eacute;&d" }, { loc: "/e" }],
    error: null,
  });
});

test("RSS, RDF and Atom", () => {
  const rss = `<rss version="2.0"><channel><link>no</link><item><title>t</title><link>/a</link><pubDate>Fri, 02 Jan 2026 00:00:00 GMT</pubDate></item></channel></rss>`;
  expect(parse(rss)).toMatchObject({
    kind: "feed",
    urls: [{ loc: "/a", lastmod: "Fri, 02 Jan 2026 00:00:00 GMT" }],
    error: null,
  });
  const rdf = `<rdf:RDF><channel><link>no</link></channel><item><link>/a</link><dc:date>2026-01-02</dc:date></item></rdf:RDF>`;
  expect(parse(rdf)).toMatchObject({
    kind: "feed",
    urls: [{ loc: "/a", lastmod: "2026-01-02" }],
    error: null,
  });
  const atom = `<feed xmlns="http://www.w3.org/2005/Atom"><link href="no"/><entry><link rel="edit" href="no"/><link href="/a"/>
    <updated>2026-01-02T03:04:05Z</updated></entry></feed>`;
  expect(parse(atom)).toMatchObject({
    kind: "feed",
    urls: [{ loc: "/a", lastmod: "2026-01-02T03:04:05Z" }],
    error: null,
  });
});

test("plain text", () => {
  expect(parse("\uFEFFhttps://site.example/a\r\n\r\n  HTTPS://site.example/b \nno\n")).toEqual({
    ...none,
    kind: "text",
    urls: [
      { loc: "https://site.example/a", lastmod: null },
      { loc: "HTTPS://site.example/b", lastmod: null },
    ],
  });
});

test.each([
  "",
  "  \n",
  "Not found",
  "<!doctype html><html><body><a href=x>Not found<br></body></html>",
  "<!-- x --> <HTML><br>",
  "<html/>",
  "<constructor/>",
  "{}",
])("%j is none", (text) => {
  expect(parse(text)).toEqual(none);
});

test.each([
  ["cut", "<urlset><url><loc>/a</loc></url><url><loc>/b</lo"],
  ["a wrong end", "<urlset><url><loc>/a</loc></url><url><loc>/b</url></urlset>"],
  ["a stray bracket", "<urlset><url><loc>/a</loc></url><url><loc>/<</loc></url></urlset>"],
])("malformed XML keeps what came before: %s", (_name, text) => {
  const found = parse(text);
  expect(found).toMatchObject({ kind: "urlset", urls: [{ loc: "/a", lastmod: null }] });
  expect(found.error).toContain(`read sitemap "${at}": `);
});

test("XML that breaks before its first element is no sitemap, and says so", () => {
  expect(
    parse("<?xml version='9' nonsense?><urlset><url><loc>/a</loc></url></urlset>"),
  ).toMatchObject({
    kind: "none",
    error: expect.stringContaining("read sitemap"),
  });
});

test("a cut gzip keeps what there is, a broken one says so", () => {
  const locs = Array.from(
    { length: 2_000 },
    (_, i) => `<url><loc>/${(i * 7_919) % 100_003}</loc></url>`,
  ).join("");
  const packed = gzipSync(urlset(locs));
  const cut = parseSitemap(packed.subarray(0, packed.length >> 1), at);
  expect(cut.urls.length).toBeGreaterThan(100);
  expect(cut.urls.length).toBeLessThan(2_000);
  expect(cut.error).not.toBeNull();
  expect(
    parseSitemap(Buffer.concat([packed.subarray(0, 20), Buffer.alloc(99, 7)]), at).error,
  ).toContain("gzip");
});

test("a gzip bomb is not unpacked", () => {
  const bomb = gzipSync(Buffer.alloc(maxSitemapBytes + 1, " "));
  expect(bomb.length).toBeLessThan(100_000);
  expect(parseSitemap(bomb, at)).toMatchObject({
    kind: "none",
    error: expect.stringContaining("larger than 52428800 bytes"),
  });
});

test("no more than 50,000 URLs, and it says so", () => {
  const locs = Array.from({ length: 50_001 }, (_, i) => `<url><loc>/${i}</loc></url>`);
  expect(parse(urlset(locs.slice(1).join("")))).toMatchObject({
    error: null,
    urls: { length: 50_000 },
  });
  const found = parse(urlset(locs.join("")));
  expect(found.urls.at(-1)?.loc).toBe("/49999");
  expect(found).toMatchObject({
    error: expect.stringContaining("50000"),
    urls: { length: 50_000 },
  });
  const lines = locs.map((_, i) => `https://site.example/${i}`).join("\n");
  expect(parse(lines)).toMatchObject({
    kind: "text",
    error: expect.stringContaining("50000"),
    urls: { length: 50_000 },
  });
});

test("deep nesting ends the reading", () => {
  const startedMs = threadCpuMs();
  expect(parse(`<urlset>${"<a>".repeat(500_000)}`)).toMatchObject({
    kind: "urlset",
    error: expect.stringContaining("nested"),
  });
  expect(threadCpuMs() - startedMs).toBeLessThan(1_000);
});

test("entities of a DTD are not expanded", () => {
  const text = `<!DOCTYPE urlset [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>/&b;</loc></url></urlset>`;
  expect(parse(text).urls).toEqual([{ loc: "/&b;", lastmod: null }]);
});

test("any text is read", () => {
  const unit = fc.constantFrom(
    "<urlset>",
    "<url>",
    "</url>",
    "<loc>",
    "</loc>",
    "/a",
    "&",
    "<",
    "]]>",
    "<![CDATA[",
    "<!--",
    "\n",
  );
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      expect(parse(`<urlset><url><loc>/first</loc></url>${text}`).urls[0]).toEqual({
        loc: "/first",
        lastmod: null,
      });
    }),
  );
});
