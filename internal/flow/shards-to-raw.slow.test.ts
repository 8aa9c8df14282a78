// Crawl pods that come and go, on a queue in memory and a made-up web.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test, vi } from "vitest";
import { webSource } from "../../test/support/web-source.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import { packLinks } from "../frontier/link-batch.ts";
import { shardOf } from "../frontier/shard.ts";
import type { ActiveRun } from "../model/active-run.ts";
import type { FrontierLink } from "../model/link.ts";
import type { Pipeline } from "../model/pipeline.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import { openMemoryQueue } from "../queue/queue-memory.ts";
import { openLog } from "../telemetry/log.ts";
import { type CrawlDeps, shardsToRaw } from "./shards-to-raw.ts";

const scratch = await mkdtemp(join(tmpdir(), "onpoint-pods-"));
afterAll(() => rm(scratch, { recursive: true, force: true }));

const shards = 8;
const run: ActiveRun = {
  token: "r",
  run: "r",
  date: "2026-01-01",
  generation: 1,
  lake: "",
  simulate: false,
  only: null,
  file: "",
  text: "",
  trace: {},
};
const page: Exchange = {
  status: 200,
  headers: { "content-type": "text/html" },
  statusText: "",
  rawHeaders: [],
  httpVersion: "1.1",
  ip: null,
  request: { method: "GET", target: "/", headers: [], body: null },
  body: Buffer.from("<p>page</p>"),
  truncated: false,
  firstByteMs: 0,
  totalMs: 0,
};

test("a shard that goes to another pod leaves no request behind that must be made again", async () => {
  const queue = openMemoryQueue({ shards });
  const lake = await openFileObjects(pathToFileURL(join(scratch, "lake")).href);
  const links = Array.from({ length: 320 }, (_, n): FrontierLink => {
    const url = `https://site${n % 16}.test/${n}`;
    return { url, source: "s", kind: "page", depth: 0, priority: 0 };
  });
  for (let shard = 0; shard < shards; shard += 1) {
    const own = links.filter(({ url }) => shardOf(url, shards) === shard);
    await queue.appendLinks("r", shard, await packLinks(own), {});
  }
  const asked = new Map<string, string[]>();
  const pipeline = {
    sources: [
      webSource({
        rate: { ...webSource().rate, concurrency: 4, perSecond: 10 },
        scope: { ...webSource().scope, maxPages: 1_000 },
      }),
    ],
    retries: { crawl: 1, process: 0, etl: 0, upload: 0 },
  } as unknown as Pipeline;
  const stop = new AbortController();
  const pod = (worker: string): Promise<void> => {
    const deps: CrawlDeps = {
      worker,
      queue,
      fetcher: {
        fetch: async (url, { onSent }) => {
          onSent?.();
          asked.set(url, [...(asked.get(url) ?? []), worker]);
          // The site's own time to answer: without it nothing would be under way when a shard moves.
          await new Promise((resolve) => setTimeout(resolve, 150));
          return page;
        },
        addressOf: async () => null,
        close: async () => {},
      },
      activeRuns: async () => [run],
      lakeOf: async () => lake,
      pipelineOf: () => pipeline,
      scratch,
      rootsOf: async () => [],
      settings: {
        shards,
        leaseTtlMs: 6_000,
        segmentMs: 2_000,
        segmentBytes: 1e6,
        userAgent: "onpoint",
        maxInFlight: 100,
        snapshotLinks: 1e6,
        snapshotMs: 1e6,
      },
      trace: (_parent, _owner, body) => body({}),
      onBusy: () => undefined,
      log: openLog({ role: "crawl", level: "silent", pretty: false }),
    };
    return shardsToRaw(deps, stop.signal);
  };
  const first = pod("first");
  await vi.waitFor(() => expect(asked.size).toBeGreaterThan(60), { interval: 5, timeout: 5_000 });
  const second = pod("second");
  await vi.waitFor(() => expect(asked.size).toBe(links.length), { interval: 20, timeout: 15_000 });
  stop.abort();
  await Promise.all([first, second]);
  const askers = [...asked.values()];
  expect(new Set(askers.flat())).toEqual(new Set(["first", "second"]));
  expect(askers.filter((each) => each.length > 1)).toEqual([]);
});
