// A page cap over many sites, which several processes crawl: it is reached to the page, and not passed.

import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";

const sites = 12;
const pagesPerSite = 8;

/** Every page links to the next of its site and of the site after it; each third one is missing. */
async function startSites() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const host = request.headers.host ?? "";
    const path = request.url ?? "/";
    if (path === "/robots.txt" || path === "/sitemap.xml")
      return void response.writeHead(404).end();
    asked.push(host + path);
    const n = Number(path.slice(1));
    if (n % 3 === 2) return void response.writeHead(404).end();
    const site = Number(/\d+/.exec(host)?.[0]);
    const port = host.split(":")[1];
    const links = [
      [site, n + 1],
      [site, n + 2],
      [(site + 1) % sites, n],
    ].filter(([, page = 0]) => page < pagesPerSite);
    const anchors = links.map(
      ([to, page]) => `<a href="http://s.site-${to}.localhost:${port}/${page}">x</a>`,
    );
    response
      .setHeader("content-type", "text/html")
      .end(`<title>${path}</title>${anchors.join(" ")}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const there =
  sites * Array.from({ length: pagesPerSite }, (_, n) => n).filter((n) => n % 3 !== 2).length;

test.each([
  [1, 31],
  [4, 31],
  [4, 5],
  [2, 1_000],
])("%i workers, maxPages %i", { timeout: 120_000 }, async (workers, maxPages) => {
  await using folder = await freshFolder();
  await using web = await startSites();
  const file = join(folder.path, "pipeline.yaml");
  await writeFile(
    file,
    `pipeline: capped
lake: file:./lake
sources:
  - name: web
    kind: web
    seeds: [http://s.site-0.localhost:${web.port}/0]
    sitemaps: false
    scope: { within: any, maxDepth: 100, maxPages: ${maxPages} }
    rate: { perSecond: 50, concurrency: 2 }
    pages: pages
retries: { crawl: 0 }
`,
  );
  const args = ["run", file, "--date", "2026-01-01", "--workers", String(workers), "--json"];
  const env = { ONPOINT_SEGMENT_MS: "500", ONPOINT_LEASE_TTL_MS: "2500" };
  const { code, stdout, stderr } = await runOnpoint(folder.path, args, env);
  // 3: done, with dead letters.
  expect([0, 3], stderr).toContain(code);
  const [row] = await query<{ pages: number }>(
    folder.path,
    "SELECT count(DISTINCT url)::INT AS pages FROM pages WHERE status = 200",
  );
  expect(row?.pages, stderr.slice(-3_000)).toBe(Math.min(maxPages, there));
  expect(JSON.parse(stdout).sources.web.pages).toBe(row?.pages);
  expect(new Set(web.asked).size).toBe(web.asked.length);
});
