// Children of an API's records to the third level: every row with the keys of its parents, a child that is missing a dead
// letter, and --only for a child.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";

const ids = ["a/1", "b 2", "c?3", "gone", "e"];
const asked: string[] = [];
const server = createServer((request, answer) => {
  const url = new URL(request.url ?? "/", "http://x");
  asked.push(request.url ?? "");
  const [, , quote, , comment] = url.pathname.split("/").map(decodeURIComponent);
  const page = Number(url.searchParams.get("page") ?? 1);
  const listed = (() => {
    if (quote === undefined) return ids.map((id) => ({ id })).slice((page - 1) * 2, page * 2);
    if (quote === "gone" || !ids.includes(quote)) return null;
    if (comment === undefined)
      return quote === "e" ? [] : [{ n: 1 }, { n: 2 }].slice(page - 1, page);
    return [{ like: `${quote}-${comment}` }];
  })();
  answer.writeHead(listed === null ? 404 : 200, { "content-type": "application/json" });
  answer.end(JSON.stringify({ data: listed }));
});

test("children of any depth, with 4 workers", { timeout: 120_000 }, async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://api.localhost:${(server.address() as AddressInfo).port}`;
  const rate = "rate: { perSecond: 200, concurrency: 4 }, records: '$.data[*]'";
  await using folder = await freshFolder();
  await writeFile(
    join(folder.path, "p.yaml"),
    `pipeline: p
sources:
  - { name: likes, kind: api, each: { from: comments, url: "${origin}/quotes/{_quotes_id}/comments/{n}/likes" }, ${rate}, table: likes }
  - { name: quotes, kind: api, url: "${origin}/quotes", pagination: { kind: page, size: 2 }, ${rate}, table: quotes }
  - { name: comments, kind: api, each: { from: quotes, url: "${origin}/quotes/{id}/comments" }, pagination: { kind: page, size: 1 }, ${rate}, table: comments }
`,
  );
  const plan = await runOnpoint(folder.path, ["plan", "p.yaml"]);
  expect(plan.stdout).toContain(`${origin}/quotes/{id}/comments?page=1 for each record of quotes`);
  const args = [
    "run",
    "p.yaml",
    "--date",
    "2026-07-01",
    "--workers",
    "4",
    "--only",
    "likes",
    "--json",
  ];
  const { code, stdout, stderr } = await runOnpoint(folder.path, args);
  server.close();
  server.closeAllConnections();
  expect(code, stderr.slice(-2000)).toBe(3);
  expect(JSON.parse(stdout).sources.comments).toMatchObject({ dead: 1 });
  const rows = await query(folder.path, "SELECT _quotes_id AS q, n FROM comments ORDER BY ALL");
  const alive = ids.slice(0, 3);
  expect(rows).toEqual(alive.flatMap((q) => [1, 2].map((n) => ({ q, n }))));
  const likes = await query(
    folder.path,
    'SELECT _quotes_id AS q, _comments_n AS n, "like" AS l FROM likes ORDER BY ALL',
  );
  expect(likes).toEqual(alive.flatMap((q) => [1, 2].map((n) => ({ q, n, l: `${q}-${n}` }))));
});
