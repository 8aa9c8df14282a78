// Two runs of one pipeline at the same time, for two dates, into one lake: what the later one publishes has the rows of both,
// in tables and in models.
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freshFolder, query, runOnpoint, startOnpoint } from "../support/run-onpoint.ts";

/** An API whose one answer waits for `open`. */
async function startHeldApi() {
  const held: ServerResponse[] = [];
  let isOpen = false;
  const give = (answer: ServerResponse) =>
    answer.writeHead(200, { "content-type": "application/json" }).end('[{"id":1}]');
  const server = createServer((_, answer) => (isOpen ? give(answer) : held.push(answer)));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    open: () => {
      isOpen = true;
      for (const answer of held) give(answer);
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

test("a model of a run that ends later has the rows that another run published meanwhile", {
  timeout: 120_000,
}, async () => {
  await using folder = await freshFolder();
  await using api = await startHeldApi();
  const { path } = folder;
  await mkdir(join(path, "models"));
  await writeFile(join(path, "k.csv"), "k\nx\ny\n");
  await writeFile(join(path, "models/m.sql"), "SELECT count(*)::INT AS n FROM k");
  await writeFile(
    join(path, "p.yaml"),
    `pipeline: both
sources:
  - { name: k, kind: files, urls: ["file:./k.csv"], table: k }
  - { name: slow, kind: api, url: "http://slow.localhost:${api.port}/", records: "$[*]", pagination: { kind: none }, table: slow }
etl: { models: ./models }
`,
  );
  using first = startOnpoint(path, ["run", "p.yaml", "--date", "2026-01-01"]);
  // Its model has run on its own rows; the API still keeps it from its end.
  await new Promise<void>((done) => {
    first.child.stderr?.on("data", (text: string) => /task\.done stage=etl/.test(text) && done());
  });
  const second = await runOnpoint(
    path,
    ["run", "p.yaml", "--date", "2026-01-02", "--only", "k,etl"],
    { ONPOINT_STATE: join(path, "other") },
  );
  expect(second.code, second.stderr).toBe(0);
  api.open();
  const ended = await first.ended;
  expect(ended.code, ended.stderr).toBe(0);
  expect(await query(path, "SELECT count(*)::INT AS n FROM k")).toEqual([{ n: 4 }]);
  expect(await query(path, "SELECT n FROM m")).toEqual([{ n: 4 }]);
});

test("a run that ends later merges its rows by their key into those that another run published meanwhile", {
  timeout: 120_000,
}, async () => {
  await using folder = await freshFolder();
  await using api = await startHeldApi();
  const { path } = folder;
  await writeFile(join(path, "k.csv"), "k,v\nx,first\ny,first\n");
  await writeFile(
    join(path, "p.yaml"),
    `pipeline: both
sources:
  - { name: k, kind: files, urls: ["file:./k.csv"], table: k }
  - { name: slow, kind: api, url: "http://slow.localhost:${api.port}/", records: "$[*]", pagination: { kind: none }, table: slow }
tables:
  k: { key: [k] }
`,
  );
  using first = startOnpoint(path, ["run", "p.yaml", "--date", "2026-01-01", "--json"]);
  // It has merged its rows into a table that nobody published yet.
  await new Promise<void>((done) => {
    first.child.stderr?.on("data", (text: string) => /task\.done stage=etl/.test(text) && done());
  });
  await writeFile(join(path, "k.csv"), "k,v\ny,second\nz,second\n");
  const second = await runOnpoint(
    path,
    ["run", "p.yaml", "--date", "2026-01-02", "--only", "k,etl"],
    { ONPOINT_STATE: join(path, "other") },
  );
  expect(second.code, second.stderr).toBe(0);
  api.open();
  const ended = await first.ended;
  expect(ended.code, ended.stderr).toBe(0);
  expect(JSON.parse(ended.stdout).tables.k).toMatchObject({ rows: 2, updated: 1 });
  expect(await query(path, "SELECT k, v FROM k ORDER BY k")).toEqual([
    { k: "x", v: "first" },
    { k: "y", v: "first" },
    { k: "z", v: "second" },
  ]);
});
