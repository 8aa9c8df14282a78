// Sites that share an IP address are asked no faster together than `rate.perAddress` allows, by one pod or by four.
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";

const sites = 12;
const pages = 3;
const perSecond = 25;

test.each([1, 4])(
  "%i crawl workers keep the pace of a shared address",
  { timeout: 60_000 },
  async (workers) => {
    await using folder = await freshFolder();
    const arrivals: number[] = [];
    let inFlight = 0;
    let mostInFlight = 0;
    const server = createServer((request, response) => {
      arrivals.push(performance.now());
      inFlight += 1;
      mostInFlight = Math.max(mostInFlight, inFlight);
      const isRobots = request.url === "/robots.txt";
      const links = Array.from({ length: pages }, (_, n) => `<a href="/${n}">page</a>`);
      setTimeout(() => {
        inFlight -= 1;
        response.writeHead(isRobots ? 404 : 200, { "content-type": "text/html" });
        response.end(isRobots ? "" : links.join(""));
      }, 20);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const { port } = server.address() as AddressInfo;
      const seeds = Array.from({ length: sites }, (_, n) => `http://site${n}.localhost:${port}/`);
      await writeFile(
        join(folder.path, "pipeline.yaml"),
        `pipeline: shared
lake: file:./lake
sources:
  - name: web
    kind: web
    seeds: ${JSON.stringify(seeds)}
    sitemaps: false
    pages: pages
    rate: { perSecond: 1000, concurrency: 8, perAddress: { perSecond: ${perSecond}, concurrency: 8 } }
`,
      );
      const { code, stderr } = await runOnpoint(folder.path, ["run", "pipeline.yaml"], {
        ONPOINT_WORKERS: String(workers),
      });
      expect(code, stderr).toBe(0);
      // A shard that moves brings its new owner to ask for robots.txt again.
      expect(arrivals.length).toBeGreaterThanOrEqual(sites * (1 + 1 + pages));
      const report = await runOnpoint(folder.path, ["report", "--json"]);
      const { hosts } = JSON.parse(report.stdout) as { hosts: { addressWaitMs?: number }[] };
      expect(hosts.reduce((sum, { addressWaitMs = 0 }) => sum + addressWaitMs, 0)).toBeGreaterThan(
        1_000 / perSecond,
      );
      expect(mostInFlight).toBeLessThanOrEqual(8);
      const wholeMs = (arrivals.at(-1) as number) - (arrivals[0] as number);
      expect(wholeMs).toBeGreaterThanOrEqual(((arrivals.length - 1) * 1_000) / perSecond);
      // When they went out, by those who sent them: how late one of them comes is the machine's doing. Each of four pods keeps
      // a part of the pace of its own, so ten together show it.
      const sent = await query<{ ms: number }>(
        folder.path,
        "SELECT epoch_ms(fetched_at)::DOUBLE AS ms FROM pages ORDER BY ms",
      );
      expect(sent.length).toBe(sites * (1 + pages));
      const tens = sent.slice(9).map(({ ms }, n) => ms - (sent[n] as { ms: number }).ms);
      expect(Math.min(...tens)).toBeGreaterThanOrEqual((0.8 * 9 * 1_000) / perSecond);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  },
);
