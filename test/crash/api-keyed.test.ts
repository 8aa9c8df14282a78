// An incremental source with a lookback into a table with a key: records come again in every run, change meanwhile, and move
// between the pages of one run. Whatever is killed on the way, the table has each of them once, as it is now.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { freshFolder, query, runOnpoint, startOnpoint } from "../support/run-onpoint.ts";

type Item = { id: number; changed: number; v: string };
const items = new Map<number, Item>();
let clock = 0;
const change = (id: number, v: string) => items.set(id, { id, changed: ++clock, v });
const truth = () => [...items.values()].sort((a, b) => a.id - b.id);

let asked: string[] = [];
/** Called before the answer to the request of that number. */
let onRequest: (n: number) => void = () => undefined;
const server = createServer((request, answer) => {
  const url = new URL(request.url ?? "/", "http://x");
  asked.push(url.search);
  onRequest(asked.length);
  const since = Number(url.searchParams.get("since"));
  const offset = Number(url.searchParams.get("offset"));
  const found = [...items.values()]
    .filter((item) => item.changed >= since)
    .sort((a, b) => a.changed - b.changed);
  answer.end(JSON.stringify({ data: found.slice(offset, offset + 5) }));
});
let base = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://api.localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

test("kill -9 in the middle of an incremental run with lookback and key: the next run is exact", {
  timeout: 180_000,
}, async () => {
  await using folder = await freshFolder();
  await writeFile(
    join(folder.path, "p.yaml"),
    `pipeline: p
sources:
  - { name: items, kind: api, url: "${base}/items", records: "$.data[*]", incremental: { param: since, field: changed, start: "0", lookback: "10" }, pagination: { kind: offset, limit: 5 }, rate: { perSecond: 4, concurrency: 1 }, table: items }
tables:
  items: { key: [id] }
`,
  );
  const args = (day: number) => ["run", "p.yaml", "--date", `2026-07-0${day}`, "--json"];
  const run = async (day: number, ...more: string[]) => {
    asked = [];
    const { code, stdout } = await runOnpoint(folder.path, [...args(day), ...more]);
    expect(code).toBe(0);
    return JSON.parse(stdout).tables.items;
  };
  const rows = () => query(folder.path, "SELECT id, changed, v FROM items ORDER BY id");
  // 1. The first run reads all; while it does, an item moves to a later page and is read twice.
  for (let id = 1; id <= 20; id += 1) change(id, "first");
  onRequest = (n) => {
    if (n === 3) change(1, "moved");
  };
  expect(await run(1)).toMatchObject({ rows: 19, replaced: 1, updated: 0 });
  onRequest = () => undefined;
  // The item that came into the place of a page just read was passed over: the next run's lookback brings it.
  expect(await rows()).toEqual(truth().filter(({ id }) => id !== 11));
  // 2. Killed in the middle, with changes before and after.
  for (let id = 18; id <= 40; id += 1) change(id, "second");
  asked = [];
  const killed = startOnpoint(folder.path, args(2));
  await vi.waitUntil(() => asked.length >= 3, 60_000);
  killed.child.kill("SIGKILL");
  await killed.ended;
  change(25, "third");
  change(3, "third");
  await run(2);
  expect(await rows()).toEqual(truth());
  // 3. Nothing is new: the lookback brings rows that the table has, and none of them twice.
  const third = await run(3);
  expect(third.rows).toBeGreaterThan(0);
  expect(third.updated).toBe(third.rows);
  expect(await rows()).toEqual(truth());
  // 4. Forced, it comes to the same.
  await run(3, "--force");
  expect(await rows()).toEqual(truth());
});
