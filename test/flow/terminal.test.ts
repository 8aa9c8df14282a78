// `onpoint run` as a person has it in front of them: bars in a terminal and lines in a pipe, Ctrl-C once, twice, and the
// window closed. After each the same command goes on and every table is exact.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import {
  checkout,
  cleanEnv,
  freshFolder,
  query,
  runOnpoint,
  startOnpoint,
} from "../support/run-onpoint.ts";
import { type SmallWorld, startSmallWorld, writeWorldPipeline } from "../support/small-world.ts";
import { ctrlC, openTerminal, processesOf } from "../support/terminal.ts";

const esc = String.fromCharCode(27);
const date = "2026-01-01";
const settings = { ONPOINT_LEASE_TTL_MS: "2500", ONPOINT_BATCH_MS: "1500" };

let world: SmallWorld;
let folder: Awaited<ReturnType<typeof freshFolder>>;
beforeAll(async () => {
  world = await startSmallWorld();
});
afterEach(() => folder[Symbol.asyncDispose]());
afterAll(() => world.stop());

async function prepare() {
  folder = await freshFolder();
  return writeWorldPipeline(folder.path, world.port);
}

/** `onpoint run` in a terminal, some requests into the crawl. */
async function runInTerminal(pipeline: string) {
  const before = world.requests.length;
  const terminal = openTerminal(
    [process.execPath, join(checkout, "bin/onpoint.js"), "run", pipeline, "--date", date],
    folder.path,
    { ...cleanEnv(), ...settings, ONPOINT_STATE: join(folder.path, ".onpoint") },
  );
  await until(() => expect(world.requests.length).toBeGreaterThan(before + 20));
  await until(() => expect(terminal.shown()).toMatch(/crawl.*[█░]{8}/));
  return terminal;
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 25 });

async function expectExactTables() {
  const [items] = await query(
    folder.path,
    "SELECT count(*)::INT AS n, count(DISTINCT id)::INT AS ids, sum(id)::INT AS total FROM items",
  );
  const { items: n, itemSum: total, pages, orders } = world.expected;
  expect(items).toEqual({ n, ids: n, total });
  const found = await query<{ url: string }>(folder.path, "SELECT url FROM pages");
  expect(found.map(({ url }) => url).sort()).toEqual(pages);
  expect(await query(folder.path, "SELECT sum(orders)::INT AS n FROM kinds")).toEqual([
    { n: orders },
  ]);
}

/** The same command again, in a pipe. */
async function goOn(pipeline: string) {
  const ended = await runOnpoint(folder.path, ["run", pipeline, "--date", date], settings);
  expect(ended.code, ended.stderr.slice(-3_000)).toBe(0);
  return ended;
}

test("a terminal gets bars that are redrawn, a pipe gets lines", { timeout: 120_000 }, async () => {
  const pipeline = await prepare();
  using terminal = await runInTerminal(pipeline);
  expect(await terminal.ended, terminal.shown()).toBe(0);
  expect(terminal.shown()).toMatch(/crawl +█{30} /);
  // Up some rows and clear below: the bars are drawn over themselves.
  expect(terminal.shown().split(`A\r${esc}[0J`).length).toBeGreaterThan(5);
  expect(terminal.shown()).not.toMatch(/task\.done/);
  await expectExactTables();

  const piped = await runOnpoint(
    folder.path,
    ["run", pipeline, "--date", date, "--force"],
    settings,
  );
  expect(piped.code).toBe(0);
  expect(piped.stderr).not.toContain(esc);
  expect(piped.stderr).not.toMatch(/[█░]/);
  expect(piped.stderr).toMatch(/^\d+:\d\d crawl: \d+\/\d+/m);
  expect(piped.stderr).toMatch(/task\.done/);
  expect(piped.stdout).toMatch(/^run world-2026-01-01: done in/);
});

test("Ctrl-C drains, says how to go on and ends with 130; the same command ends exact", {
  timeout: 120_000,
}, async () => {
  const pipeline = await prepare();
  const before = world.requests.length;
  using terminal = await runInTerminal(pipeline);
  terminal.type(ctrlC);
  expect(await terminal.ended, terminal.shown()).toBe(130);
  expect(terminal.shown()).toMatch(/stopping.*Ctrl-C again/);
  expect(terminal.shown()).toContain("the same command goes on from here");
  expect(processesOf(folder.path)).toEqual([]);

  await goOn(pipeline);
  await expectExactTables();
  // What was fetched before the stop was saved: at most the requests under way, two a host, came again.
  const urls = world.requests
    .slice(before)
    .filter(({ status, path }) => status === 200 && path !== "/robots.txt")
    .map(({ host, path }) => host + path);
  expect(urls.length - new Set(urls).size).toBeLessThanOrEqual(4);
});

test("a second Ctrl-C stops at once, kills what does not drain, and the next run is exact", {
  timeout: 120_000,
}, async () => {
  const pipeline = await prepare();
  using terminal = await runInTerminal(pipeline);
  // A process that cannot drain: without a second Ctrl-C it would be waited for for a minute.
  const stuck = processesOf(folder.path).filter(({ args }) => / crawl( |$)/.test(args));
  expect(stuck.length).toBeGreaterThan(0);
  for (const { pid } of stuck) process.kill(pid, "SIGSTOP");
  terminal.type(ctrlC);
  await until(() => expect(terminal.shown()).toMatch(/stopping.*Ctrl-C again/));
  const startedMs = performance.now();
  terminal.type(ctrlC);
  expect(await terminal.ended, terminal.shown()).toBe(130);
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  await until(() => expect(processesOf(folder.path)).toEqual([]));
  await goOn(pipeline);
  await expectExactTables();
});

test("a closed window drains as Ctrl-C does and leaves no process behind", {
  timeout: 120_000,
}, async () => {
  const pipeline = await prepare();
  using terminal = await runInTerminal(pipeline);
  terminal.close();
  expect(await terminal.ended).toBe(130);
  expect(processesOf(folder.path)).toEqual([]);
  const log = await readFile(join(folder.path, ".onpoint/world-2026-01-01.log"), "utf8");
  expect(log).toMatch(/SIGHUP.*drain\.begin/);
  await goOn(pipeline);
  await expectExactTables();
});

test("a reader of the log that goes away does not end the run", { timeout: 120_000 }, async () => {
  const pipeline = await prepare();
  using running = startOnpoint(folder.path, ["run", pipeline, "--date", date, "--json"], settings);
  await new Promise((done) => running.child.stderr?.once("data", done));
  running.child.stderr?.destroy();
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ state: "done" });
  await expectExactTables();
});
