// A small world for tests that kill things: an API, a site and a file, served on loopback with a log of every request.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export type WorldRequest = { atMs: number; host: string; path: string; status: number };
export type SmallWorld = {
  port: number;
  requests: WorldRequest[];
  /** What every table must hold, whatever happened on the way. */
  expected: { items: number; itemSum: number; pages: string[]; orders: number };
  stop(): Promise<void>;
};

const apiPages = 30;
const perPage = 20;
const sitePages = 45;

/** Starts the world. Page N of the site links to pages 3N+1 to 3N+3 and back to the start; every 40th answer is a 503. */
export async function startSmallWorld(): Promise<SmallWorld> {
  const requests: WorldRequest[] = [];
  let served = 0;
  const server = createServer((request, answer) => {
    const url = new URL(request.url ?? "/", "http://world");
    const host = (request.headers.host ?? "").split(":")[0] ?? "";
    served += 1;
    const isFault = served % 40 === 0 && url.pathname !== "/robots.txt";
    const { status, type, body } = isFault
      ? { status: 503, type: "text/plain", body: "busy" }
      : contentOf(host, url);
    requests.push({
      atMs: performance.timeOrigin + performance.now(),
      host,
      path: url.pathname + url.search,
      status,
    });
    answer
      .writeHead(status, { "content-type": type, ...(isFault ? { "retry-after": "1" } : {}) })
      .end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const items = apiPages * perPage;
  return {
    port,
    requests,
    expected: {
      items,
      itemSum: (items * (items - 1)) / 2,
      pages: Array.from(
        { length: sitePages },
        (_, n) => `http://site.localhost:${port}${pathOf(n)}`,
      ).sort(),
      orders: 500,
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Writes a pipeline over the world, its file drop and a model into `folder`; gives the pipeline's path. */
export async function writeWorldPipeline(folder: string, port: number): Promise<string> {
  const { mkdir } = await import("node:fs/promises");
  await mkdir(join(folder, "models/tests"), { recursive: true });
  const orders = Array.from(
    { length: 500 },
    (_, n) => `${n},${n % 7},2026-01-${String((n % 28) + 1).padStart(2, "0")}`,
  );
  await writeFile(join(folder, "orders.csv"), ["id,kind,day", ...orders, ""].join("\n"));
  await writeFile(
    join(folder, "models/kinds.sql"),
    "SELECT kind, count(*) AS orders FROM orders GROUP BY kind ORDER BY kind",
  );
  await writeFile(
    join(folder, "models/tests/kinds.complete.sql"),
    "SELECT 1 FROM kinds HAVING sum(orders) <> (SELECT count(*) FROM orders)",
  );
  const file = join(folder, "pipeline.yaml");
  await writeFile(
    file,
    `pipeline: world
lake: file:./lake
sources:
  - name: items
    kind: api
    url: http://api.localhost:${port}/items
    records: $.data[*]
    pagination: { kind: cursor, param: cursor, next: $.next }
    rate: { perSecond: 40, concurrency: 2 }
    table: items
  - name: site
    kind: web
    seeds: ["http://site.localhost:${port}/"]
    scope: { within: host, maxDepth: 20, maxPages: 1000 }
    rate: { perSecond: 40, concurrency: 2 }
    pages: pages
  - name: orders
    kind: files
    urls: ["file:./orders.csv"]
    table: orders
tables:
  orders: { partitionBy: [day] }
etl: { models: ./models }
retries: { crawl: 6, process: 2, etl: 1, upload: 3 }
upload: { to: "s3://nowhere/x", simulate: true }
`,
  );
  return file;
}

function contentOf(host: string, url: URL): { status: number; type: string; body: string } {
  if (host === "api.localhost") {
    const page = Number(url.searchParams.get("cursor") ?? "0");
    const data = Array.from({ length: perPage }, (_, n) => ({
      id: page * perPage + n,
      name: `item ${page * perPage + n}`,
    }));
    return json({ data, next: page + 1 < apiPages ? String(page + 1) : null });
  }
  if (url.pathname === "/robots.txt")
    return { status: 200, type: "text/plain", body: "User-agent: *\nDisallow: /secret/\n" };
  const page = url.pathname === "/" ? 0 : Number(/^\/page\/(\d+)$/.exec(url.pathname)?.[1] ?? -1);
  if (page < 0 || page >= sitePages)
    return { status: 404, type: "text/plain", body: "no such page" };
  const children = [1, 2, 3].map((n) => 3 * page + n).filter((n) => n < sitePages);
  const links = [0, ...children].map((n) => `<a href="${pathOf(n)}">page ${n}</a>`).join(" ");
  return {
    status: 200,
    type: "text/html",
    body: `<title>Page ${page}</title><p>${links} <a href="/secret/x">no</a></p>`,
  };
}

const pathOf = (page: number) => (page === 0 ? "/" : `/page/${page}`);
const json = (value: unknown) => ({
  status: 200,
  type: "application/json",
  body: JSON.stringify(value),
});
