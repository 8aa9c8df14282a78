// The frontier's figures: memory for each URL, checks for each CPU second, the cost of a page at 100 thousand, 1 million and
// 10 million URLs, the longest pause, and the time until a new owner has its first link. Without a queue and without fetching;
// each size in a process of its own, so that memory is its own. Seconds differ from machine to machine; bytes and ratios count.
//
// usage: node test/bench/frontier.bench.ts [--json] [--quick]
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { FrontierFigures } from "./frontier/measure-frontier.ts";

const { json, quick } = parseArgs({
  options: { json: { type: "boolean" }, quick: { type: "boolean" } },
}).values;
const program = fileURLToPath(new URL("./frontier/measure-frontier.ts", import.meta.url));
const sizes = [
  { urls: 100_000, hosts: 400, shards: 1 },
  { urls: 1_000_000, hosts: 400, shards: 1 },
  ...(quick
    ? []
    : [
        { urls: 1_000_000, hosts: 1_000_000, shards: 1 },
        { urls: 10_000_000, hosts: 4_000, shards: 1 },
        { urls: 10_000_000, hosts: 4_000, shards: 256 },
      ]),
];

const rows: FrontierFigures[] = [];
for (const size of sizes) {
  const args = ["--expose-gc", program, JSON.stringify(size)];
  const text = execFileSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 20 });
  const row = JSON.parse(text) as FrontierFigures;
  rows.push(row);
  if (!json) process.stdout.write(`${lineOf(row)}\n`);
}
if (json) process.stdout.write(`${JSON.stringify({ rows })}\n`);

function lineOf(row: FrontierFigures): string {
  const cells = [
    `${row.urls} URLs, ${row.hosts} hosts, ${row.shards} shards:`,
    `${row.bytesPerUrl.toFixed(1)} B a URL,`,
    `${row.residentMiB.toFixed(0)} MiB resident in all, ${row.diskBytesPerUrl.toFixed(0)} B on disk,`,
    `${(row.checksPerCpuSecond / 1000).toFixed(0)} k checks/CPU s,`,
    `${row.pageMicros.toFixed(1)} µs CPU a page,`,
    `longest pause ${row.longestPauseMs.toFixed(1)} ms,`,
    `snapshot ${row.snapshotMiB.toFixed(0)} MiB in ${row.snapshotSeconds.toFixed(1)} s,`,
    `first link after ${row.firstLinkSeconds.toFixed(2)} s, all after ${row.restoreSeconds.toFixed(1)} s`,
  ];
  return cells.join(" ");
}
