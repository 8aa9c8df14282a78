// What goes wrong outside: the run goes on, ends with exit 3, and every loss is listed with its reason. What the user got
// wrong: exit 2, with what, where and what to do.
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunReport } from "../../internal/model/run.ts";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";

let port = 0;
let closedPort = 0;
const server = createServer((request, answer) => {
  const path = request.url ?? "/";
  if (path.startsWith("/broken"))
    answer.writeHead(200, { "content-type": "application/json" }).end('{"data": [1,');
  else if (path === "/")
    answer
      .writeHead(200, { "content-type": "text/html" })
      .end('<a href="/gone">gone</a><a href="/ok">ok</a>');
  else if (path === "/ok")
    answer.writeHead(200, { "content-type": "text/html" }).end("<title>ok</title>");
  else answer.writeHead(404).end("no");
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
  const closed = createTcpServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  closedPort = (closed.address() as AddressInfo).port;
  await new Promise((resolve) => closed.close(resolve));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
});

const rate = "rate: { perSecond: 50, concurrency: 2, backoff: 50ms }";

test("a dead host, a 404, broken JSON and a bad row end in exit 3, each with its reason", {
  timeout: 120_000,
}, async () => {
  await using folder = await freshFolder();
  await writeFile(join(folder.path, "rows.csv"), "id,price\n1,2.50\n2,oops\n3,1.00\n4\n");
  await writeFile(
    join(folder.path, "p.yaml"),
    `pipeline: bad
sources:
  - { name: dead, kind: api, url: "http://dead.localhost:${closedPort}/x", records: "$[*]", pagination: { kind: none }, ${rate}, table: dead }
  - { name: broken, kind: api, url: "http://broken.localhost:${port}/broken", records: "$.data[*]", pagination: { kind: none }, ${rate}, table: broken }
  - { name: site, kind: web, seeds: ["http://site.localhost:${port}/"], sitemaps: false, ${rate}, pages: pages }
  - { name: rows, kind: files, urls: ["file:./rows.csv"], table: rows }
tables:
  rows: { columns: { id: BIGINT, price: "DECIMAL(10,2)" } }
retries: { crawl: 1, process: 0, etl: 0, upload: 0 }
`,
  );
  const { code, stdout, stderr } = await runOnpoint(folder.path, [
    "run",
    "p.yaml",
    "--date",
    "2026-01-01",
    "--json",
  ]);
  expect(code, stderr.slice(-3_000)).toBe(3);
  const report = JSON.parse(stdout) as RunReport;
  expect(report.state).toBe("rejects");
  expect(report.tables.rows).toMatchObject({ rows: 2, quarantined: 2 });
  expect(report.tables.pages).toMatchObject({ rows: 2 });

  const listed = await runOnpoint(folder.path, ["dead", "ls", report.run, "--json"]);
  expect(listed.code).toBe(0);
  expect(listed.stdout).toContain(`dead.localhost:${closedPort}/x`);
  expect(listed.stdout).toMatch(/ECONNREFUSED/);
  expect(listed.stdout).toMatch(/not JSON/);
  expect(listed.stdout).toMatch(/HTTP 404/);
  const quarantined = await query<{ line: number; reason: string }>(
    folder.path,
    "SELECT line::INT AS line, reason FROM quarantine_rows ORDER BY line",
  );
  expect(quarantined.map(({ line }) => line)).toEqual([3, 5]);
  expect(quarantined[0]?.reason).toContain("price");
});

test("a run whose receipts are damaged ends at once and names the file", {
  timeout: 60_000,
}, async () => {
  await using folder = await freshFolder();
  await writeFile(join(folder.path, "rows.csv"), "id\n1\n");
  await writeFile(
    join(folder.path, "p.yaml"),
    `pipeline: bad\nsources:\n  - { name: rows, kind: files, urls: ["file:./rows.csv"], table: rows }\n`,
  );
  const receipts = join(folder.path, "lake/_onpoint/runs/bad-2026-01-01/process");
  await mkdir(receipts, { recursive: true });
  await writeFile(join(receipts, "rows-1.json"), '{"state":');
  const { code, stderr } = await runOnpoint(folder.path, ["run", "p.yaml", "--date", "2026-01-01"]);
  expect(code, stderr).toBe(1);
  expect(stderr).toMatch(/process\/rows-1\.json": it is not JSON/);
  expect(stderr).not.toMatch(/process\.restarted/);
});

test("a log that cannot be written is said, and does not end the run", {
  timeout: 60_000,
}, async () => {
  await using folder = await freshFolder();
  await writeFile(join(folder.path, "rows.csv"), "id\n1\n");
  await writeFile(
    join(folder.path, "p.yaml"),
    `pipeline: x\nsources:\n  - { name: rows, kind: files, urls: ["file:./rows.csv"], table: rows }\n`,
  );
  await mkdir(join(folder.path, ".onpoint/x-2026-01-01.log"), { recursive: true });
  const { code, stderr } = await runOnpoint(folder.path, ["run", "p.yaml", "--date", "2026-01-01"]);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/x-2026-01-01\.log: EISDIR/);
});

describe("the user's mistakes end in exit 2 and say what, where and what to do", () => {
  const source = `sources:\n  - { name: rows, kind: files, urls: ["file:./rows.csv"], table: rows }\n`;
  const cases: {
    name: string;
    text: string;
    args?: string[];
    env?: () => Record<string, string>;
    says: RegExp[];
  }[] = [
    {
      name: "unknown key",
      text: `pipeline: x\nlakes: file:./y\n${source}`,
      says: [/p\.yaml:2:1/, /lakes/, /lake/],
    },
    {
      name: "wrong type",
      text: `pipeline: x\nretries: { crawl: many }\n${source}`,
      says: [/p\.yaml:2:\d+/, /crawl/],
    },
    {
      name: "unset variable",
      text: `pipeline: x\nlake: "\${NO_SUCH_LAKE}"\n${source}`,
      says: [/p\.yaml:2:\d+/, /NO_SUCH_LAKE/, /export|:-/],
    },
    {
      name: "bad URL",
      text: `pipeline: x\nsources:\n  - { name: a, kind: api, url: "htp:/nowhere", records: "$[*]", pagination: { kind: none }, table: a }\n`,
      says: [/p\.yaml:3:\d+/, /htp:/],
    },
    {
      name: "missing file drop",
      text: `pipeline: x\nsources:\n  - { name: a, kind: files, urls: ["file:./absent.csv"], table: a }\n`,
      says: [/p\.yaml:3/, /absent\.csv/, /no such file/],
    },
    {
      name: "port taken",
      text: `pipeline: x\n${source}`,
      env: () => ({ ONPOINT_NATS_PORT: String(port) }),
      says: [/port/, /\d{4,5}/],
    },
    {
      name: "nats-server missing",
      text: `pipeline: x\n${source}`,
      env: () => ({ ONPOINT_NATS_SERVER: "/no/such/nats-server" }),
      says: [/nats-server/, /make/],
    },
    {
      name: "bad date",
      text: `pipeline: x\n${source}`,
      args: ["--date", "2026-02-30"],
      says: [/--date/, /YYYY-MM-DD/],
    },
    {
      name: "bad setting",
      text: `pipeline: x\n${source}`,
      env: () => ({ ONPOINT_WORKERS: "lots" }),
      says: [/ONPOINT_WORKERS/, /whole number/],
    },
  ];
  test.for(cases)("$name", { timeout: 30_000 }, async ({ text, args, env, says }) => {
    await using folder = await freshFolder();
    await writeFile(join(folder.path, "rows.csv"), "id\n1\n");
    await writeFile(join(folder.path, "p.yaml"), text);
    const { code, stderr } = await runOnpoint(
      folder.path,
      ["run", "p.yaml", ...(args ?? [])],
      env?.(),
    );
    expect(code, stderr).toBe(2);
    for (const pattern of says) expect(stderr).toMatch(pattern);
  });

  test("missing pipeline file", async () => {
    await using folder = await freshFolder();
    const { code, stderr } = await runOnpoint(folder.path, ["run", "absent.yaml"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/absent\.yaml/);
  });

  test("unwritable lake", { timeout: 30_000 }, async () => {
    await using folder = await freshFolder();
    await writeFile(join(folder.path, "rows.csv"), "id\n1\n");
    await writeFile(
      join(folder.path, "p.yaml"),
      `pipeline: x\nlake: file:./rows.csv/lake\n${source}`,
    );
    const { code, stderr } = await runOnpoint(folder.path, ["run", "p.yaml"]);
    expect(code, stderr).toBe(2);
    expect(stderr).toMatch(/rows\.csv/);
  });
});
