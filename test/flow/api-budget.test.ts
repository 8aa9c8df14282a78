// What a budget of requests leaves out of a run is told, skipped by no later run, and takes the place of nothing.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";

const pageSize = 2;
/** The newest first: the first page has the greatest value of all. */
const items = Array.from({ length: 12 }, (_, i) => ({
  id: i + 1,
  day: `2026-07-${String(12 - i).padStart(2, "0")}`,
}));

test.each([1, 4])(
  "a budget is never overspent, and what it leaves to later runs is read by them: %i workers",
  {
    timeout: 120_000,
  },
  async (workers) => {
    let asked: string[] = [];
    const server = createServer((request, answer) => {
      const url = new URL(request.url ?? "/", "http://x");
      asked.push(url.search);
      const found = items.filter(({ day }) => day >= (url.searchParams.get("since") ?? ""));
      const from = Number(url.searchParams.get("cursor") ?? 0);
      const end = from + pageSize;
      const next = end < found.length ? String(end) : null;
      answer.end(JSON.stringify({ data: found.slice(from, end), next }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await using folder = await freshFolder();
    const run = async (id: string, perMonth: number, ...more: string[]) => {
      asked = [];
      await writeFile(
        join(folder.path, "p.yaml"),
        `pipeline: p
sources:
  - { name: items, kind: api, url: "http://127.0.0.1:${port}/items", records: "$.data[*]", incremental: { param: since, field: day, start: "2026-07-01" }, pagination: { kind: cursor, next: $.next }, rate: { perSecond: 50, perMonth: ${perMonth}, maxBlock: 1s }, table: items }
tables:
  items: { key: [id] }
`,
      );
      const args = ["run", "p.yaml", "--run-id", id, "--workers", String(workers), ...more];
      return runOnpoint(folder.path, args);
    };
    const rows = () =>
      query(folder.path, "SELECT id::INT AS id, day::VARCHAR AS day FROM items ORDER BY id");

    const first = await run("first", 3);
    expect(first.code, first.stderr.slice(-2000)).toBe(0);
    expect(asked).toHaveLength(3);
    expect(first.stdout).toContain("items: 1 request left to a later run");
    const report = await runOnpoint(folder.path, ["report", "first", "--json"]);
    expect(JSON.parse(report.stdout)).toMatchObject({
      report: { sources: { items: { deferred: 1 } } },
      drops: [{ source: "items", reason: "deferred: budget used up", links: 1 }],
    });
    expect(await rows()).toEqual(items.slice(0, 6));

    // What was not read is older than what was.
    const second = await run("second", 1_000);
    expect(second.code, second.stderr.slice(-2000)).toBe(0);
    expect(await rows()).toEqual(items);

    // A full refresh that was cut short must not take the place of what is there.
    const refresh = await run("refresh", 11, "--full-refresh");
    expect(asked.length).toBeLessThan(items.length / pageSize);
    expect(refresh.code).toBe(1);
    expect(refresh.stdout).toContain(
      "full refresh of items: 1 requests or batches were given up or left to a later run",
    );
    expect(await rows()).toEqual(items);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  },
);
