// An incremental source over several runs: killed on the way, with a page that fails, and forced. No run skips a record, and no
// record is there twice.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { freshFolder, query, runOnpoint, startOnpoint } from "../support/run-onpoint.ts";

/** Records up to this id are there. */
let count = 20;
let isFailing = false;
let asked: string[] = [];
const server = createServer((request, answer) => {
  const url = new URL(request.url ?? "/", "http://x");
  asked.push(url.search);
  const since = Number(url.searchParams.get("after"));
  const page = Number(url.searchParams.get("page"));
  const ids = Array.from({ length: count - since }, (_, i) => since + 1 + i);
  const data = ids.slice((page - 1) * 5, page * 5).map((id) => ({ id, name: `n${id}` }));
  if (isFailing && page === 2) answer.writeHead(404).end();
  else answer.writeHead(200).end(JSON.stringify({ data, total: ids.length }));
});

test("kill -9 in the middle, a failed page and --force skip nothing", {
  timeout: 180_000,
}, async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await using folder = await freshFolder();
  await writeFile(
    join(folder.path, "p.yaml"),
    `pipeline: p
sources:
  - { name: items, kind: api, url: "http://api.localhost:${port}/items", records: "$.data[*]", incremental: { param: after, field: id, start: "0" }, pagination: { kind: page, size: 5, total: $.total }, rate: { perSecond: 4, concurrency: 1 }, table: items }
`,
  );
  const args = (day: number) => ["run", "p.yaml", "--date", `2026-07-0${day}`, "--json"];
  const run = async (day: number, ...more: string[]) => {
    asked = [];
    const { code } = await runOnpoint(folder.path, [...args(day), ...more]);
    return code;
  };
  const rows = () =>
    query(
      folder.path,
      "SELECT count(*) AS n, count(DISTINCT id) AS ids, max(id) AS last FROM items",
    );
  const whole = (n: number) => [{ n, ids: n, last: n }];
  // 1. The first run reads all.
  expect(await run(1)).toBe(0);
  expect(await rows()).toEqual(whole(20));
  // 2. The second is killed on the way, and goes on.
  count = 60;
  asked = [];
  const killed = startOnpoint(folder.path, args(2));
  await vi.waitUntil(() => asked.length >= 4, 60_000);
  killed.child.kill("SIGKILL");
  await killed.ended;
  expect(await run(2)).toBe(0);
  expect(await rows()).toEqual(whole(60));
  // 3. A page of the third fails: its other rows are there, and the next run reads all of it again.
  count = 75;
  isFailing = true;
  expect(await run(3)).toBe(3);
  expect(asked).toContain("?after=60&page=1");
  isFailing = false;
  expect(await run(3, "--force")).toBe(0);
  expect(asked).toContain("?after=60&page=1");
  expect(await rows()).toEqual(whole(75));
  // 4. Asked for again it starts where it did; the next one has nothing new.
  expect(await run(3, "--force")).toBe(0);
  expect(asked).toContain("?after=60&page=1");
  expect(await rows()).toEqual(whole(75));
  expect(await run(4)).toBe(0);
  expect(asked).toEqual(["?after=75&page=1"]);
  expect(await rows()).toEqual(whole(75));
  server.close();
  server.closeAllConnections();
});
