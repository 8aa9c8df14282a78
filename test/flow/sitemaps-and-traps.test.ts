// A site that is known by its sitemaps, of all forms and with their usual faults, and that has traps: what is asked of it, and
// what the report says was left out. One crawl worker: a shard that changes hands has pages asked for again.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ended, freshFolder, runOnpoint } from "../support/run-onpoint.ts";

const asked: string[] = [];
const folder = await freshFolder();
let ended: Ended;
let drops: Record<string, number> = {};

/** Calendar links of a month: the next, and the same one a year and ten years later, a year and ninety years before. */
function calendar(path: string): string {
  const [, , year, month] = path.split("/").map(Number) as [number, number, number, number];
  const months = [0, 1, -1, 10, -90].map(
    (years) => `${year + years}/0${years === 0 ? (month % 9) + 1 : month}`,
  );
  return months.map((each) => `<a href=/calendar/${each}>x</a>`).join("");
}

/** Type and body of what the site has under a path. */
function answerTo(path: string, origin: string): [string, string | Buffer] {
  const page = (links: string): [string, string] => ["text/html", `<p>${path}</p>${links}`];
  const loc = (to: string) => `<loc>${origin}${to}</loc>`;
  if (path === "/robots.txt")
    return ["text/plain", "\uFEFFUser-agent: *\rDisallow: /secret\rSitemap: /index.xml.gz"];
  if (path === "/index.xml.gz")
    return [
      "application/octet-stream",
      gzipSync(
        `<sitemapindex><sitemap>${loc("/pages.xml")}</sitemap><sitemap>${origin}/lines</sitemap><sitemap>${loc("/feed")}</sitemap><sitemap>${loc("/lost.xml")}</sitemap></sitemapindex>`,
      ),
    ];
  if (path === "/pages.xml")
    return [
      "text/html",
      `\uFEFF<urlset xmlns="wrong"><url>${loc("/en?a=1&b=2")}<xhtml:link rel="alternate" hreflang="de" href="${origin}/de"/><image:image><image:loc>${origin}/image.jpg</image:loc></image:image></url><url>${loc("/secret/plan")}</url></urlset>`,
    ];
  if (path === "/lines") return ["text/plain", `${origin}/line\r\nhttp://elsewhere.test/\r\n`];
  if (path === "/feed")
    return [
      "text/xml",
      `<rss><channel><link>${origin}/self</link><item><link>${origin}/item</link></item></channel></rss>`,
    ];
  if (path === "/lost.xml")
    return ["text/html", "<!doctype html><html><a href=/ghost>gone</a></html>"];
  if (path === "/")
    return page(
      "<a href=/loop/>l</a><a href=/calendar/2026/01>c</a><a href='/query?a=1'>q</a><a href=/soft/>s</a>",
    );
  if (path.startsWith("/loop/")) return page("<a href=loop/>again</a>");
  if (path.startsWith("/calendar/")) return page(calendar(path));
  if (path.startsWith("/query")) return page(`<a href="${path}&amp;a=1">more</a>`);
  if (path.startsWith("/soft/"))
    return ["text/html", "<p>Nothing here</p><a href=one/>x</a><a href=two/>y</a>"];
  return page("");
}

const server = createServer((request, answer) => {
  const path = request.url ?? "/";
  asked.push(path);
  const [type, body] = answerTo(path, `http://${request.headers.host}`);
  answer.writeHead(200, { "content-type": type }).end(body);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://site.localhost:${(server.address() as AddressInfo).port}`;
  await writeFile(
    join(folder.path, "p.yaml"),
    JSON.stringify({
      pipeline: "p",
      sources: [
        {
          name: "web",
          kind: "web",
          seeds: [`${origin}/`],
          pages: "pages",
          scope: { maxDepth: 6 },
          rate: { perSecond: 500, concurrency: 4 },
          traps: { dates: 12, farDates: 3, copies: 5 },
        },
      ],
    }),
  );
  ended = await runOnpoint(folder.path, [
    "run",
    "p.yaml",
    "--date",
    "2026-06-01",
    "--workers",
    "1",
  ]);
  const report = await runOnpoint(folder.path, ["report", "p-2026-06-01", "--json"]);
  const details = JSON.parse(report.stdout) as { drops: { reason: string; links: number }[] };
  drops = Object.fromEntries(details.drops.map(({ reason, links }) => [reason, links]));
});

afterAll(async () => {
  server.close();
  await folder[Symbol.asyncDispose]();
});

const under = (folderName: string) => asked.filter((path) => path.startsWith(folderName)).sort();

test("the run ends well, and nothing is asked for twice", () => {
  expect([ended.code, ended.stderr]).toEqual([0, expect.any(String)]);
  expect(asked.length).toBe(new Set(asked).size);
});

test("all that the sitemaps name is asked for, but for what is forbidden, elsewhere or no page", () => {
  const named = ["/index.xml.gz", "/pages.xml", "/lines", "/feed", "/lost.xml"];
  const pages = ["/en?a=1&b=2", "/de", "/line", "/item"];
  expect(asked).toEqual(expect.arrayContaining([...named, ...pages]));
  for (const path of ["/secret/plan", "/image.jpg", "/self", "/ghost", "/sitemap.xml"])
    expect(asked).not.toContain(path);
  expect(drops).toMatchObject({ robots: 1, host: 1 });
});

test("traps are walked a few steps into, and the rest is counted", () => {
  expect(under("/loop/")).toEqual(["/loop/", "/loop/loop/"]);
  expect(under("/query")).toEqual(["/query?a=1", "/query?a=1&a=1"]);
  expect(under("/calendar/").length).toBe(12 + 3);
  expect(drops["trap: growing query"]).toBe(1);
  expect(drops["trap: repeated path"]).toBeGreaterThanOrEqual(1);
  expect(drops["trap: calendar"]).toBeGreaterThan(10);
  expect(drops["trap: far date"]).toBeGreaterThan(5);
});

test("pages of one body are kept, and lead no further after the fifth", () => {
  const copies = under("/soft/").length;
  // Each of five leads to two.
  expect(copies).toBeGreaterThan(5);
  expect(copies).toBeLessThanOrEqual(1 + 2 * 5);
  expect(drops["trap: copies"]).toBe(2 * (copies - 5));
});
