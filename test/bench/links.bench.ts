// What a page's links cost: finding them in its bytes, making them canonical, checking the scope and finding the shard; on a
// page of 8.5 kB with 50 links, and on the 258 real pages of htmlparser-benchmark beside htmlparser2 and parse5.
//
// usage: node test/bench/links.bench.ts [--json] [--quick]
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Parser } from "htmlparser2";
import { parse } from "parse5";
import { shardOf } from "../../internal/frontier/shard.ts";
import { followedLinks, followRules, standardLinks } from "../../internal/links/page-links.ts";
import { scanPage } from "../../internal/links/scan-html.ts";
import { scopeOf } from "../../internal/url/scope.ts";
import { canonicalUrl } from "../../internal/url/url.ts";
import { trackingParams, urlRules } from "../../internal/url/url-rules.ts";
import { threadCpuMs } from "../support/cpu-time.ts";

type Row = { what: string; usPerPage: number; mbPerSecond: number };

const { json, quick } = parseArgs({
  options: { json: { type: "boolean" }, quick: { type: "boolean" } },
}).values;
const rows: Row[] = [];

/** Runs `body` on every page, after a first round that warms it up. */
function measure(what: string, pages: readonly Buffer[], body: (page: Buffer) => void): void {
  for (const page of pages) body(page);
  const startedMs = threadCpuMs();
  for (const page of pages) body(page);
  const ms = threadCpuMs() - startedMs;
  const bytes = pages.reduce((sum, page) => sum + page.length, 0);
  const row = { what, usPerPage: (ms * 1_000) / pages.length, mbPerSecond: bytes / 1_000 / ms };
  rows.push(row);
  if (json) return;
  const cells = [row.usPerPage.toFixed(1).padStart(10), row.mbPerSecond.toFixed(1).padStart(9)];
  process.stdout.write(`${what.padEnd(58)} ${cells.join(" us/page ")} MB/s\n`);
}

// 1. The page of the crawl's figures.
function listPage(number: number): Buffer {
  const links = Array.from({ length: 50 }, (_, n) => {
    const target = number * 50 + n;
    return `<div class="row"><p>Some words about thing ${n} &amp; more, to be a page as pages are.</p>
      <a class="link" href="/section-${n % 7}/page-${target}.html">Thing ${target}</a></div>\n`;
  });
  return Buffer.from(
    `<!doctype html><html><head><meta charset=utf-8><title>Page ${number}</title></head><body>\n${links.join("")}</body></html>`,
  );
}
const pageUrl = "http://site.example/section-1/";
const rules = urlRules({
  query: "keep",
  dropParams: trackingParams,
  sessionIds: "drop",
  fragment: "drop",
});
const follow = followRules({ links: standardLinks, nofollow: "obey" });
const open = { within: "host", maxDepth: 10, maxPages: 1e9 } as const;
const any = scopeOf({ ...open, include: ["**"], exclude: [] }, [pageUrl]);
const globs = scopeOf(
  { ...open, include: ["http://site.example/**"], exclude: ["**/cart/**", "**.pdf"] },
  [pageUrl],
);
const pages = Array.from({ length: quick ? 300 : 3_000 }, (_, number) => listPage(number));
const followed = (page: Buffer) =>
  followedLinks(scanPage(page, "UTF-8"), "", pageUrl, follow, rules).urls;
let kept = 0;

measure("8.5 kB, 50 links: scan", pages, (page) => {
  kept += scanPage(page, "UTF-8").links.length;
});
measure("8.5 kB, 50 links: scan, canonical", pages, (page) => {
  kept += followed(page).length;
});
measure("8.5 kB, 50 links: scan, canonical, scope", pages, (page) => {
  for (const url of followed(page)) if (any(url, 1) === null) kept += 1;
});
measure("8.5 kB, 50 links: scan, canonical, scope with 3 globs", pages, (page) => {
  for (const url of followed(page)) if (globs(url, 1) === null) kept += 1;
});
measure("8.5 kB, 50 links: scan, canonical, scope, shard", pages, (page) => {
  for (const url of followed(page)) if (any(url, 1) === null) kept += shardOf(url, 256);
});
measure("8.5 kB, 50 links: the same with a URL parser for each link", pages, (page) => {
  const urls = scanPage(page, "UTF-8").links.map(({ href }) => canonicalUrl(href, pageUrl) ?? "");
  for (const url of new Set(urls)) if (any(url, 1) === null) kept += shardOf(url, 256);
});

// 2. Real pages, as their bytes.
const folder = fileURLToPath(
  new URL("../../node_modules/htmlparser-benchmark/files/", import.meta.url),
);
const real = readdirSync(folder)
  .slice(0, quick ? 20 : undefined)
  .map((file) => readFileSync(folder + file));

measure("258 real pages: onpoint, links of all kinds", real, (page) => {
  kept += scanPage(page, "UTF-8").links.length;
});
measure("258 real pages: onpoint, scan and canonical", real, (page) => {
  kept += followed(page).length;
});
measure("258 real pages: htmlparser2, href of a", real, (page) => {
  const parser = new Parser({
    onopentag: (name, { href }) => {
      if (name === "a" && href !== undefined) kept += 1;
    },
  });
  parser.end(page.toString());
});
measure("258 real pages: parse5, tree", real, (page) => {
  kept += parse(page.toString(), { scriptingEnabled: false }).childNodes.length;
});

if (kept === 0) throw new Error("no link was found");
if (json) process.stdout.write(`${JSON.stringify(rows)}\n`);
