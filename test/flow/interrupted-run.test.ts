// A run that was interrupted waits for its own command: another run in the same state folder neither fetches for it nor
// needs what its pipeline needs.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { freshFolder, query, runOnpoint, startOnpoint } from "../support/run-onpoint.ts";

const pages = 12;

/** An API of some pages on every host, with a count of what each host was asked for. */
async function startApi() {
  const asked = new Map<string, number>();
  const server = createServer((request, answer) => {
    const host = (request.headers.host ?? "").split(".")[0] ?? "";
    asked.set(host, (asked.get(host) ?? 0) + 1);
    const page = Number(new URL(request.url ?? "/", "http://x").searchParams.get("page") ?? "1");
    const body = page <= pages ? [{ id: page }] : [];
    answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    asked: (host: string) => asked.get(host) ?? 0,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

const yaml = (name: string, port: number, more: string) => `pipeline: ${name}
lake: file:./lake-${name}
sources:
  - { name: rows, kind: api, url: "http://${name}.localhost:${port}/rows"${more}, records: "$[*]", pagination: { kind: page, param: page, start: 1 }, rate: { perSecond: 4, concurrency: 1 }, table: rows }
`;

test("an interrupted run is left alone by the next, and goes on when it is asked for", {
  timeout: 120_000,
}, async () => {
  await using folder = await freshFolder();
  await using api = await startApi();
  const { path } = folder;
  const secret = `, headers: { x: "\${ONLY_FIRST}" }`;
  await writeFile(join(path, "first.yaml"), yaml("first", api.port, secret));
  await writeFile(join(path, "second.yaml"), yaml("second", api.port, ""));
  const first = ["run", "first.yaml", "--date", "2026-01-01"];
  using running = startOnpoint(path, first, { ONLY_FIRST: "x" });
  await vi.waitFor(() => expect(api.asked("first")).toBeGreaterThan(3), { timeout: 30_000 });
  running.child.kill("SIGINT");
  expect((await running.ended).code).toBe(130);

  const before = api.asked("first");
  const second = await runOnpoint(path, ["run", "second.yaml", "--date", "2026-01-01"]);
  expect(second.code, second.stderr).toBe(0);
  expect(api.asked("first")).toBe(before);

  const again = await runOnpoint(path, first, { ONLY_FIRST: "x" });
  expect(again.code, again.stderr).toBe(0);
  const found = await query(path, "SELECT count(*)::INT AS n, sum(id)::INT AS total FROM rows");
  expect(found).toEqual([{ n: pages, total: (pages * (pages + 1)) / 2 }]);
});
