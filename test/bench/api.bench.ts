// The crawl role's figures for APIs: records for each CPU second of its processes, from socket to raw file, their start
// included; and what one answer of a gigabyte takes, of the process role too. Seconds differ from machine to machine. Memory: the
// highest RSS of a process, by the kernel.
//
// usage: node test/bench/api.bench.ts [--json] [--quick]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freshFolder, query, startOnpoint } from "../support/run-onpoint.ts";
import { type CommandUsage, meterProcessTree } from "./process-tree.ts";

const { json, quick } = parseArgs({
  options: { json: { type: "boolean" }, quick: { type: "boolean" } },
}).values;
const size = 1_000;
const paged = { pages: quick ? 100 : 1_000, size };
/** A gigabyte, or a tenth. */
const long = { pages: 1, size: quick ? 880_000 : 8_800_000 };

type Row = {
  what: string;
  records: number;
  cpuSeconds: number;
  recordsPerCpuSecond: number;
  peakRssBytes: { crawl: number; process: number };
};

async function crawlApi(what: string, { pages, size }: typeof paged): Promise<Row> {
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
    const { commands } = meter.stop();
    const [found] = await query<{ n: number }>(folder.path, "SELECT count(*)::INT AS n FROM rows");
    const records = found?.n ?? 0;
    if (code !== 0 || records !== pages * size)
      throw new Error(`${records} of ${pages * size} records, exit ${code}: ${stderr}`);
    const crawl = usageOf(commands, /^onpoint crawl$/);
    // A task of the process role may have a process of its own.
    const process = usageOf(commands, /^onpoint process/);
    return {
      what,
      records,
      cpuSeconds: crawl.cpuSeconds,
      recordsPerCpuSecond: records / crawl.cpuSeconds,
      peakRssBytes: { crawl: crawl.peakRssBytes, process: process.peakRssBytes },
    };
  } finally {
    const exit = once(server, "exit");
    server.stdin.end();
    await exit;
  }
}

/** CPU of all processes of that name, and the highest peak of one of them. */
function usageOf(
  commands: readonly CommandUsage[],
  name: RegExp,
): Pick<CommandUsage, "cpuSeconds" | "peakRssBytes"> {
  const found = commands.filter((each) => name.test(each.name));
  if (found.length === 0) throw new Error(`no process ${name} was seen`);
  return {
    cpuSeconds: found.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakRssBytes: Math.max(...found.map(({ peakRssBytes }) => peakRssBytes)),
  };
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

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const rows: Row[] = [];
for (const [what, of] of [
  ["plain", paged],
  ["exact", paged],
  ["long", long],
] as const) {
  const row = await crawlApi(what, of);
  rows.push(row);
  const { records, cpuSeconds, recordsPerCpuSecond, peakRssBytes } = row;
  if (!json)
    process.stdout.write(
      `${what.padEnd(6)} ${records} records  ${recordsPerCpuSecond.toFixed(0)} records/CPU s  ${cpuSeconds.toFixed(1)} CPU s  crawl ${megabytes(peakRssBytes.crawl)}  process ${megabytes(peakRssBytes.process)}\n`,
    );
}
if (json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
