// One small site, crawled for three dates while it changes: what is asked for, and that each date's tables are whole.
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";
import { checkWarc, readWarc } from "../support/warcio.ts";

type Page = {
  status?: number;
  body?: string;
  /** Conditional requests are answered by these; without them, by the whole page. */
  etag?: string;
  lastModified?: string;
  location?: string;
  /** Sent as it is, and never looked at again. */
  badEtag?: string;
};
type Asked = { path: string; headers: IncomingHttpHeaders };

const links = (...names: string[]) => names.map((name) => `<a href=/${name}>x</a>`).join(" ");
const byHash = (body: string): Page => ({
  body,
  etag: `"${createHash("md5").update(body).digest("hex")}"`,
});
const may = "Fri, 01 May 2026 10:00:00 GMT";

/** The site on day 1, 2 and 3. */
const days: Record<string, Page>[] = [1, 2, 3].map((day) => ({
  "/": byHash(
    links("same", "dated", "changing", "moved", "copied", "lying", day === 1 ? "going" : "new"),
  ),
  "/same": byHash(`<h1>same</h1>${links("deep", "broken")}`),
  "/dated": { body: "<h1>dated</h1>", lastModified: may },
  "/changing": byHash(`<h1>day ${day}</h1>`),
  "/moved": { status: 301, location: "/target" },
  "/target": byHash("<h1>target</h1>"),
  // Servers that know nothing of validators: a new ETag for the same page, the same for another.
  "/copied": { body: "<h1>copied</h1>", badEtag: `"${day}"` },
  "/lying": { body: `<h1>lie ${day}</h1>`, badEtag: '"1"' },
  "/deep": byHash("<h1>deep</h1>"),
  ...(day === 1 ? { "/going": byHash("<h1>going</h1>") } : { "/new": byHash("<h1>new</h1>") }),
}));

let day = 1;
let asked: Asked[] = [];
/** Of the last crawl. */
let startedAt = "";
const server = createServer((request, answer) => {
  const path = request.url ?? "/";
  asked.push({ path, headers: request.headers });
  const page = days[day - 1]?.[path] ?? { status: 404, body: "no such page" };
  const { status = 200, body = "", etag, lastModified, location, badEtag } = page;
  const isSame =
    (etag !== undefined && request.headers["if-none-match"] === etag) ||
    (lastModified !== undefined && request.headers["if-modified-since"] === lastModified);
  const sent = { etag: etag ?? badEtag, "last-modified": lastModified, location };
  for (const [name, value] of Object.entries(sent)) if (value) answer.setHeader(name, value);
  if (isSame) answer.writeHead(304).end();
  else answer.writeHead(status, { "content-type": "text/html" }).end(body);
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://site.localhost:${(server.address() as AddressInfo).port}`;

afterEach(() => {
  asked = [];
  day = 1;
});

const yaml = (more: string) =>
  `pipeline: p
sources:
  - name: site
    kind: web
    seeds: ["${origin}/"]
    sitemaps: false
    robots: ignore
    rate: { perSecond: 500, concurrency: 4 }
    retries: 0
    ${more}
    pages: pages
    extract: [{ table: heads, match: "**", fields: { head: { css: h1 } } }]
`.replace("    retries: 0\n", "");

/** A crawl for a day; gives its exit code, and what was asked for, by path. */
async function crawl(folder: string, today: number, ...more: string[]) {
  day = today;
  asked = [];
  startedAt = new Date().toISOString();
  const args = ["run", "p.yaml", "--date", `2026-06-0${today}`, ...more];
  const { code, stderr } = await runOnpoint(folder, args);
  const validators = asked.map(({ path, headers }) => [
    path,
    headers["if-none-match"] ?? headers["if-modified-since"] ?? "whole",
  ]);
  return { code, stderr, asked: Object.fromEntries(validators) as Record<string, string> };
}

type Row = {
  path: string;
  status: number;
  head: string | null;
  changed: boolean;
  gone: boolean;
  fresh: boolean;
};

/** The rows of a date, by path. `fresh`: its content was fetched by the last crawl. */
async function rowsOf(folder: string, today: number): Promise<Record<string, Omit<Row, "path">>> {
  const rows = await query<Row>(
    folder,
    `SELECT replace(p.url, '${origin}', '') AS path, p.status, h.head, p.changed, p.gone,
       p.fetched_at >= TIMESTAMPTZ '${startedAt}' AS fresh
     FROM pages p LEFT JOIN heads h ON h.url = p.url AND h.dt = p.dt
     WHERE p.dt = '2026-06-0${today}'`,
  );
  return Object.fromEntries(rows.map(({ path, ...row }) => [path, row]));
}

const row = (head: string | null, changed: boolean, fresh: boolean) => ({
  status: 200,
  head,
  changed,
  gone: false,
  fresh,
});

const slow = { timeout: 180_000 };

test("three dates: unchanged, changed, gone, new, and servers that lie", slow, async () => {
  await using folder = await freshFolder();
  const { path } = folder;
  await writeFile(join(path, "p.yaml"), yaml("warc: true"));
  const etagOf = (name: string, today: number) => days[today - 1]?.[name]?.etag;

  const first = await crawl(path, 1);
  expect(first.code, first.stderr).toBe(3);
  expect(new Set(Object.values(first.asked))).toEqual(new Set(["whole"]));
  const firstRows = await rowsOf(path, 1);
  expect(Object.values(firstRows).every(({ changed, gone }) => changed && !gone)).toBe(true);
  expect(Object.keys(firstRows).sort()).toEqual(
    ["/", "/changing", "/copied", "/dated", "/deep", "/going", "/lying", "/same", "/target"].sort(),
  );

  const second = await crawl(path, 2);
  // What is gone is no dead letter, and neither is what is still missing and named by nobody that changed.
  expect(second.code, second.stderr).toBe(0);
  expect(second.asked).toEqual({
    "/": etagOf("/", 1),
    "/same": etagOf("/same", 1),
    "/dated": may,
    "/changing": etagOf("/changing", 1),
    "/moved": "whole",
    "/target": etagOf("/target", 1),
    "/copied": '"1"',
    "/lying": '"1"',
    "/deep": etagOf("/deep", 1),
    "/going": etagOf("/going", 1),
    "/new": "whole",
    "/broken": "whole",
  });
  expect(await rowsOf(path, 2)).toEqual({
    "/": row(null, true, true),
    "/same": row("same", false, false),
    "/dated": row("dated", false, false),
    "/changing": row("day 2", true, true),
    "/target": row("target", false, false),
    "/copied": row("copied", false, true),
    "/lying": row("lie 2", true, true),
    "/deep": row("deep", false, false),
    "/new": row("new", true, true),
    "/going": { status: 404, head: null, changed: true, gone: true, fresh: true },
  });
  const [going] = await query<{ ok: boolean }>(
    path,
    `SELECT last_seen < fetched_at AND first_seen = last_seen AS ok FROM pages WHERE gone`,
  );
  expect(going).toEqual({ ok: true });

  const third = await crawl(path, 3);
  expect(third.code, third.stderr).toBe(0);
  // Nobody names it any more.
  expect(third.asked["/going"]).toBeUndefined();
  expect(third.asked["/"]).toBe(etagOf("/", 2));
  expect(third.asked["/copied"]).toBe('"2"');
  expect(await rowsOf(path, 3)).toMatchObject({
    "/": { status: 200, changed: false },
    "/same": row("same", false, false),
    "/changing": row("day 3", true, true),
    "/new": row("new", false, false),
    "/deep": row("deep", false, false),
  });
  const [whole] = await query<{ n: number; text: string }>(
    path,
    `SELECT count(*)::INT AS n, min(text) AS text FROM pages WHERE dt = '2026-06-03' AND title IS NULL`,
  );
  expect(whole?.n).toBe(9);

  const files = globSync(join(path, "lake/raw/site/dt=2026-06-02/*/*.warc.gz"));
  const revisits: string[] = [];
  for (const file of files) {
    await checkWarc(file);
    for (const { fields } of await readWarc(file)) {
      if (fields["WARC-Profile"]?.endsWith("/server-not-modified"))
        revisits.push((fields["WARC-Target-URI"] ?? "").replace(origin, ""));
    }
  }
  expect(revisits.sort()).toEqual(["/dated", "/deep", "/same", "/target"]);
});

test("a forced run asks for what its first generation asked for", slow, async () => {
  await using folder = await freshFolder();
  const { path } = folder;
  await writeFile(join(path, "p.yaml"), yaml(""));
  expect((await crawl(path, 1)).code).toBe(3);
  const whole = (await crawl(path, 1, "--force")).asked;
  expect(new Set(Object.values(whole))).toEqual(new Set(["whole"]));
  const second = await crawl(path, 2);
  const again = await crawl(path, 2, "--force");
  expect(again.asked).toEqual(second.asked);
});

test(
  "another scope: every page is asked for whole, and what comes into scope is found",
  slow,
  async () => {
    await using folder = await freshFolder();
    const { path } = folder;
    await writeFile(join(path, "p.yaml"), yaml("scope: { maxDepth: 1 }"));
    await crawl(path, 2);
    await writeFile(join(path, "p.yaml"), yaml("scope: { maxDepth: 5 }"));
    const wider = await crawl(path, 3);
    expect(wider.asked["/same"]).toBe("whole");
    expect(Object.keys(wider.asked)).toContain("/deep");
    expect((await rowsOf(path, 3))["/same"]).toEqual(row("same", false, true));
  },
);

test(
  "adaptive: what is not due is not asked for, and in the tables all the same",
  slow,
  async () => {
    await using folder = await freshFolder();
    const { path } = folder;
    await writeFile(join(path, "p.yaml"), yaml("recrawl: { mode: adaptive }"));
    await crawl(path, 1);
    const second = await crawl(path, 2);
    expect(Object.keys(second.asked).sort()).toEqual(["/", "/broken", "/moved", "/new"]);
    const rows = await rowsOf(path, 2);
    expect(Object.keys(rows)).toHaveLength(10);
    expect(rows["/changing"]).toEqual(row("day 1", false, false));
    expect(rows["/deep"]).toEqual(row("deep", false, false));
    expect(rows["/new"]).toEqual(row("new", true, true));
  },
);
