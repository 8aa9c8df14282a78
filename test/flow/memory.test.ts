// Tasks that do not get the memory they need: what is killed, or runs out of it, is done again in halves, and nothing is lost.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { freshFolder, query, runOnpoint, startOnpoint } from "../support/run-onpoint.ts";
import { kill } from "../support/victims.ts";

const yaml = `pipeline: drops
sources:
  - { name: k, kind: files, urls: ["file:./in/k.ndjson"], table: k }
tables: { k: { partitionBy: [d], sortBy: [k] } }
`;
const args = ["run", "p.yaml", "--date", "2026-01-01"];

async function drop(path: string, lines: string[]) {
  await mkdir(join(path, "in"));
  await writeFile(join(path, "p.yaml"), yaml);
  await writeFile(join(path, "in/k.ndjson"), `${lines.join("\n")}\n`);
}

/** Processes that are children of a process pod of this run. */
function taskProcesses(folder: string): number[] {
  const listing = execFileSync("ps", ["-eo", "pid=,args=", "ewww"], { encoding: "utf8" });
  return listing
    .split("\n")
    .filter((line) => line.includes(" process-task ") && line.includes(`ONPOINT_STATE=${folder}/`))
    .map((line) => Number.parseInt(line, 10));
}

test("rows that do not fit into memory together are written in several tasks", {
  timeout: 120_000,
}, async () => {
  await using folder = await freshFolder();
  const { path } = folder;
  // A row group holds many rows: of such as these it would take more than DuckDB is given.
  const row = (k: number) =>
    JSON.stringify({ k, d: k % 2, t: randomBytes(2e6).toString("base64") });
  await drop(
    path,
    Array.from({ length: 14 }, (_, k) => row(k)),
  );
  const ended = await runOnpoint(path, args, { ONPOINT_MEMORY_MB: "64" });
  expect(ended.code, ended.stderr.slice(-2_000)).toBe(0);
  expect(ended.stderr).toMatch(/task\.halved/);
  const found = await query(path, "SELECT count(*)::INT AS n, sum(k)::INT AS total FROM k");
  expect(found).toEqual([{ n: 14, total: 91 }]);
});

test.runIf(process.platform === "linux")(
  "a task that is killed is done again in halves",
  {
    timeout: 120_000,
  },
  async () => {
    await using folder = await freshFolder();
    const { path } = folder;
    const rows = 300_000;
    const padding = "x".repeat(100);
    await drop(
      path,
      Array.from({ length: rows }, (_, k) => `{"k":${k},"d":${k % 3},"t":"${padding}"}`),
    );
    using running = startOnpoint(path, args);
    await vi.waitFor(() => expect(taskProcesses(path).some(kill)).toBe(true), {
      timeout: 60_000,
      interval: 20,
    });
    const ended = await running.ended;
    expect(ended.code, ended.stderr.slice(-2_000)).toBe(0);
    expect(ended.stderr).toMatch(/task\.halved/);
    const found = await query(path, "SELECT count(*)::INT AS n, sum(k)::BIGINT AS total FROM k");
    expect(found).toEqual([{ n: rows, total: (rows * (rows - 1)) / 2 }]);
  },
);
