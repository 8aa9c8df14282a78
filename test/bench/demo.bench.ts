// What the demo's pipeline takes as a whole: wall time, CPU of every process from the shell to nats-server, peak memory of
// all together. The demo's own server is in the total, and in a line of its own.
//
// usage: node test/bench/demo.bench.ts [--json]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { RunManifest } from "../../internal/model/run.ts";
import { checkout, cleanEnv, freshFolder, runOnpoint } from "../support/run-onpoint.ts";
import { type CommandUsage, meterProcessTree, type TreeUsage } from "./process-tree.ts";

const { json } = parseArgs({ options: { json: { type: "boolean" } } }).values;

await using folder = await freshFolder();
const usage = await measureDemo(folder.path);
const rows = await countRows(folder.path);
const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? "", node: process.version };

if (json) process.stdout.write(`${JSON.stringify({ bench: "demo", machine, rows, ...usage })}\n`);
else process.stdout.write(`${table(usage, rows)}\n`);

/** Runs the demo with state and lake in `path`. Throws with its last words when it fails. */
async function measureDemo(path: string): Promise<TreeUsage> {
  const child = spawn("bash", [join(checkout, "examples/demo/run.sh")], {
    env: {
      ...cleanEnv(),
      ONPOINT_STATE: join(path, "state"),
      DEMO_LAKE: `file:${path}/lake`,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const meter = meterProcessTree(child.pid ?? 0, { everyMs: 100 });
  const [code] = (await once(child, "close")) as [number | null];
  const usage = meter.stop();
  if (code !== 0) throw new Error(`the demo ended with ${code}: ${said}`);
  return usage;
}

async function countRows(path: string): Promise<number> {
  const env = { ONPOINT_STATE: join(path, "state") };
  const { stdout } = await runOnpoint(path, ["status", "--json"], env);
  const { report } = JSON.parse(stdout) as RunManifest;
  return Object.values(report?.tables ?? {}).reduce((sum, { rows }) => sum + rows, 0);
}

function table({ commands, ...all }: TreeUsage, rowCount: number): string {
  const line = ({ name, cpuSeconds, peakPssBytes }: Omit<CommandUsage, "peakRssBytes">) =>
    [
      name.padEnd(24),
      `${cpuSeconds.toFixed(1)} CPU s`.padStart(12),
      `${Math.round(peakPssBytes / 2 ** 20)} MiB`.padStart(10),
    ].join(" ");
  const total = line({ name: "all together", processes: 0, ...all });
  return [
    `demo: ${rowCount} rows of tables and models in ${all.wallSeconds.toFixed(1)} s`,
    total,
    ...commands.filter(({ cpuSeconds }) => cpuSeconds >= 0.1).map(line),
  ].join("\n");
}
