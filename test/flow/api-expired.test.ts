// Cursors that expire (410) in the middle of a walk.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";

test("a walk whose cursor expired begins anew into a table with a key, a bounded number of times", {
  timeout: 120_000,
}, async () => {
  let expiring = 1;
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    const url = new URL(request.url ?? "/", "http://x");
    asked.push(url.search);
    const at = Number(url.searchParams.get("cursor") ?? "0");
    if (at === 4 && expiring > 0) {
      expiring -= 1;
      answer.writeHead(410).end();
      return;
    }
    const data = [at + 1, at + 2].map((id) => ({ id }));
    answer.end(JSON.stringify({ data, next: at + 2 < 8 ? at + 2 : null }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await using folder = await freshFolder();
  await writeFile(
    join(folder.path, "p.yaml"),
    `pipeline: p
sources:
  - { name: items, kind: api, url: "http://api.localhost:${port}/items", records: "$.data[*]", pagination: { kind: cursor, next: $.next }, rate: { perSecond: 50, concurrency: 1 }, table: items }
tables:
  items: { key: [id] }
`,
  );
  const run = (day: number) =>
    runOnpoint(folder.path, ["run", "p.yaml", "--date", `2026-07-0${day}`, "--json"]);
  // 1. Once: all records, each once, and what happened is counted.
  const { code, stdout } = await run(1);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).tables.items).toMatchObject({ rows: 8, replaced: 4 });
  const ids = await query<{ id: number }>(folder.path, "SELECT id FROM items ORDER BY id");
  expect(ids.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  const report = await runOnpoint(folder.path, ["report"]);
  expect(report.stdout).toMatch(/paging: cursor expired, begun anew +1/);
  // 2. Always: it ends, with a dead letter.
  expiring = 1_000;
  asked.length = 0;
  expect((await run(2)).code).toBe(3);
  expect(asked.filter((search) => search === "?cursor=4")).toHaveLength(4);
  server.close();
  server.closeAllConnections();
});
