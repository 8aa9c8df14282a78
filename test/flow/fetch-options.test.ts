// How a source's requests travel, seen by the sites it crawls and in what a run reports.
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";

const seen: { host: string; path: string; agent: string; cookie: string }[] = [];
const html = (...paths: string[]) => paths.map((path) => `<a href="${path}">x</a>`).join("");
const server = createServer((request, answer) => {
  const { path } = note(request);
  const pages: Record<string, string> = {
    "/": html(
      "/login",
      "/round/1",
      `http://127.0.0.1:${port}/inside`,
      "http://10.0.0.1/inside",
      "/out",
    ),
    "/login": "<title>in</title>",
    "/deep": html(),
  };
  const moved: Record<string, string> = {
    "/round/1": "/round/2",
    "/round/2": "/round/3",
    "/round/3": "/round/1",
    "/out": "http://169.254.169.254/latest/meta-data/",
  };
  const [body, location] = [pages[path], moved[path]];
  if (path === "/login") answer.setHeader("set-cookie", "id=7; Path=/");
  if (location !== undefined) answer.writeHead(302, { location }).end();
  else if (body !== undefined) answer.writeHead(200, { "content-type": "text/html" }).end(body);
  else answer.writeHead(404).end();
});
function note({ headers, url = "" }: IncomingMessage) {
  const arrival = {
    host: headers.host ?? "",
    path: url,
    agent: headers["user-agent"] ?? "",
    cookie: headers.cookie ?? "",
  };
  seen.push(arrival);
  return arrival;
}
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test("loops and private addresses end as dead letters with their reasons; contact and cookies reach the site", {
  timeout: 120_000,
}, async () => {
  await using folder = await freshFolder();
  await writeFile(
    join(folder.path, "p.yaml"),
    `pipeline: travel
sources:
  - name: site
    kind: web
    seeds: ["http://site.localhost:${port}/"]
    sitemaps: false
    scope: { within: any }
    rate: { perSecond: 50, concurrency: 1, backoff: 50ms }
    contact: https://example.com/bot
    cookies: run
    pages: pages
retries: { crawl: 1 }
`,
  );
  const args = ["run", "p.yaml", "--date", "2026-01-01", "--workers", "1", "--json"];
  const ended = await runOnpoint(folder.path, args);
  expect(ended.code, ended.stderr).toBe(3);
  expect(seen.filter(({ host }) => !host.startsWith("site.localhost"))).toEqual([]);
  expect(new Set(seen.map(({ agent }) => agent))).toEqual(
    new Set(["onpoint/0.1 (+https://example.com/bot)"]),
  );
  const login = seen.findIndex(({ path }) => path === "/login");
  expect(new Set(seen.slice(login + 1).map(({ cookie }) => cookie))).toEqual(new Set(["id=7"]));
  expect(seen.filter(({ path }) => path.startsWith("/round"))).toHaveLength(3);

  const { letters } = JSON.parse(
    (await runOnpoint(folder.path, ["dead", "ls", "travel-2026-01-01", "--json"])).stdout,
  ) as { letters: { subject: string; reason: string }[] };
  const reasonOf = (url: string) => letters.find(({ subject }) => subject === url)?.reason;
  const round = [1, 2, 3].map((n) => `http://site.localhost:${port}/round/${n}`);
  expect(reasonOf(round[2] ?? "")).toBe(
    `redirects in a loop: ${[...round, round[0]].join(" -> ")}`,
  );
  for (const url of [
    `http://127.0.0.1:${port}/inside`,
    "http://10.0.0.1/inside",
    "http://169.254.169.254/latest/meta-data/",
  ])
    expect(reasonOf(url), url).toContain("and the pipeline does not name this host");
  expect(letters).toHaveLength(4);
  const pages = await query<{ url: string }>(folder.path, "SELECT url FROM pages ORDER BY url");
  expect(pages.map(({ url }) => new URL(url).pathname)).toEqual(["/", "/login"]);
});
