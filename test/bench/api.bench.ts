// The crawl role's figures for APIs: records for each CPU second of its processes, from socket to raw file, their start
// included. Seconds differ from machine to machine.
//
// usage: node test/bench/api.bench.ts [--json] [--quick]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freshFolder, query, startOnpoint } from "../support/run-onpoint.ts";
import { meterProcessTree } from "./process-tree.ts";

const { json, quick } = parseArgs({
  options: { json: { type: "boolean" }, quick: { type: "boolean" } },
}).values;
const pages = quick ? 100 : 1_000;
const size = 1_000;

type Row = { what: string; records: number; cpuSeconds: number; recordsPerCpuSecond: number };

async function crawlApi(what: string): Promise<Row & { peakPssBytes: number }> {
  await using folder = await freshFolder();
  const script = join(import.meta.dirname, "crawl/api-server.ts");
  const server = spawn(process.execPath, [script, String(pages), String(size)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    const [port] = (await once(server.stdout, "data")) as [Buffer];
    const url = `http://127.0.0.1:${String(port).trim()}/${what}`;
    await writeFile(join(folder.path, "pipeline.yaml"), pipelineOf(url));
    const { child, ended } = startOnpoint(folder.path, ["run", "pipeline.yaml"], {
      ONPOINT_WORKERS: "1",
      ONPOINT_LOG_LEVEL: "warn",
    });
    const meter = meterProcessTree(child.pid ?? 0, { everyMs: 50 });
    const { code, stderr } = await ended;
    const crawl = meter.stop().commands.find(({ name }) => name === "onpoint crawl");
    const [found] = await query<{ n: number }>(folder.path, "SELECT count(*)::INT AS n FROM rows");
    const records = found?.n ?? 0;
    if (code !== 0 || records !== pages * size)
      throw new Error(`${records} of ${pages * size} records, exit ${code}: ${stderr}`);
    if (crawl === undefined) throw new Error("no crawl process was seen");
    const { cpuSeconds, peakPssBytes } = crawl;
    return { what, records, cpuSeconds, recordsPerCpuSecond: records / cpuSeconds, peakPssBytes };
  } finally {
    const exit = once(server, "exit");
    server.stdin.end();
    await exit;
  }
}

function pipelineOf(url: string): string {
  return `pipeline: bench
lake: file:./lake
sources:
  - name: api
    kind: api
    url: ${url}
    records: $.data[*]
    pagination: { kind: cursor, next: $.meta.next }
    rate: { perSecond: 10000, concurrency: 8 }
    table: rows
`;
}

const rows = [];
for (const what of ["plain", "exact"]) {
  const row = await crawlApi(what);
  rows.push(row);
  const { records, cpuSeconds, recordsPerCpuSecond, peakPssBytes } = row;
  if (!json)
    process.stdout.write(
      `${what.padEnd(6)} ${records} records  ${recordsPerCpuSecond.toFixed(0)} records/CPU s  ${cpuSeconds.toFixed(1)} CPU s  ${(peakPssBytes / 2 ** 20).toFixed(0)} MiB\n`,
    );
}
if (json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
