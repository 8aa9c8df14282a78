// What else crawls: each of them over the page server's pages with the same duties as far as it has them (robots.txt obeyed,
// every page once, the body written to a file), as a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { checkout, freshFolder } from "../../support/run-onpoint.ts";
import { meterProcessTree } from "../process-tree.ts";
import { type CrawlFigures, type PagesWorld, startPageServer } from "./crawl-pages.ts";

const scripts = join(import.meta.dirname, "rivals");
/** Where scripts/bench-rivals.sh puts them. */
const installed = join(checkout, ".tools/bench-rivals");

type Rival = { name: string; cwd: string; command: string[] };

export const rivals: Rival[] = [
  {
    name: "Scrapy",
    cwd: installed,
    command: [join(installed, "scrapy/bin/python"), join(scripts, "scrapy_pages.py")],
  },
  {
    name: "Crawlee CheerioCrawler",
    cwd: join(installed, "crawlee"),
    command: [process.execPath, join(scripts, "crawlee-pages.mjs")],
  },
  { name: "colly", cwd: installed, command: [join(installed, "colly")] },
];

/**
 * Crawls a world once. `pages` are the distinct ones that the rival wrote; one that fetched a page twice has worked for
 * nothing. Throws when it fails or pages are missing.
 */
export async function crawlWith(rival: Rival, world: PagesWorld): Promise<CrawlFigures> {
  await using folder = await freshFolder();
  const server = await startPageServer(world, folder.path);
  let crawlSeconds = 0;
  let figures: Omit<CrawlFigures, "crawlSeconds">;
  try {
    const seeds = join(folder.path, "seeds.txt");
    const output = join(folder.path, "pages.jsonl");
    await writeFile(seeds, server.seeds.join("\n"));
    const [program = "", ...args] = [...rival.command, seeds, output];
    const child = spawn(program, args, { cwd: rival.cwd, stdio: ["ignore", "ignore", "pipe"] });
    const meter = meterProcessTree(child.pid ?? 0, { everyMs: 20 });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-4_000);
    });
    const [code] = (await once(child, "close")) as [number];
    const { cpuSeconds, peakPssBytes, wallSeconds } = meter.stop();
    const pages = await distinctUrls(output);
    const expected = world.hosts * (world.pages + 1);
    if (code !== 0 || pages !== expected)
      throw new Error(`${rival.name}: ${pages} of ${expected} pages, exit ${code}: ${stderr}`);
    figures = { pages, cpuSeconds, peakPssBytes, wallSeconds };
  } finally {
    crawlSeconds = await server.stop();
  }
  return { ...figures, crawlSeconds };
}

async function distinctUrls(file: string): Promise<number> {
  const urls = new Set<string>();
  for await (const line of createInterface({ input: createReadStream(file) }))
    urls.add((JSON.parse(line) as { url: string }).url);
  return urls.size;
}
