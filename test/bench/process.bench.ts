// What it takes to make partitioned Parquet of files: CPU seconds of a task's process as the OS counts them, its peak memory,
// with no cap and inside a cgroup of 512 MB, beside plain DuckDB on one thread, which checks nothing. Ratios are worth more than
// seconds: those differ from machine to machine.
//
// usage: node test/bench/process.bench.ts [--json] [--quick]
//   ONPOINT_BENCH_BYTES: input of each case, 1000000000 unless it says otherwise; --quick: a tenth of that
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { freshFolder } from "../support/run-onpoint.ts";
import { type Made, makeInput } from "./process/bench-data.ts";
import { memoryCap } from "./process/memory-cap.ts";
import type { TaskFigures } from "./process/run-task.ts";

const { json, quick } = parseArgs({
  options: { json: { type: "boolean" }, quick: { type: "boolean" } },
}).values;
const sizeBytes = Number(process.env.ONPOINT_BENCH_BYTES ?? 1e9) / (quick ? 10 : 1);
const capBytes = 512 * 2 ** 20;
/** DuckDB's share of the cap; Node and what DuckDB does not count take the rest. */
const memory = { free: 2_048, capped: 256 };
const byDay = "CAST(event_time AT TIME ZONE 'UTC' AS DATE)";

type Row = TaskFigures & { what: string; mbPerCpuSecond: number; toPlain: number };

await using folder = await freshFolder();
const make = (name: string, format: "ndjson" | "csv", badEvery = 0) =>
  makeInput(join(folder.path, name), format, { seed: 6, sizeBytes, badEvery });
const clean = await make("clean.ndjson", "ndjson");
const bad = await make("bad.ndjson", "ndjson", 500);
const csv = await make("clean.csv", "csv");
const rows: Row[] = [];

const plain = await measure("plain DuckDB, 30 days, no cap", "plain", clean, byDay, false);
const free = await measure("30 days, no cap", "onpoint", clean, byDay, false);
const capped = await measure("30 days, 512 MB", "onpoint", clean, byDay, true);
const sites = await measure("2,000 values, 512 MB", "onpoint", clean, "site", true);
const table = await measure("CSV of 20 columns, 512 MB", "onpoint", csv, "c1", true);
const rejects = await measure("1 line in 500 bad, 512 MB", "onpoint", bad, byDay, true);

expect(
  "every row is written",
  [plain, free, capped, sites].every((row) => row.rowsOut === clean.rows),
);
expect("the same bytes with and without a cap", free.digest === capped.digest);
expect("a file for each of 2,000 values", sites.files === 2_000);
expect("every row of CSV is written", table.rowsOut === csv.rows);
expect("every bad line is kept, and no other", rejects.quarantined === bad.badRows);
expect("no good line is lost", rejects.rowsOut === bad.rows - bad.badRows);
if (json) process.stdout.write(`${JSON.stringify({ bench: "process", sizeBytes, rows })}\n`);

/** Runs one case in a process of its own. Throws with its last words when it fails. */
async function measure(
  what: string,
  who: "onpoint" | "plain",
  input: Made,
  partition: string,
  isCapped: boolean,
): Promise<Row> {
  using cap = isCapped ? memoryCap(capBytes) : null;
  const format = input.path.endsWith(".csv") ? "csv" : "ndjson";
  const memoryMb = String(isCapped ? memory.capped : memory.free);
  const script = join(import.meta.dirname, "process/run-task.ts");
  const scratch = join(folder.path, "scratch");
  const args = [process.execPath, script, who, input.path, format, partition, memoryMb, scratch];
  // A process joins the cgroup before it becomes the task, so that all it takes counts.
  const enter = cap?.procs == null ? 'exec "$@"' : `echo $$ > "${cap.procs}" && exec "$@"`;
  const child = spawn("sh", ["-c", enter, "sh", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code, signal] = (await ended) as [number | null, string | null];
  if (code !== 0) throw new Error(`${what}: exit ${code ?? signal}: ${stderr.slice(-2_000)}`);
  const figures = JSON.parse(stdout) as TaskFigures;
  const mbPerCpuSecond = input.sizeBytes / 1e6 / figures.cpuSeconds;
  const toPlain = figures.cpuSeconds / (rows[0]?.cpuSeconds ?? figures.cpuSeconds);
  const row = { what, ...figures, mbPerCpuSecond, toPlain };
  rows.push(row);
  if (!json) process.stdout.write(`${line(row)}${cap === null ? "" : `  ${cap.kind}`}\n`);
  return row;
}

function line({ what, cpuSeconds, toPlain, mbPerCpuSecond, peakRssBytes, files }: Row): string {
  return [
    what.padEnd(32),
    `${cpuSeconds.toFixed(1).padStart(6)} CPU s`,
    `${toPlain.toFixed(2)} x plain`,
    `${mbPerCpuSecond.toFixed(0).padStart(4)} MB/CPU s`,
    `peak ${(peakRssBytes / 2 ** 20).toFixed(0).padStart(4)} MiB`,
    `${files} files`,
  ].join("  ");
}

function expect(what: string, isTrue: boolean): void {
  if (!isTrue) throw new Error(`not true: ${what}`);
  if (!json) process.stdout.write(`ok: ${what}\n`);
}
