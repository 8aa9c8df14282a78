// The crawl role's figures: pages for each CPU second of its processes, plain and over TLS, with one and two workers, and
// beside other crawlers in the same run. Seconds differ from machine to machine: the ratios count.
//
// usage: node test/bench/crawl.bench.ts [--json] [--quick]
import { parseArgs } from "node:util";
import { type CrawlFigures, crawlPages, type PagesWorld } from "./crawl/crawl-pages.ts";
import { crawlWith, rivals } from "./crawl/rivals.ts";

type Row = CrawlFigures & { what: string; pagesPerCpuSecond: number };

const { json, quick } = parseArgs({
  options: { json: { type: "boolean" }, quick: { type: "boolean" } },
}).values;
const rows: Row[] = [];

function add(what: string, figures: CrawlFigures): Row {
  const row = { what, ...figures, pagesPerCpuSecond: figures.pages / figures.cpuSeconds };
  rows.push(row);
  if (!json) process.stdout.write(`${line(row)}\n`);
  return row;
}

function line({ what, pages, pagesPerCpuSecond, cpuSeconds, crawlSeconds, peakPssBytes }: Row) {
  const cells = [
    what.padEnd(34),
    `${pages} pages`.padStart(13),
    `${pagesPerCpuSecond.toFixed(0)} pages/CPU s`.padStart(18),
    `${cpuSeconds.toFixed(1)} CPU s`.padStart(12),
    `${crawlSeconds.toFixed(1)} s`.padStart(8),
    `${(peakPssBytes / 2 ** 20).toFixed(0)} MiB`.padStart(9),
  ];
  return cells.join(" ");
}

const world = (pages: number, over: Partial<PagesWorld> = {}): PagesWorld => ({
  hosts: 50,
  pages,
  delayMs: 0,
  tls: false,
  ...over,
});

// 1. The role alone.
const http = add("onpoint, HTTP", await crawlPages(world(quick ? 200 : 1_000), 1));
add("onpoint, TLS and gzip", await crawlPages(world(quick ? 100 : 400, { tls: true }), 1));

// 2. Two workers against one, where answers take 50 ms and a worker has 24 requests under way: the worker is what ends.
const slow = { hosts: 400, pages: quick ? 10 : 50, delayMs: 50, tls: false };
const settings = { ONPOINT_MAX_IN_FLIGHT: "24" };
const one = add("onpoint, 50 ms answers, 1 worker", await crawlPages(slow, 1, settings));
const two = add("onpoint, 50 ms answers, 2 workers", await crawlPages(slow, 2, settings));

// 3. Others.
const others = [];
for (const rival of rivals) {
  const row = add(rival.name, await crawlWith(rival, world(quick ? 20 : 80)));
  others.push({ name: rival.name, ratio: http.pagesPerCpuSecond / row.pagesPerCpuSecond });
}

const ratios = {
  speedup: one.crawlSeconds / two.crawlSeconds,
  cpuPerPage: one.pagesPerCpuSecond / two.pagesPerCpuSecond,
  others,
};
if (json) process.stdout.write(`${JSON.stringify({ rows, ratios })}\n`);
else {
  process.stdout.write(
    `two workers: ${ratios.speedup.toFixed(2)} times the pages per second, ${ratios.cpuPerPage.toFixed(2)} times the CPU per page\n`,
  );
  for (const { name, ratio } of others)
    process.stdout.write(`onpoint, HTTP: ${ratio.toFixed(1)} times ${name}\n`);
}
