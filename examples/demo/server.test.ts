import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, type Got } from "./ask.ts";
import { dataFolder } from "./data-files.ts";
import {
  allowedInside,
  expectedCounts,
  expectedPages,
  forbidden,
  isForbidden,
} from "./expected.ts";
import { faultSequence } from "./faults.ts";
import { recordSlices } from "./record-slices.ts";
import type { RequestLine } from "./request-log.ts";
import { type DemoServer, startServer } from "./start-server.ts";

const source = (name: string) => readFile(join(dataFolder(), name), "utf8");

describe("the sites, without faults", () => {
  let folder: string;
  let server: DemoServer;
  const get = (host: string, path: string) => ask(server.port, `${host}.localhost`, path);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "onpoint-demo-"));
    server = await startServer({ port: 0, seed: 7, faultEvery: 0, logFile: join(folder, "log") });
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  test("the pages of the flights API are the source's text, cut", async () => {
    const parts: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await get("flights", `/v1/flights?limit=1000${query}`);
      parts.push(body.slice('{"data":['.length, body.lastIndexOf('],"meta"')));
      cursor = (JSON.parse(body) as { meta: { next: string | null } }).meta.next;
    }
    expect(parts).toHaveLength(200);
    expect(`[${parts.join(",")}]` === (await source("flights-200k.json")).trim()).toBe(true);
  });

  test("the movies API ends at a short page, and is empty behind it", async () => {
    const records: unknown[] = [];
    for (let page = 1; page <= 33; page++) {
      const { body } = await get("movies", `/v1/movies?page=${page}&per_page=100`);
      const answer = JSON.parse(body) as { page: number; results: unknown[] };
      expect([answer.page, answer.results.length]).toEqual([page, page === 33 ? 1 : 100]);
      records.push(...answer.results);
    }
    expect(records).toEqual(JSON.parse(await source("movies.json")));
    expect((await get("movies", "/v1/movies?page=34")).body).toBe('{"page":34,"results":[]}');
  });

  test("the earthquakes API is followed by its Link header", async () => {
    const records: unknown[] = [];
    const asked: string[] = [];
    let path: string | undefined = "/v1/features";
    while (path !== undefined) {
      asked.push(path);
      const { body, headers }: Got = await get("quakes", path);
      records.push(...(JSON.parse(body) as { features: unknown[] }).features);
      path = /<http:\/\/quakes\.localhost:\d+(\/[^>]*)>; rel="next"/.exec(
        String(headers.link),
      )?.[1];
    }
    expect(asked).toHaveLength(18);
    expect(records).toEqual(
      (JSON.parse(await source("earthquakes.json")) as { features: unknown[] }).features,
    );
  });

  test("a wrong cursor, size or path is refused", async () => {
    expect((await get("flights", "/v1/flights?cursor=x")).status).toBe(400);
    expect((await get("flights", "/v1/flights?limit=1001")).status).toBe(400);
    expect((await get("movies", "/v1/movies?page=0")).status).toBe(400);
    expect((await get("quakes", "/v1/features?page=no")).status).toBe(400);
    expect((await get("quakes", "/v2")).status).toBe(404);
    expect((await get("nobody", "/")).status).toBe(404);
  });

  test("an address without .html leads to the page's one address", async () => {
    const answer = await get("docs", "/commands/npm-config");
    expect([answer.status, answer.headers.location]).toEqual([301, "/commands/npm-config.html"]);
    expect((await get("docs", "/commands/npm-config.html")).body).toContain(
      "<title>npm-config</title>",
    );
    expect((await get("docs", "/nowhere.html")).status).toBe(404);
  });

  test("the sitemap and the allowed pages lead into the folder that robots.txt forbids", async () => {
    const robots = (await get("docs", "/robots.txt")).body;
    expect(robots).toContain(`Disallow: ${forbidden}\nAllow: ${allowedInside}\n`);
    expect(robots).toContain(`Sitemap: http://docs.localhost:${server.port}/sitemap.xml`);
    const listed = (await get("docs", "/sitemap.xml")).body.match(/<loc>[^<]*/g) ?? [];
    expect(listed.filter((each) => isForbidden(new URL(each.slice(5)).pathname))).toHaveLength(10);
    expect((await get("docs", "/commands/npm-install.html")).body).toContain("../using-npm/config");
  });

  test("a webhook call and every request are in the log", async () => {
    expect((await ask(server.port, "hook.localhost", "/hook", '{"run":"r"}')).status).toBe(204);
    expect((await get("hook", "/hook")).status).toBe(405);
    const lines = (await readFile(join(folder, "log"), "utf8")).trimEnd().split("\n");
    const [hook, refused] = lines.slice(-2).map((line) => JSON.parse(line) as RequestLine);
    expect(hook).toEqual({
      t_ms: expect.any(Number) as number,
      host: "hook.localhost",
      method: "POST",
      path: "/hook",
      status: 204,
      retryAfterMs: null,
      userAgent: "ask/1",
      body: '{"run":"r"}',
    });
    expect(refused?.status).toBe(405);
    expect(Math.abs((hook?.t_ms ?? 0) - Date.now())).toBeLessThan(60_000);
  });
});

describe("what the tables must hold", () => {
  test("counts come from the source files", async () => {
    expect(await expectedCounts()).toEqual({
      delays: 200_000,
      movies: 3_201,
      earthquakes: 1_707,
      pages: 86,
      airports: 3_376,
      zipcodes: 42_049,
      birdstrikes: 10_000,
      flights: 3_000_000,
    });
  });

  test("every allowed page is reached, by links or by the sitemap alone, and none that is forbidden", async () => {
    const pages = await expectedPages();
    expect(new Set(pages).size).toBe(pages.length);
    expect(pages.filter((path) => path.endsWith(".html"))).toHaveLength(83);
    expect(pages.filter((path) => path.endsWith("/"))).toEqual([
      "/",
      "/commands/",
      "/configuring-npm/",
    ]);
    expect(pages.filter((path) => path.startsWith(forbidden))).toEqual([allowedInside]);
    expect(pages).toContain("/commands/npm-undeprecate.html");
  });
});

describe("faults", () => {
  const statuses = (seed: number, urls: string[]) => {
    const next = faultSequence(seed, 50);
    return urls.map((url) => next(url)?.status ?? 200);
  };
  const urls = Array.from({ length: 5_000 }, (_, at) => `u${at}`);

  test("are repeatable, and one in fifty", () => {
    expect(statuses(7, urls)).toEqual(statuses(7, urls));
    expect(statuses(7, urls)).not.toEqual(statuses(8, urls));
    const faults = statuses(7, urls).filter((status) => status !== 200);
    expect(faults).toHaveLength(100);
    const short = urls
      .slice(0, 250)
      .map(faultSequence(7, 50))
      .filter((fault) => fault !== null);
    expect(short.map((fault) => `${fault.status} ${fault.retryAfterMs}`).sort()).toEqual([
      "429 1000",
      "429 1000",
      "503 1000",
      "503 1000",
      "503 null",
    ]);
    expect(urls.map(faultSequence(7, 0)).every((fault) => fault === null)).toBe(true);
  });

  test("never hit one URL twice in a row", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 4 }), (seed, every) => {
        const next = faultSequence(seed, every);
        const answers = Array.from({ length: 40 }, () => next("one") !== null);
        return answers.every((isFault, at) => !(isFault && answers[at + 1] === true));
      }),
    );
  });
});

test("record slices are the elements of any array, whatever is in them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue()),
      fc.nat(12),
      fc.nat(12),
      fc.constantFrom(0, 2),
      (values, from, to, indent) => {
        const slices = recordSlices(
          `{"x":"[","list": ${JSON.stringify(values, null, indent)}}`,
          '"list":',
        );
        const whole = JSON.parse(JSON.stringify(values)) as unknown[];
        expect(slices.count).toBe(values.length);
        expect(JSON.parse(slices.slice(from, to))).toEqual(whole.slice(from, to));
      },
    ),
  );
});

test("the server as a process says when it is ready, answers with faults, and ends on SIGTERM", async () => {
  const folder = await mkdtemp(join(tmpdir(), "onpoint-demo-"));
  const log = join(folder, "log");
  const ready = join(folder, "ready");
  const file = join(import.meta.dirname, "server.ts");
  const args = [
    file,
    "--port",
    "0",
    "--seed",
    "7",
    "--log",
    log,
    "--fault-every",
    "2",
    "--ready-file",
    ready,
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    expect(await readFile(ready, "utf8")).toBe(`${line}\n`);
    const { port } = JSON.parse(line) as { port: number };
    for (let page = 1; page <= 20; page++)
      await ask(port, "quakes.localhost", `/v1/features?page=${page}`);
    const lines = (await readFile(log, "utf8"))
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text) as RequestLine);
    expect(lines.map((each) => each.path)).toHaveLength(20);
    expect(lines.filter((each) => each.status === 429 || each.status === 503)).toHaveLength(10);
    for (const each of lines) {
      if (each.status === 429) expect(each.retryAfterMs).toBe(1_000);
      if (each.status === 200) expect(each.retryAfterMs).toBeNull();
    }
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  } finally {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true });
  }
});
