// What the demo's tables must hold, counted from the source by other means than onpoint's code.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { type DefaultTreeAdapterTypes, parse } from "parse5";
import { ask } from "./ask.ts";
import { dataFolder } from "./data-files.ts";
import { startServer } from "./start-server.ts";

/** The folder of the documentation site that its robots.txt forbids, but for one page. */
export const forbidden = "/using-npm/";
export const allowedInside = "/using-npm/registry.html";

/** Whether robots.txt of the documentation site forbids the path. */
export const isForbidden = (path: string): boolean =>
  path.startsWith(forbidden) && !path.startsWith(allowedInside);

/** Rows of every table that a source of the demo writes. */
export async function expectedCounts(): Promise<Record<string, number>> {
  return {
    delays: (await jsonOf<unknown[]>("flights-200k.json")).length,
    movies: (await jsonOf<unknown[]>("movies.json")).length,
    earthquakes: (await jsonOf<{ features: unknown[] }>("earthquakes.json")).features.length,
    pages: (await expectedPages()).length,
    airports: await csvRows("airports.csv"),
    zipcodes: await csvRows("zipcodes.csv"),
    birdstrikes: await csvRows("birdstrikes.csv"),
    flights: await parquetRows("flights-3m.parquet"),
  };
}

/**
 * Paths of the documentation site that must be in `pages`, sorted: all that a walk from `/` and the sitemap, which keeps out
 * of what robots.txt forbids, finds and gets as a page. Throws when one of them is neither a page nor leads to one.
 */
export async function expectedPages(): Promise<string[]> {
  const server = await startServer({ port: 0, seed: 0, faultEvery: 0, logFile: null });
  try {
    const sitemap = await ask(server.port, "docs.localhost", "/sitemap.xml");
    const listed = [...sitemap.body.matchAll(/<loc>([^<]*)<\/loc>/g)].map(
      (match) => match[1] ?? "",
    );
    const pages: string[] = [];
    const queue = ["/"];
    const seen = new Set(queue);
    const offer = (link: string, base: string) => {
      const url = new URL(link, `http://docs.localhost:${server.port}${base}`);
      const path = url.pathname + url.search;
      if (url.host !== `docs.localhost:${server.port}` || isForbidden(path) || seen.has(path))
        return;
      seen.add(path);
      queue.push(path);
    };
    for (const url of listed) offer(url, "/");
    for (const path of queue) {
      const answer = await ask(server.port, "docs.localhost", path);
      if (answer.headers.location !== undefined) offer(answer.headers.location, path);
      else if (answer.status !== 200)
        throw new Error(`walk the demo's pages: ${path} answers ${answer.status}`);
      else {
        pages.push(path);
        for (const link of linksOf(parse(answer.body))) offer(link, path);
      }
    }
    return pages.sort();
  } finally {
    await server.close();
  }
}

function linksOf(node: DefaultTreeAdapterTypes.Node): string[] {
  const own =
    "tagName" in node && node.tagName === "a"
      ? node.attrs.find((each) => each.name === "href")
      : undefined;
  const inside = "childNodes" in node ? node.childNodes.flatMap(linksOf) : [];
  return own === undefined ? inside : [own.value, ...inside];
}

async function jsonOf<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(dataFolder(), name), "utf8")) as T;
}

/** Records behind the header: line ends outside of quotes (RFC 4180), and a last record without one. */
async function csvRows(name: string): Promise<number> {
  const text = (await readFile(join(dataFolder(), name), "utf8")).replace(/"[^"]*"/g, "");
  return text.split("\n").filter((line) => line.trim() !== "").length - 1;
}

async function parquetRows(name: string): Promise<number> {
  const db = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await db.connect();
  try {
    const reader = await connection.runAndReadAll(
      `SELECT count(*)::INTEGER FROM read_parquet('${join(dataFolder(), name).replaceAll("'", "''")}')`,
    );
    return Number(reader.getRows()[0]?.[0]);
  } finally {
    connection.closeSync();
    db.closeSync();
  }
}
