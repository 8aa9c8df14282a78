// The demo, as a user runs it, against what the source files hold by other means than onpoint's code.

import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectedCounts, expectedPages, isForbidden } from "../../examples/demo/expected.ts";
import type { RunReport } from "../../internal/model/run.ts";
import { type DemoServer, startDemoServer } from "../support/demo-server.ts";
import { violations } from "../support/politeness.ts";
import { checkout, freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";

const rates: Record<string, number> = { flights: 25, movies: 20, quakes: 20, docs: 20 };
const pipeline = join(checkout, "examples/demo/pipeline.yaml");

let folder: Awaited<ReturnType<typeof freshFolder>>;
let server: DemoServer;
let env: Record<string, string>;
let report: RunReport;
const run = (...more: string[]) =>
  runOnpoint(folder.path, ["run", pipeline, "--date", "2026-01-01", "--json", ...more], env);

beforeAll(async () => {
  folder = await freshFolder();
  server = await startDemoServer(folder.path);
  env = { DEMO_PORT: String(server.port), DEMO_LAKE: `file:${folder.path}/lake` };
  const { code, stdout, stderr } = await run();
  expect(code, stderr.slice(-5_000)).toBe(0);
  report = JSON.parse(stdout) as RunReport;
}, 180_000);
afterAll(async () => {
  await server?.stop();
  await folder?.[Symbol.asyncDispose]();
});

test("every table holds exactly the rows of its source", async () => {
  const expected = await expectedCounts();
  const found: Record<string, number> = {};
  for (const table of Object.keys(expected)) {
    const [row] = await query<{ n: number }>(
      folder.path,
      `SELECT count(*)::INT AS n FROM ${table}`,
    );
    found[table] = row?.n ?? -1;
  }
  expect(found).toEqual(expected);
  const rows = Object.fromEntries(
    Object.keys(expected).map((table) => [table, report.tables[table]?.rows]),
  );
  expect(rows).toEqual(expected);
});

test("every allowed page is in the table once, and no forbidden one was asked for", async () => {
  const pages = await query<{ url: string }>(folder.path, "SELECT url FROM pages");
  const paths = pages.map(({ url }) => new URL(url).pathname + new URL(url).search).sort();
  expect(paths).toEqual(await expectedPages());
  const asked = (await server.requests()).filter(
    ({ host, path }) => host.startsWith("docs.") && isForbidden(path),
  );
  expect(asked).toEqual([]);
});

test("no request came sooner than the rate and Retry-After allow", async () => {
  const arrivals = (await server.requests())
    .map((line) => ({
      atMs: line.t_ms,
      host: line.host.split(".")[0] ?? "",
      status: line.status,
      retryAfterMs: line.retryAfterMs,
    }))
    .filter(({ host }) => host in rates);
  expect(arrivals.length).toBeGreaterThan(300);
  expect(arrivals.some(({ retryAfterMs }) => retryAfterMs !== null)).toBe(true);
  expect(violations(arrivals, (host) => 1000 / (rates[host] ?? 1))).toEqual([]);
});

test("models ran with their tests, and the upload was simulated", async () => {
  const [flights] = await query<{ n: number }>(
    folder.path,
    "SELECT sum(flights)::INT AS n FROM delays_by_route_day",
  );
  expect(flights?.n).toBe(3_000_000);
  expect(report.stages.etl).toEqual({ tasks: 5, done: 5, dead: 0, retries: 0 });
  expect(report.uploads.simulated).toBe(true);
  expect(report.uploads.files).toBeGreaterThan(100);
});

test("the webhook was told once", async () => {
  const calls = (await server.requests()).filter(
    ({ host, path }) => host.startsWith("hook.") && path === "/hook",
  );
  expect(calls.map((call) => (JSON.parse(call.body ?? "{}") as RunReport).state)).toEqual(["done"]);
});

test("asked again, a finished run says so; --force replaces it", { timeout: 180_000 }, async () => {
  const before = (await server.requests()).length;
  const again = await run();
  expect(again.code).toBe(0);
  expect((await server.requests()).length).toBe(before);
  const forced = await run("--force", "--only", "movies,airports");
  expect(forced.code, forced.stderr.slice(-5_000)).toBe(0);
  const [movies] = await query<{ n: number }>(folder.path, "SELECT count(*)::INT AS n FROM movies");
  expect(movies?.n).toBe(3_201);
  const [delays] = await query<{ n: number }>(folder.path, "SELECT count(*)::INT AS n FROM delays");
  expect(delays?.n).toBe(200_000);
});
