// Crawls a world with the program as a user runs it, and scores the crawl.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Ended, query, runOnpoint, startOnpoint } from "../run-onpoint.ts";
import type { Arrival } from "./arrival.ts";
import { makeWorld } from "./make-world.ts";
import type { Pace } from "./politeness.ts";
import { type Random, randomOf } from "./random.ts";
import { type Crawled, type Score, scoreCrawl } from "./score.ts";
import { startWeb } from "./start-web.ts";
import { type Strikes, strike } from "./strikes.ts";
import { urlOf, type World, type WorldOptions } from "./world.ts";

export type CrawlOptions = {
  /** Its name. */
  pipeline: string;
  workers: number;
  maxDepth: number;
  maxPages: number;
  perSecond: number;
  concurrency: number;
  backoffMs: number;
  /** Kills processes while the run is under way. */
  strikes?: Strikes;
  env?: Record<string, string>;
};

export const quickly: CrawlOptions = {
  pipeline: "web",
  workers: 2,
  maxDepth: 100,
  maxPages: 1_000_000,
  perSecond: 25,
  concurrency: 2,
  backoffMs: 100,
};

/** Short leases and segments, many snapshots: what takes long in the field happens often here. */
const quickEnv = {
  ONPOINT_LEASE_TTL_MS: "2500",
  ONPOINT_SEGMENT_MS: "700",
  ONPOINT_BATCH_MS: "1500",
  ONPOINT_SNAPSHOT_LINKS: "5",
  ONPOINT_SNAPSHOT_MS: "500",
};
const date = "2026-01-01";
/** A run that was stopped is started again; not for ever. */
const maxStarts = 4;

/** One crawl, to its end. `story`: what to read when it is not exact. `killed`: roles, in order. */
export type WorldCrawl = Omit<Crawled, "arrivals"> & {
  port: number;
  story: string;
  starts: number;
  killed: string[];
  seconds: number;
};

/** Serves the world, crawls it in `folder` to its end, and scores it. Throws Error when the run fails. */
export async function runWorld(
  folder: string,
  worldOptions: WorldOptions,
  options: CrawlOptions,
): Promise<WorldCrawl & { score: Score }> {
  const world = makeWorld(worldOptions);
  const web = await startWeb(worldOptions, join(folder, "requests.tsv"));
  let arrivals: Arrival[] | null = null;
  try {
    const crawl = await crawlWorld(folder, world, web.port, options);
    arrivals = await web.stop();
    return { ...crawl, score: scoreOf(world, web.port, { ...crawl, arrivals }, options) };
  } finally {
    if (arrivals === null) await web.stop();
  }
}

/** Crawls a world that is served at that port, in `folder`. Throws Error when the run fails. */
export async function crawlWorld(
  folder: string,
  world: World,
  port: number,
  options: CrawlOptions,
): Promise<WorldCrawl> {
  const file = await writePipeline(folder, world, port, options);
  const startedMs = performance.now();
  const random = randomOf(world.options.seed, "strikes");
  const { ended, starts, killed } = await runToEnd(folder, file, options, random);
  const seconds = (performance.now() - startedMs) / 1_000;
  const story = `killed: ${killed.join(", ") || "nothing"}\n${ended.stderr.slice(-4_000)}`;
  return { ...(await readCrawled(folder, options)), port, story, starts, killed, seconds };
}

/** `arrivals`: of the server's whole life. */
export function scoreOf(
  world: World,
  port: number,
  crawled: Crawled,
  options: CrawlOptions,
): Score {
  const limits = { maxDepth: options.maxDepth, retries: world.options.retries };
  return scoreCrawl(world, crawled, limits, paceOf(options), port);
}

export function paceOf({ perSecond, concurrency, backoffMs }: CrawlOptions): Pace {
  return { gapMs: 1_000 / perSecond, concurrency, backoffMs };
}

/** Runs, and again while it was stopped or lost its lease. */
async function runToEnd(
  folder: string,
  file: string,
  { workers, strikes, env }: CrawlOptions,
  random: Random,
): Promise<{ ended: Ended; starts: number; killed: string[] }> {
  const args = ["run", file, "--date", date, "--workers", String(workers), "--json"];
  const all = { ...quickEnv, ...env };
  const killed: string[] = [];
  for (let starts = 1; ; starts += 1) {
    const running = startOnpoint(folder, args, all);
    if (starts === 1 && strikes) killed.push(...(await strike(running, folder, strikes, random)));
    const ended = await running.ended;
    // 3: done, with dead letters.
    if (ended.code === 0 || ended.code === 3) return { ended, starts, killed };
    if (starts === maxStarts)
      throw new Error(`onpoint run ended with ${ended.code}: ${ended.stderr.slice(-6_000)}`);
  }
}

async function writePipeline(
  folder: string,
  world: World,
  port: number,
  options: CrawlOptions,
): Promise<string> {
  const { maxDepth, maxPages, perSecond, concurrency, backoffMs } = options;
  const file = join(folder, "pipeline.yaml");
  const seeds = world.seeds.map((seed) => JSON.stringify(urlOf(seed, port)));
  await writeFile(
    file,
    `pipeline: ${options.pipeline}
lake: file:./lake
sources:
  - name: web
    kind: web
    seeds: [${seeds.join(", ")}]
    scope: { within: any, maxDepth: ${maxDepth}, maxPages: ${maxPages} }
    rate: { perSecond: ${perSecond}, concurrency: ${concurrency}, backoff: ${backoffMs}ms, maxBackoff: 1s, busyBackoff: ${backoffMs}ms }
    pages: pages
retries: { crawl: ${world.options.retries} }
`,
  );
  return file;
}

async function readCrawled(
  folder: string,
  { pipeline }: CrawlOptions,
): Promise<Omit<Crawled, "arrivals">> {
  const pages = await query<Crawled["pages"][number]>(
    folder,
    "SELECT url, title, depth::INT AS depth FROM pages",
  );
  const listed = await runOnpoint(folder, ["dead", "ls", `${pipeline}-${date}`, "--json"]);
  const { letters } = JSON.parse(listed.stdout) as { letters: Crawled["dead"] };
  return { pages, dead: letters };
}
