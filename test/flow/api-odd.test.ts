// APIs that err inside answers, go round in circles, forget cursors, and change while one pages: all of it handled or reported.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { shardOf } from "../../internal/frontier/shard.ts";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";

const asked: Record<string, number> = {};
/** What each path answers: the status, and the document. */
const answers: Record<string, (cursor: string, nth: number) => [number, unknown]> = {
  "/flaky": (_cursor, nth) => [200, nth === 1 ? { error: "later" } : { data: [{ id: 1 }] }],
  "/broken": () => [200, { error: { code: "E7" } }],
  "/circle": (cursor) => {
    const next = { "": "a", a: "b", b: "c", c: "a" }[cursor];
    return [200, { data: [{ id: cursor || "first" }], next }];
  },
  "/stuck": (cursor) => [200, { data: [{ id: cursor || "first" }], next: "a" }],
  "/expired": (cursor) => (cursor === "" ? [200, { data: [{ id: 1 }], next: "x" }] : [410, {}]),
  "/whole": (cursor) => [200, { data: [{ id: cursor }, { id: `${cursor}b` }], total: 4 }],
  // Ten records at first, and thirteen from the second page on; the second page is empty.
  "/growing": (cursor) => {
    const page = Number(cursor);
    const size = { 1: 5, 2: 0, 3: 3 }[page] ?? 0;
    const data = Array.from({ length: size }, (_, i) => ({ id: page * 100 + i }));
    return [200, { data, total: page === 1 ? 10 : 13 }];
  },
};

const server = createServer((request, answer) => {
  const url = new URL(request.url ?? "/", "http://x");
  const path = url.pathname;
  asked[path] = (asked[path] ?? 0) + 1;
  const cursor = url.searchParams.get("cursor") ?? url.searchParams.get("page") ?? "";
  const [status, body] = answers[path]?.(cursor, asked[path]) ?? [404, {}];
  answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
});

test("each oddity is retried or reported, none is the end of a table in silence", {
  timeout: 120_000,
}, async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const source = (name: string, more: string) =>
    `  - { name: ${name}, kind: api, url: "http://${name}.localhost:${port}/${name}", records: "$.data[*]", rate: { perSecond: 100, backoff: 20ms }, table: ${name}, ${more} }`;
  const byCursor = "pagination: { kind: cursor, next: $.next }";
  await using folder = await freshFolder();
  await writeFile(
    join(folder.path, "p.yaml"),
    `pipeline: p
sources:
${source("flaky", "failWhen: $.error")}
${source("broken", "failWhen: $.error")}
${source("circle", byCursor)}
${source("stuck", byCursor)}
${source("expired", byCursor)}
${source("whole", "pagination: { kind: page, size: 2, total: $.total }")}
${source("growing", "pagination: { kind: page, size: 5, total: $.total }")}
retries: { crawl: 2 }
`,
  );
  const run = await runOnpoint(folder.path, ["run", "p.yaml", "--date", "2026-07-01", "--json"]);
  const dead = await runOnpoint(folder.path, ["dead", "ls", "p-2026-07-01", "--json"]);
  const report = await runOnpoint(folder.path, ["report", "p-2026-07-01"]);
  const reportJson = await runOnpoint(folder.path, ["report", "p-2026-07-01", "--json"]);
  server.close();
  server.closeAllConnections();
  expect(run.code, run.stderr.slice(-2000)).toBe(3);
  const ids = async (table: string) =>
    (await query<{ id: unknown }>(folder.path, `SELECT id FROM ${table} ORDER BY id`)).map(
      ({ id }) => id,
    );
  expect(await ids("flaky")).toEqual([1]);
  expect(await ids("circle")).toEqual(["a", "b", "c", "first"]);
  expect(await ids("stuck")).toEqual(["a", "first"]);
  expect(await ids("expired")).toEqual([1]);
  expect(await ids("growing")).toEqual([100, 101, 102, 103, 104, 300, 301, 302]);
  expect(asked).toEqual({
    "/flaky": 2,
    "/broken": 3,
    "/circle": 4,
    "/stuck": 2,
    "/expired": 2,
    "/whole": 2,
    "/growing": 3,
  });
  for (const reason of [
    'the answer is an error (failWhen), after 3 attempts: {\\"code\\":\\"E7\\"}',
    "page 4 was there before",
    "repeated cursor or URL: page 2 was there before",
    "HTTP 410: the cursor of this page has expired",
  ])
    expect(dead.stdout).toContain(reason);
  expect(report.stdout).toContain("paging: total changed");
  expect(report.stdout).toMatch(/growing +paging: total said 13, read 8 +1$/m);
  expect(report.stdout).not.toContain("paging: total said 4");
  expect(JSON.parse(reportJson.stdout).drops).toContainEqual({
    source: "growing",
    reason: "paging: total said 13, read 8",
    links: 1,
  });
});

test("next URLs that lead to another host and back are reported, and all their pages kept", {
  timeout: 120_000,
}, async () => {
  const shards = 4;
  const here = "127.0.0.1";
  const shardAt = (host: string) => shardOf(`http://${host}/`, shards);
  const there = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"].find(
    (host) => shardAt(host) !== shardAt(here),
  ) as string;
  const targets: string[] = [];
  let port = 0;
  // a on one host, b on the other, c on the first, then b again.
  const circle = createServer((request, answer) => {
    const { pathname } = new URL(request.url ?? "/", "http://x");
    targets.push(pathname);
    const next = {
      "/a": `${there}:${port}/b`,
      "/b": `${here}:${port}/c`,
      "/c": `${there}:${port}/b`,
    };
    const body = { data: [{ id: pathname }], next: `http://${next[pathname as "/a"]}` };
    answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => circle.listen(0, "0.0.0.0", resolve));
  port = (circle.address() as AddressInfo).port;
  await using folder = await freshFolder();
  await writeFile(
    join(folder.path, "p.yaml"),
    `pipeline: p
sources:
  - { name: circle, kind: api, url: "http://${here}:${port}/a", records: "$.data[*]", rate: { perSecond: 100 }, table: circle, network: { allowPrivate: ["${there}"] }, pagination: { kind: next_url, next: $.next } }
`,
  );
  const env = { ONPOINT_SHARDS: String(shards) };
  const run = await runOnpoint(folder.path, ["run", "p.yaml", "--date", "2026-07-01"], env);
  const dead = await runOnpoint(folder.path, ["dead", "ls", "p-2026-07-01", "--json"]);
  circle.closeAllConnections();
  await new Promise((resolve) => circle.close(resolve));
  expect(run.code, run.stderr.slice(-2000)).toBe(3);
  expect(targets).toEqual(["/a", "/b", "/c"]);
  expect(await query(folder.path, "SELECT id FROM circle ORDER BY id")).toEqual(
    ["/a", "/b", "/c"].map((id) => ({ id })),
  );
  expect(dead.stdout).toContain(`page 3 was there before: http://${there}:${port}/b`);
});
