// Backfills by windows and full refreshes, as a user runs them.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";

/** Records by the day they are of. */
const days = ["2026-07-01", "2026-07-02", "2026-07-03", "2026-07-04"];
let asked: string[] = [];
let failing: string | null = null;
let gone = new Set<number>();
const server = createServer((request, answer) => {
  const url = new URL(request.url ?? "/", "http://x");
  asked.push(url.search);
  const since = url.searchParams.get("since") ?? "";
  const until = url.searchParams.get("until") ?? "9999";
  const page = Number(url.searchParams.get("page"));
  const all = days.flatMap((day, i) => [1, 2, 3].map((n) => ({ id: i * 3 + n, day })));
  // Both ends are included: a record at the end of a window comes with the next one, too.
  const found = all.filter(({ id, day }) => day >= since && day <= until && !gone.has(id));
  if (failing !== null && since === failing) answer.writeHead(404).end();
  else answer.end(JSON.stringify({ data: found.slice((page - 1) * 2, page * 2) }));
});
let pipeline = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  pipeline = `pipeline: p
sources:
  - { name: items, kind: api, url: "http://api.localhost:${(server.address() as AddressInfo).port}/items", records: "$.data[*]", incremental: { param: since, until: until, field: day, start: "2026-07-01" }, pagination: { kind: page, size: 2 }, rate: { perSecond: 50, concurrency: 1 }, table: items }
tables:
  items: { key: [id] }
`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  asked = [];
  failing = null;
  gone = new Set();
});

async function inFolder() {
  const folder = await freshFolder();
  await writeFile(join(folder.path, "p.yaml"), pipeline);
  return {
    run: async (...args: string[]) => {
      asked = [];
      const { code, stdout } = await runOnpoint(folder.path, ["run", "p.yaml", "--json", ...args]);
      return { code, json: JSON.parse(stdout) };
    },
    ids: async () =>
      (await query<{ id: number }>(folder.path, "SELECT id FROM items ORDER BY id")).map(
        ({ id }) => id,
      ),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test("each window is a run of its own: a failed one stops no other, done ones are skipped, and no state moves", {
  timeout: 240_000,
}, async () => {
  await using p = await inFolder();
  // 1. The second of three windows cannot be read.
  failing = "2026-07-02";
  const first = await p.run("--from", "2026-07-01", "--to", "2026-07-03");
  expect(first.code).toBe(3);
  const runs = first.json.windows.map(({ run, date, state }: Record<string, string>) => [
    run,
    date,
    state,
  ]);
  expect(runs).toEqual([
    ["p-backfill-2026-07-01", "2026-07-01", "done"],
    ["p-backfill-2026-07-02", "2026-07-02", "rejects"],
    ["p-backfill-2026-07-03", "2026-07-03", "done"],
  ]);
  expect(asked[0]).toBe("?since=2026-07-01&until=2026-07-02&page=1");
  // Records of the 2nd came with the window of the 1st, whose end is included here, and none is there twice.
  expect(await p.ids()).toEqual(upTo(12));
  // 2. Asked again, what is done is not asked for.
  failing = null;
  const second = await p.run("--from", "2026-07-01", "--to", "2026-07-04");
  expect(second.code).toBe(0);
  expect(asked.every((search) => search.includes("since=2026-07-04"))).toBe(true);
  // 3. Windows of two days are other runs.
  const third = await p.run("--from", "2026-07-01", "--to", "2026-07-03", "--window", "2d");
  expect(third.json.windows.map(({ run }: { run: string }) => run)).toEqual([
    "p-backfill-2026-07-01-2d",
    "p-backfill-2026-07-03",
  ]);
  expect(await p.ids()).toEqual(upTo(12));
  // 4. The next run without windows starts where it would have started.
  expect((await p.run("--date", "2026-07-09")).code).toBe(0);
  expect(asked[0]).toBe("?since=2026-07-01&page=1");
});

test("a full refresh leaves exactly what it read, and nothing changes when it could not read all", {
  timeout: 240_000,
}, async () => {
  await using p = await inFolder();
  expect((await p.run("--date", "2026-07-08")).code).toBe(0);
  expect((await p.run("--date", "2026-07-09")).code).toBe(0);
  expect(asked[0]).toBe("?since=2026-07-04&page=1");
  expect(await p.ids()).toEqual(upTo(12));
  // 1. Two records are gone at the source: only a full refresh finds out.
  gone = new Set([1, 11]);
  failing = "2026-07-01";
  const failed = await p.run("--date", "2026-07-10", "--full-refresh");
  expect(failed.code).toBe(1);
  expect(failed.json.errors[0]).toMatch(
    /^full refresh of items: 1 requests or batches were given up/,
  );
  expect(await p.ids()).toEqual(upTo(12));
  failing = null;
  expect((await p.run("--date", "2026-07-10", "--full-refresh")).code).toBe(0);
  expect(asked[0]).toBe("?since=2026-07-01&page=1");
  expect(await p.ids()).toEqual(upTo(12).filter((id) => !gone.has(id)));
  // 2. The next run goes on from there.
  expect((await p.run("--date", "2026-07-11")).code).toBe(0);
  expect(asked[0]).toBe("?since=2026-07-04&page=1");
});

test("what cannot be a backfill is said before anything is asked", {
  timeout: 60_000,
}, async () => {
  await using p = await inFolder();
  for (const [args, text] of [
    [["--from", "2026-07-01"], /--to is missing/],
    [["--from", "2026-07-03", "--to", "2026-07-01"], /"2026-07-01" is before "2026-07-03"/],
    [["--from", "2026-07-01", "--to", "2026-07-32"], /"2026-07-32" is not a date/],
    [["--from", "2026-07-01", "--to", "2026-07-02", "--window", "5h"], /"5h" is no number of days/],
    [["--from", "2026-07-01", "--to", "2026-07-02", "--full-refresh"], /--full-refresh/],
  ] as const) {
    const { code, json } = await p.run(...args);
    expect(code).toBe(2);
    expect(json.error).toMatch(text);
  }
  expect(asked).toEqual([]);
});
