import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { threadCpuMs } from "../../test/support/cpu-time.ts";
import { readWholeSitemap } from "../../test/support/read-sitemap.ts";
import { maxSitemapBytes } from "./sitemap.ts";

const urlset = (inner: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${inner}</urlset>`;
const none = { kind: "none", pages: [], alternates: [], sitemaps: [], error: null, limit: null };

test.each([
  [
    "a byte order mark and blank lines",
    Buffer.from(`\uFEFF\n\n${urlset("<url><loc>u</loc></url>")}`),
  ],
  ["UTF-16", Buffer.from(`\uFEFF<urlset><url><loc>u</loc></url></urlset>`, "utf16le")],
  ["gzip under any name", gzipSync(urlset("<url><loc>u</loc></url>"))],
  [
    "two gzip members",
    Buffer.concat([gzipSync("<urlset><url>"), gzipSync("<loc>u</loc></url></urlset>")]),
  ],
  ["no namespace", Buffer.from("<urlset><url><loc>u</loc></url></urlset>")],
  ["prefixes", Buffer.from("<s:urlset><s:url><s:loc>u</s:loc></s:url></s:urlset>")],
  ["upper case", Buffer.from("<URLSET><URL><LOC>u</LOC></URL></URLSET>")],
])("%s", async (_name, body) => {
  expect(await readWholeSitemap(body)).toEqual({ ...none, kind: "urlset", pages: ["u"] });
});

test("an encoding that the declaration names is kept to, across pieces", async () => {
  const filler = `<!--${"é".repeat(100_001)}-->`;
  const text = `<?xml version="1.0" encoding="windows-1252"?><urlset>${filler}<url><loc>/é</loc></url></urlset>`;
  expect((await readWholeSitemap(Buffer.from(text, "latin1"))).pages).toEqual(["/é"]);
  const utf8 = `<urlset>${filler.replace("é", "")}<url><loc>/é</loc></url></urlset>`;
  expect((await readWholeSitemap(utf8)).pages).toEqual(["/é"]);
});

test("an ampersand that nobody escaped is one", async () => {
  const text = urlset("<url><loc>/a?b=1&c=2&eacute;&amp;d</loc></url><url><loc>/e</loc></url>");
  expect(await readWholeSitemap(text)).toMatchObject({
    pages: ["/a?b=1&c=2&eacute;&d", "/e"],
    error: null,
  });
});

test("a character that XML forbids spoils nothing else", async () => {
  const text = urlset("<url><loc>/a</loc><x>\u0001</x></url><url><loc>/b</loc></url>");
  expect(await readWholeSitemap(text)).toMatchObject({ pages: ["/a", "/b"], error: null });
});

test.each([
  "",
  "  \n",
  "Not found",
  "<!doctype html><html><body><a href=x>Not found<br></body></html>",
  "<!-- x --> <HTML><br>",
  "<html/>",
  "<constructor/>",
  "<sitemap/>",
  "{}",
])("%j is none", async (text) => {
  expect(await readWholeSitemap(text)).toEqual(none);
});

test.each([
  ["cut in a URL", "<urlset><url><loc>/a</loc></url><url><loc>/b"],
  ["a wrong end", "<urlset><url><loc>/a</loc></url><url><loc>/b</url></urlset>"],
  ["a stray bracket", "<urlset><url><loc>/a</loc></url><url><loc>/<</loc></url></urlset>"],
])("malformed XML keeps what came before: %s", async (_name, text) => {
  const found = await readWholeSitemap(text);
  expect(found).toMatchObject({ kind: "urlset", pages: ["/a"] });
  expect(found.error).toContain('read sitemap "https://site.example/sitemap.xml": ');
});

test("XML that breaks before its first element is no sitemap, and says so", async () => {
  const text = "<?xml version='9' nonsense?><urlset><url><loc>/a</loc></url></urlset>";
  expect(await readWholeSitemap(text)).toMatchObject({
    kind: "none",
    error: expect.stringContaining("read sitemap"),
  });
});

test("a cut gzip keeps what there is, a broken one says so", async () => {
  const locs = Array.from(
    { length: 2_000 },
    (_, i) => `<url><loc>/${(i * 7_919) % 100_003}</loc></url>`,
  );
  const packed = gzipSync(urlset(locs.join("")));
  const cut = await readWholeSitemap(packed.subarray(0, packed.length >> 1));
  expect(cut.pages.length).toBeGreaterThan(100);
  expect(cut.pages.length).toBeLessThan(2_000);
  expect(cut.error).not.toBeNull();
  const broken = Buffer.concat([packed.subarray(0, 20), Buffer.alloc(99, 7)]);
  expect((await readWholeSitemap(broken)).error).toContain("gzip");
});

test("a gzip bomb is not unpacked further than the limit", async () => {
  const bomb = gzipSync(Buffer.alloc(maxSitemapBytes * 2, " "));
  expect(bomb.length).toBeLessThan(200_000);
  expect(await readWholeSitemap(bomb)).toEqual({ ...none, limit: "bytes" });
});

test("what begins within 50 MB counts, and the limit is no fault", async () => {
  const filler = `<!--${" ".repeat(1024 * 1024)}-->`;
  const text = urlset(`<url><loc>/a</loc></url>${filler.repeat(51)}<url><loc>/b</loc></url>`);
  expect(await readWholeSitemap(gzipSync(text, { level: 1 }))).toEqual({
    ...none,
    kind: "urlset",
    pages: ["/a"],
    limit: "bytes",
  });
});

test("no more than 50,000 URLs are read of one, of any form", async () => {
  const locs = Array.from({ length: 50_001 }, (_, i) => `<url><loc>/${i}</loc></url>`);
  const whole = await readWholeSitemap(urlset(locs.slice(1).join("")));
  expect([whole.pages.length, whole.limit, whole.error]).toEqual([50_000, null, null]);
  const cut = await readWholeSitemap(urlset(locs.join("")));
  expect([cut.pages.length, cut.pages.at(-1), cut.limit, cut.error]).toEqual([
    50_000,
    "/49999",
    "urls",
    null,
  ]);
  const lines = locs.map((_, i) => `https://site.example/${i}`).join("\n");
  const text = await readWholeSitemap(lines);
  expect([text.kind, text.pages.length, text.limit]).toEqual(["text", 50_000, "urls"]);
});

test("others have their turn while a large one is read", async () => {
  const locs = Array.from(
    { length: 50_000 },
    (_, i) => `<url><loc>/${i}${"x".repeat(200)}</loc></url>`,
  );
  let isRead = false;
  const reading = readWholeSitemap(urlset(locs.join(""))).finally(() => {
    isRead = true;
  });
  let turns = 0;
  for (; !isRead; turns += 1) await setImmediate();
  await reading;
  expect(turns).toBeGreaterThan(5);
});

test("deep nesting ends the reading", async () => {
  const startedMs = threadCpuMs();
  expect(await readWholeSitemap(`<urlset>${"<a>".repeat(500_000)}`)).toMatchObject({
    kind: "urlset",
    error: expect.stringContaining("nested"),
  });
  expect(threadCpuMs() - startedMs).toBeLessThan(1_000);
});

test("an endless text, line or element is not kept in memory", async () => {
  const long = "x".repeat(5_000_000);
  expect((await readWholeSitemap(`https://a.example/${long}\nhttps://a.example/b`)).pages).toEqual([
    "https://a.example/b",
  ]);
  const text = urlset(`<url><loc>/a</loc><x>${long}</x></url><url><loc>/b</loc></url>`);
  expect((await readWholeSitemap(text)).pages).toEqual(["/a", "/b"]);
});

test("any text is read", async () => {
  const unit = fc.constantFrom(
    "<urlset>",
    "<url>",
    "</url>",
    "<loc>",
    "</loc>",
    "<xhtml:link rel=alternate href='/x'/>",
    "/a",
    "&",
    "<",
    "]]>",
    "<![CDATA[",
    "<!--",
    "\n",
  );
  await fc.assert(
    fc.asyncProperty(fc.string({ unit }), async (text) => {
      const found = await readWholeSitemap(`<urlset><url><loc>/first</loc></url>${text}`);
      expect(found.pages[0]).toBe("/first");
    }),
  );
});
