// Crawls a world with the program as a user runs it, and scores the crawl.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Ended, query, type Running, runOnpoint, startOnpoint } from "../run-onpoint.ts";
import { makeWorld } from "./make-world.ts";
import type { Pace } from "./politeness.ts";
import { type Crawled, type Score, scoreCrawl } from "./score.ts";
import { startWeb, type Web } from "./start-web.ts";
import { urlOf, type World, type WorldOptions } from "./world.ts";

export type CrawlOptions = {
  workers: number;
  maxDepth: number;
  perSecond: number;
  concurrency: number;
  backoffMs: number;
  /** Does harm while the run is under way; ends when the run has ended. */
  disturb?: (running: Running) => Promise<void>;
  env?: Record<string, string>;
};

export const quickly: CrawlOptions = {
  workers: 2,
  maxDepth: 100,
  perSecond: 25,
  concurrency: 2,
  backoffMs: 100,
};

/** Short leases and segments: what takes long in the field happens often here. */
const quickEnv = {
  ONPOINT_LEASE_TTL_MS: "2500",
  ONPOINT_SEGMENT_MS: "700",
  ONPOINT_BATCH_MS: "1500",
};
const pipelineName = "web";
const date = "2026-01-01";
/** A run that was stopped is started again; not for ever. */
const maxStarts = 4;

/** The crawl's score; `story`: what to read when it is not exact. */
export type WorldRun = { score: Score; story: string; starts: number; seconds: number };

/** Serves the world, crawls it in `folder` to its end, and scores it. Throws Error when the run fails. */
export async function runWorld(
  folder: string,
  worldOptions: WorldOptions,
  options: CrawlOptions,
): Promise<WorldRun> {
  const world = makeWorld(worldOptions);
  const web = await startWeb(worldOptions, join(folder, "requests.tsv"));
  let arrivals: Awaited<ReturnType<Web["stop"]>> | undefined;
  try {
    const file = await writePipeline(folder, world, web.port, options);
    const startedMs = performance.now();
    const { ended, starts } = await runToEnd(folder, file, options);
    const seconds = (performance.now() - startedMs) / 1_000;
    const crawled = await readCrawled(folder);
    arrivals = await web.stop();
    const limits = { maxDepth: options.maxDepth, retries: worldOptions.retries };
    const score = scoreCrawl(world, { ...crawled, arrivals }, limits, paceOf(options), web.port);
    return { score, story: ended.stderr.slice(-4_000), starts, seconds };
  } finally {
    if (arrivals === undefined) await web.stop();
  }
}

export function paceOf({ perSecond, concurrency, backoffMs }: CrawlOptions): Pace {
  return { gapMs: 1_000 / perSecond, concurrency, backoffMs };
}

/** Runs, and again while it was stopped or lost its lease. */
async function runToEnd(
  folder: string,
  file: string,
  { workers, disturb, env }: CrawlOptions,
): Promise<{ ended: Ended; starts: number }> {
  const args = ["run", file, "--date", date, "--workers", String(workers), "--json"];
  const all = { ...quickEnv, ...env };
  for (let starts = 1; ; starts += 1) {
    const running = startOnpoint(folder, args, all);
    if (starts === 1) await disturb?.(running);
    const ended = await running.ended;
    // 3: done, with dead letters.
    if (ended.code === 0 || ended.code === 3) return { ended, starts };
    if (starts === maxStarts)
      throw new Error(`onpoint run ended with ${ended.code}: ${ended.stderr.slice(-6_000)}`);
  }
}

async function writePipeline(
  folder: string,
  world: World,
  port: number,
  { maxDepth, perSecond, concurrency, backoffMs }: CrawlOptions,
): Promise<string> {
  const file = join(folder, "pipeline.yaml");
  const seeds = world.seeds.map((seed) => JSON.stringify(urlOf(seed, port)));
  await writeFile(
    file,
    `pipeline: ${pipelineName}
lake: file:./lake
sources:
  - name: web
    kind: web
    seeds: [${seeds.join(", ")}]
    scope: { within: any, maxDepth: ${maxDepth}, maxPages: 1000000 }
    rate: { perSecond: ${perSecond}, concurrency: ${concurrency}, backoff: ${backoffMs}ms, maxBackoff: 1s }
    pages: pages
retries: { crawl: ${world.options.retries} }
`,
  );
  return file;
}

async function readCrawled(folder: string): Promise<Omit<Crawled, "arrivals">> {
  const pages = await query<Crawled["pages"][number]>(
    folder,
    "SELECT url, title, depth::INT AS depth FROM pages",
  );
  const listed = await runOnpoint(folder, ["dead", "ls", `${pipelineName}-${date}`, "--json"]);
  const { letters } = JSON.parse(listed.stdout) as { letters: Crawled["dead"] };
  return { pages, dead: letters };
}
