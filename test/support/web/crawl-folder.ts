// Serves a folder of documentation on loopback and crawls it with the program as a user runs it.
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { query, runOnpoint } from "../run-onpoint.ts";

/** Paths of the pages table, with how many rows each has, and of the dead letters. */
export type FolderResult = { pages: Map<string, number>; dead: Set<string>; seconds: number };

const script = fileURLToPath(new URL("folder-server.ts", import.meta.url));

/** Crawls `folder` from the path `start` on, in `place`. Throws Error when the run fails. */
export async function crawlFolder(
  place: string,
  folder: string,
  workers: number,
  start = "/",
): Promise<FolderResult> {
  const server = spawn(process.execPath, [script, folder], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  try {
    const port = await new Promise<number>((resolve, reject) => {
      createInterface({ input: server.stdout }).once("line", (line) =>
        resolve((JSON.parse(line) as { port: number }).port),
      );
      server.once("exit", (code) => reject(new Error(`the folder's server ended with ${code}`)));
    });
    return await crawl(place, port, workers, start);
  } finally {
    server.stdin.end();
    await exited;
  }
}

async function crawl(
  place: string,
  port: number,
  workers: number,
  start: string,
): Promise<FolderResult> {
  const site = `http://docs.localhost:${port}`;
  const file = join(place, "pipeline.yaml");
  await writeFile(
    file,
    `pipeline: docs
lake: file:./lake
sources:
  - name: docs
    kind: web
    seeds: ["${site}${start}"]
    scope: { maxDepth: 1000, maxPages: 1000000 }
    rate: { perSecond: 2000, concurrency: 16 }
    sitemaps: false
    pages: pages
`,
  );
  const startedMs = performance.now();
  const args = ["run", file, "--date", "2026-01-01", "--workers", String(workers)];
  const ended = await runOnpoint(place, args);
  if (ended.code !== 0 && ended.code !== 3)
    throw new Error(`onpoint run ended with ${ended.code}: ${ended.stderr.slice(-4_000)}`);
  const seconds = (performance.now() - startedMs) / 1_000;
  const pathOf = (url: string) => url.slice(site.length);
  const rows = await query<{ url: string; n: number }>(
    place,
    "SELECT url, count(*)::INT AS n FROM pages GROUP BY url",
  );
  const listed = await runOnpoint(place, ["dead", "ls", "docs-2026-01-01", "--json"]);
  const { letters } = JSON.parse(listed.stdout) as { letters: { subject: string }[] };
  return {
    pages: new Map(rows.map(({ url, n }) => [pathOf(url), n])),
    dead: new Set(letters.map(({ subject }) => pathOf(subject))),
    seconds,
  };
}
