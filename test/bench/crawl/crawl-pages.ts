// One measured crawl of the page server by onpoint: starts the server, writes a pipeline, runs it, and tells what the crawl
// role's processes used. The other roles run too (a crawl without them is no crawl) but are not counted.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunReport } from "../../../internal/model/run.ts";
import { freshFolder, startOnpoint } from "../../support/run-onpoint.ts";
import { meterProcessTree } from "../process-tree.ts";
import { hostAddress } from "./pages-web.ts";

export type PagesWorld = {
  hosts: number;
  /** Pages of each host. */
  pages: number;
  /** Time that every answer takes. */
  delayMs: number;
  /** TLS with gzip instead of plain HTTP. */
  tls: boolean;
};

export type CrawlFigures = {
  pages: number;
  /** Of the whole run, start and end included. */
  wallSeconds: number;
  /** From the first request to the last, by the server's clock. */
  crawlSeconds: number;
  /** Of all crawl processes, their start included. */
  cpuSeconds: number;
  peakPssBytes: number;
};

/** `stop` gives the seconds from the first request to the last. */
export type PageServer = {
  seeds: string[];
  certificate: string | null;
  stop: () => Promise<number>;
};

/** Starts the page server of a world as a process of its own. `folder` is for its certificate. */
export async function startPageServer(world: PagesWorld, folder: string): Promise<PageServer> {
  const certificate = world.tls ? await makeCertificate(world.hosts, folder) : null;
  const script = join(import.meta.dirname, "pages-server.ts");
  const args = [world.hosts, world.pages, world.delayMs].map(String);
  const child = spawn(process.execPath, [script, ...args, ...(certificate ? [certificate] : [])], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(String(line));
  const scheme = world.tls ? "https" : "http";
  const seeds = Array.from(
    { length: world.hosts },
    (_, host) => `${scheme}://${hostAddress(host)}:${port}/`,
  );
  return { seeds, certificate: certificate && `${certificate}.crt`, stop: () => endInput(child) };
}

/** Crawls a world once with `workers` crawl processes. Throws when the run does not end well or pages are missing. */
export async function crawlPages(
  world: PagesWorld,
  workers: number,
  settings: Record<string, string> = {},
): Promise<CrawlFigures> {
  await using folder = await freshFolder();
  const server = await startPageServer(world, folder.path);
  let crawlSeconds = 0;
  let figures: Omit<CrawlFigures, "crawlSeconds">;
  try {
    await writeFile(join(folder.path, "pipeline.yaml"), pipelineOf(server.seeds));
    const { child, ended } = startOnpoint(folder.path, ["run", "pipeline.yaml", "--json"], {
      ONPOINT_WORKERS: String(workers),
      ONPOINT_LOG_LEVEL: "warn",
      ...(server.certificate ? { NODE_EXTRA_CA_CERTS: server.certificate } : {}),
      ...settings,
    });
    const meter = meterProcessTree(child.pid ?? 0, { everyMs: 50 });
    const { code, stdout, stderr } = await ended;
    const usage = meter.stop();
    const report = JSON.parse(stdout || "{}") as Partial<RunReport>;
    const pages = report.sources?.web?.pages ?? 0;
    // The start page of a site is a page of its own, beside the numbered ones.
    const expected = world.hosts * (world.pages + 1);
    if (code !== 0 || pages !== expected)
      throw new Error(`crawled ${pages} of ${expected} pages, exit ${code}: ${stderr}`);
    const crawl = usage.commands.find((command) => command.name === "onpoint crawl");
    if (crawl === undefined) throw new Error("no crawl process was seen");
    const { cpuSeconds, peakPssBytes } = crawl;
    figures = { pages, wallSeconds: report.seconds ?? 0, cpuSeconds, peakPssBytes };
  } finally {
    crawlSeconds = await server.stop();
  }
  return { ...figures, crawlSeconds };
}

function pipelineOf(seeds: readonly string[]): string {
  return `pipeline: bench
lake: file:./lake
sources:
  - name: web
    kind: web
    seeds: ${JSON.stringify(seeds)}
    scope: { within: host, maxPages: 10000000 }
    rate: { perSecond: 10000, concurrency: 8 }
`;
}

/** A certificate for all addresses of the world, by openssl; gives the path without `.key` and `.crt`. */
async function makeCertificate(hosts: number, folder: string): Promise<string> {
  const path = join(folder, "bench");
  const names = Array.from({ length: hosts }, (_, host) => `IP:${hostAddress(host)}`).join(",");
  const made = spawn(
    "openssl",
    [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" "),
      ...["-subj", "/CN=bench", "-addext", `subjectAltName=${names}`],
      ...["-keyout", `${path}.key`, "-out", `${path}.crt`],
    ],
    { stdio: "ignore" },
  );
  const [code] = (await once(made, "exit")) as [number];
  if (code !== 0) throw new Error(`openssl could not make a certificate (exit ${code})`);
  return path;
}

async function endInput(child: ChildProcess): Promise<number> {
  const exit = once(child, "exit");
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  child.stdin?.end();
  await exit;
  return Number(text);
}
