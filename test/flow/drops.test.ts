// File drops over several runs: what one run brought stays when another takes the same file, when a run is forced, and when a
// forced run fails; and answers reach a slow reader whole.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { checkout, freshFolder, query, runOnpoint, startOnpoint } from "../support/run-onpoint.ts";

const yaml = (more: string) => `pipeline: drops
sources:
  - { name: k, kind: files, urls: ["file:./in/*.*"], table: k, format: auto${more} }
tables: { k: { partitionBy: [k] } }
`;
const run = (folder: string, date: string, ...more: string[]) =>
  runOnpoint(folder, ["run", "p.yaml", "--date", date, ...more]);
const rows = async (folder: string) =>
  (await query<{ k: string }>(folder, "SELECT k FROM k ORDER BY k")).map(({ k }) => k);

test("forcing one date leaves the rows of another, though both took the same file", {
  timeout: 60_000,
}, async () => {
  await using folder = await freshFolder();
  await mkdir(join(folder.path, "in"));
  await writeFile(join(folder.path, "p.yaml"), yaml(""));
  await writeFile(join(folder.path, "in/k.csv"), "k\nx\ny\n");
  expect((await run(folder.path, "2026-01-01")).code).toBe(0);
  expect((await run(folder.path, "2026-01-02")).code).toBe(0);
  expect(await rows(folder.path)).toEqual(["x", "x", "y", "y"]);
  await rm(join(folder.path, "in/k.csv"));
  await writeFile(join(folder.path, "in/new.csv"), "k\nz\n");
  expect((await run(folder.path, "2026-01-02", "--force")).code).toBe(0);
  expect(await rows(folder.path)).toEqual(["x", "y", "z"]);
  const other = await run(folder.path, "2026-01-03", "--run-id", "drops-2026-01-02");
  expect(other.code).toBe(2);
  expect(other.stderr).toMatch(/2026-01-02/);
});

test("a forced run that fails changes nothing that is published, and the webhook is told", {
  timeout: 60_000,
}, async () => {
  await using folder = await freshFolder();
  const { path } = folder;
  const told: string[] = [];
  const hook = createServer((request, answer) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      told.push((JSON.parse(Buffer.concat(chunks).toString()) as { state: string }).state);
      answer.end();
    });
  });
  await new Promise<void>((done) => hook.listen(0, "127.0.0.1", done));
  const { port } = hook.address() as AddressInfo;
  const more = `etl: { models: ./models }\nnotify: { webhook: "http://hook.localhost:${port}/" }\n`;
  await mkdir(join(path, "in"));
  await mkdir(join(path, "models/tests"), { recursive: true });
  await writeFile(
    join(path, "in/k.json"),
    JSON.stringify({ a: [{ k: "1" }, { k: "2" }], b: [{ k: "100" }] }),
  );
  await writeFile(join(path, "models/m.sql"), "SELECT count(*) AS n FROM k -- how many");
  await writeFile(join(path, "p.yaml"), `${yaml(', records: "$.a[*]"')}${more}`);
  expect((await run(path, "2026-01-01")).code).toBe(0);
  await writeFile(join(path, "p.yaml"), `${yaml(', records: "$.b[*]"')}${more}`);
  await writeFile(join(path, "models/tests/m.never.sql"), "SELECT * FROM m -- always a row");
  const failed = await run(path, "2026-01-01", "--force");
  expect(failed.code).toBe(1);
  expect(failed.stderr + failed.stdout).toMatch(/never/);
  expect(await rows(path)).toEqual(["1", "2"]);
  expect(told).toEqual(["done", "failed"]);
  await new Promise((done) => hook.close(done));
});

test("a lake that was removed under an interrupted run is filled again", {
  timeout: 60_000,
}, async () => {
  await using folder = await freshFolder();
  await mkdir(join(folder.path, "in"));
  await writeFile(join(folder.path, "p.yaml"), yaml(""));
  await writeFile(join(folder.path, "in/k.csv"), "k\nx\n");
  const running = startOnpoint(folder.path, ["run", "p.yaml", "--date", "2026-01-01"]);
  await new Promise<void>((done) => {
    running.child.stderr?.on("data", (text: string) => text.includes("task.done") && done());
  });
  running.child.kill("SIGINT");
  await running.ended;
  await rm(join(folder.path, "lake"), { recursive: true });
  expect((await run(folder.path, "2026-01-01")).code).toBe(0);
  expect(await rows(folder.path)).toEqual(["x"]);
});

test("a batch of a thousand files with long paths is more than a message holds, and is processed", {
  timeout: 60_000,
}, async () => {
  await using folder = await freshFolder();
  const { path } = folder;
  const deep = join(path, "in", ...["a", "b", "c", "d"].map((letter) => letter.repeat(200)));
  await mkdir(deep, { recursive: true });
  for (let file = 0; file < 1_000; file += 1)
    await writeFile(join(deep, `${"v".repeat(200)}${file}.json`), JSON.stringify({ k: file }));
  await writeFile(
    join(path, "p.yaml"),
    yaml("").replace("./in/*.*", "./in/**/*.json").replace("[k]", "[dt]"),
  );
  const ended = await run(path, "2026-01-01");
  expect(ended.code, ended.stderr.slice(-2_000)).toBe(0);
  const found = await query(path, "SELECT count(*)::INT AS n, sum(k)::INT AS total FROM k");
  expect(found).toEqual([{ n: 1_000, total: 499_500 }]);
});

test("large files are processed in parts, and bad lines keep their places in the whole", {
  timeout: 60_000,
}, async () => {
  await using folder = await freshFolder();
  const { path } = folder;
  await mkdir(join(path, "in"));
  const lines = Array.from({ length: 3_000 }, (_, n) => (n % 500 === 499 ? "{ bad" : `{"k":${n}}`));
  await writeFile(join(path, "in/k.ndjson"), `${lines.join("\n")}\n`);
  const csv = Array.from({ length: 2_000 }, (_, n) => (n === 1_500 ? "1,2" : `"${n + 3_000}"`));
  await writeFile(join(path, "in/k.csv"), `k\n${csv.join("\n")}\n`);
  await writeFile(join(path, "p.yaml"), yaml("").replace("[k]", "[dt]"));
  const args = ["run", "p.yaml", "--date", "2026-01-01", "--json"];
  const ended = await runOnpoint(path, args, { ONPOINT_BATCH_BYTES: "4000" });
  expect(ended.code, ended.stderr.slice(-2_000)).toBe(3);
  const { stages } = JSON.parse(ended.stdout) as { stages: { process: { done: number } } };
  expect(stages.process.done).toBeGreaterThan(6);
  const found = await query(path, "SELECT count(*)::INT AS n, sum(k)::INT AS total FROM k");
  const isBad = (n: number) => (n < 3_000 && n % 500 === 499) || n === 4_500;
  const good = Array.from({ length: 5_000 }, (_, n) => n).filter((n) => !isBad(n));
  expect(found).toEqual([{ n: good.length, total: good.reduce((sum, n) => sum + n, 0) }]);
  const places = await query(
    path,
    "SELECT line::INT AS line, byte_offset::INT AS at FROM quarantine_k ORDER BY file, line",
  );
  const offsetOf = (all: string[], at: number) =>
    all.slice(0, at).join("\n").length + (at > 0 ? 1 : 0);
  const ndjson = [499, 999, 1_499, 1_999, 2_499, 2_999];
  expect(places).toEqual([
    { line: 1_502, at: 2 + offsetOf(csv, 1_500) },
    ...ndjson.map((at) => ({ line: at + 1, at: offsetOf(lines, at) })),
  ]);
});

test("a stop does not wait for a model that takes long", { timeout: 120_000 }, async () => {
  await using folder = await freshFolder();
  const { path } = folder;
  await mkdir(join(path, "in"));
  await mkdir(join(path, "models"));
  await writeFile(join(path, "in/k.csv"), "k\nx\n");
  await writeFile(
    join(path, "models/long.sql"),
    "SELECT max(a.range * b.range) AS n FROM range(100000000) a, range(100000000) b, k",
  );
  await writeFile(join(path, "p.yaml"), `${yaml("")}etl: { models: ./models }\n`);
  using running = startOnpoint(path, ["run", "p.yaml", "--date", "2026-01-01"]);
  // A spill folder is there when the engine is open.
  const opened = () => globSync(join(path, ".onpoint/scratch/etl-*/long-*/spill"));
  await vi.waitFor(() => expect(opened()).toHaveLength(1), { timeout: 60_000 });
  running.child.kill("SIGINT");
  const { code, stderr } = await running.ended;
  expect(code).toBe(130);
  expect(stderr).not.toMatch(/drain\.deadline/);
});

test("a large answer reaches a slow reader whole", { timeout: 60_000 }, async () => {
  await using folder = await freshFolder();
  await mkdir(join(folder.path, "in"));
  await writeFile(
    join(folder.path, "p.yaml"),
    yaml("").replace("partitionBy: [k]", "partitionBy: [dt]"),
  );
  const lines = Array.from({ length: 60_000 }, (_, n) => `value ${n}`);
  await writeFile(join(folder.path, "in/k.csv"), `k\n${lines.join("\n")}\n`);
  expect((await run(folder.path, "2026-01-01")).code).toBe(0);
  const command = `"${process.execPath}" "${join(checkout, "bin/onpoint.js")}" sql "SELECT k FROM k" --csv | (sleep 1; wc -l)`;
  const child = spawn("sh", ["-c", command], {
    cwd: folder.path,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  for await (const chunk of child.stdout) text += String(chunk);
  expect(Number(text)).toBe(60_001);
});
