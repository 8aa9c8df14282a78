// The pod against a made-up web: what it asks for, when, and that it always comes to an end.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { webSource } from "../../test/support/web-source.ts";
import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import { packLinks } from "../frontier/link-batch.ts";
import { SegmentBudget } from "../frontier/segment-budget.ts";
import { SentLinks } from "../frontier/sent-links.ts";
import { ShardLeases } from "../frontier/shard-leases.ts";
import { ShardOwner } from "../frontier/shard-owner.ts";
import type { FrontierLink } from "../model/link.ts";
import type { Pipeline, TrapLimits, WebSource } from "../model/pipeline.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import { openMemoryQueue } from "../queue/queue-memory.ts";
import { CrawlPod } from "./crawl-pod.ts";

const root = await mkdtemp(join(tmpdir(), "onpoint-pod-"));
afterAll(() => rm(root, { recursive: true, force: true }));

const linkTo = (url: string, source = "s"): FrontierLink => ({
  url,
  source,
  kind: "page",
  depth: 0,
  priority: 0,
});
const answer = (status: number, body = "", type = "text/html"): Exchange => ({
  status,
  headers: { "content-type": type },
  statusText: "",
  rawHeaders: [],
  httpVersion: "1.1",
  ip: null,
  request: { method: "GET", target: "/", headers: [], body: null },
  body: Buffer.from(body),
  truncated: false,
  firstByteMs: 0,
  totalMs: 0,
});

/** A pod that owns the one shard; `web` answers its requests. */
async function newPod(sources: WebSource[], web: (url: string) => Exchange | Promise<Exchange>) {
  const queue = openMemoryQueue();
  const lake = await openFileObjects(pathToFileURL(await mkdtemp(join(root, "lake-"))).href);
  const asked: { url: string; atMs: number }[] = [];
  const leases = new ShardLeases(queue, "w", 60_000);
  await leases.balance(new Map([[0, 1]]));
  const pod = new CrawlPod({
    fetcher: {
      fetch: async (url, { onSent }) => {
        // Before it goes out: a test that is held up after that would see too short a gap.
        asked.push({ url, atMs: Date.now() });
        onSent?.();
        return web(url);
      },
      addressOf: async () => null,
      close: async () => {},
    },
    leases,
    queue,
    pipelineOf: () =>
      ({ sources, retries: { crawl: 1, process: 0, etl: 0, upload: 0 } }) as unknown as Pipeline,
    userAgent: "onpoint",
    scratch: tmpdir(),
    maxInFlight: 10,
    onProgress: () => undefined,
  });
  await pod.enterShard(0, 0);
  onTestFinished(() => pod.drain());
  const open = async (token: string, links: FrontierLink[]) => {
    const owner = new ShardOwner({
      run: {
        token,
        run: token,
        date: "2026-01-01",
        generation: 1,
        only: null,
        simulate: false,
        ...{ lake: "", file: "", text: "", trace: {} },
      },
      shard: 0,
      shards: 1,
      lake,
      queue,
      lease: () => leases.lease(0),
      budget: new SegmentBudget(2 ** 30),
      sent: new SentLinks(),
      pageLimits: Object.fromEntries(sources.map(({ name, scope }) => [name, scope.maxPages])),
      scratch: root,
      snapshots: { links: 1_000_000, everyMs: 1_000_000 },
      roots: async () => [],
      onSnapshotFailure: () => undefined,
      onLinks: (from, fresh) => void pod.admit(from, fresh),
      trace: (_, body) => body({}),
    });
    onTestFinished(() => owner.close());
    await queue.appendLinks(token, 0, await packLinks(links), {});
    await owner.open();
    await vi.waitFor(() => expect(owner.frontier.consumedSeq).toBeGreaterThan(0), { interval: 1 });
    return owner;
  };
  const ended = (owner: ShardOwner) =>
    vi.waitFor(() => expect([owner.isIdle, owner.failure]).toEqual([true, null]), {
      interval: 5,
      timeout: 3_000,
    });
  return { pod, leases, asked, open, ended };
}

test("hosts that wait for the page cap are looked at again when it is free, or full", async () => {
  for (const status of [200, 404]) {
    const reply = Promise.withResolvers<Exchange>();
    const sources = [webSource({ scope: { ...webSource().scope, maxPages: 1 } })];
    const { open, ended, asked } = await newPod(sources, (url) =>
      url.includes("a.test") ? reply.promise : answer(200),
    );
    const owner = await open("r", [linkTo("https://a.test/"), linkTo("https://b.test/")]);
    await vi.waitFor(() => expect(asked.length).toBe(1), { interval: 1 });
    reply.resolve(answer(status));
    await ended(owner);
    expect(asked.length).toBe(status === 200 ? 1 : 2);
    expect(owner.frontier.dropped).toBe(status === 200 ? 1 : 0);
  }
});

test("of the sources that share a host the slowest sets its pace, wherever its links stand in a batch", async () => {
  const slow = webSource({ name: "slow", rate: { ...webSource().rate, perSecond: 20 } });
  const { open, ended, asked } = await newPod([webSource(), slow], () => answer(200));
  const owner = await open("r", [
    linkTo("https://a.test/1"),
    linkTo("https://a.test/2", "slow"),
    linkTo("https://a.test/3", "slow"),
  ]);
  await ended(owner);
  const times = asked.map(({ atMs }) => atMs);
  const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] as number));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(50);
});

test("a run that comes when robots.txt is known gets its sitemaps all the same", async () => {
  const robots = "User-agent: *\nDisallow: /private\nSitemap: https://a.test/map.xml";
  const { open, ended, asked } = await newPod(
    [webSource({ sitemaps: true, robots: "obey" })],
    (url) => (url.endsWith("robots.txt") ? answer(200, robots, "text/plain") : answer(200)),
  );
  for (const run of ["first", "second"])
    await ended(await open(run, [linkTo("https://a.test/"), linkTo("https://a.test/private")]));
  expect(asked.map(({ url }) => url.slice("https://a.test".length))).toEqual([
    "/robots.txt",
    "/",
    "/map.xml",
    "/",
    "/map.xml",
  ]);
});

test("a host that was silent for one run is asked again for the next", async () => {
  let isUp = false;
  const { open, ended, asked } = await newPod([webSource()], () => {
    if (!isUp) throw new FetchFault("connect", "no connection");
    return answer(200);
  });
  const links = Array.from({ length: 9 }, (_, n) => linkTo(`https://a.test/${n}`));
  const first = await open("first", links);
  await ended(first);
  expect(asked.length).toBe(4);
  expect(first.segment.deadLinks.length).toBe(9);
  isUp = true;
  const second = await open("second", links);
  await ended(second);
  expect(second.segment.deadLinks).toEqual([]);
  expect(second.segment.countsOf("s").saved).toBe(9);
});

test("links of a source that the pipeline has no more are dropped, without a request", async () => {
  const { open, ended, asked } = await newPod([webSource()], () => answer(200));
  const owner = await open("r", [linkTo("https://a.test/", "gone"), linkTo("https://a.test/x")]);
  await ended(owner);
  expect(asked.map(({ url }) => url)).toEqual(["https://a.test/x"]);
  expect(owner.segment.countsOf("gone").drops).toEqual({ "no such source": 1 });
});

test("nothing is asked for while the lease is not valid, and all of it afterwards", async () => {
  const { open, ended, asked, leases } = await newPod([webSource()], () => answer(200));
  let isValid = false;
  const looked = vi.spyOn(leases, "isValid").mockImplementation(() => isValid);
  const owner = await open("r", [linkTo("https://a.test/")]);
  await vi.waitFor(() => expect(looked).toHaveBeenCalled(), { interval: 1 });
  expect(asked).toEqual([]);
  isValid = true;
  await ended(owner);
  expect(asked.length).toBe(1);
});

test("an answer that breaks its reader is a dead letter, not the end of the shard", async () => {
  const poison = answer(200, "<a href=/x>");
  Object.defineProperty(poison, "body", {
    get: () => {
      throw new RangeError("too much");
    },
  });
  const { open, ended } = await newPod([webSource()], () => poison);
  const owner = await open("r", [linkTo("https://a.test/")]);
  await ended(owner);
  expect(owner.segment.deadLinks[0]?.reason).toBe("the answer cannot be read: too much");
});

const traps: TrapLimits = {
  urlLength: 4_096,
  queryLength: 2_048,
  params: 64,
  repeats: 3,
  pagesPerHost: 1_000,
  pagesPerPattern: 1_000,
  dates: 1_000,
  farDates: 1_000,
  copies: 1_000,
};

test("a sitemap of more pages than are offered at once is read whole, and is done with", async () => {
  const locs = Array.from({ length: 4_001 }, (_, n) => `<url><loc>/${n}</loc></url>`).join("");
  const { open } = await newPod([webSource()], (url) =>
    url.endsWith(".xml") ? answer(200, `<urlset>${locs}</urlset>`, "text/xml") : answer(404),
  );
  const sitemap = linkTo("https://a.test/sitemap.xml");
  const owner = await open("r", [{ ...sitemap, kind: "sitemap", priority: 1 }]);
  await vi.waitFor(() => expect(owner.segment.countsOf("s").pages).toBe(1), { interval: 1 });
  // What is done stays pending until its commit.
  expect(owner.frontier.pending).toBe(1 + 4_001);
});

test("a folder that contains itself is followed to its first repeats, then counted", async () => {
  const { open, ended, asked } = await newPod([webSource({ traps })], () =>
    answer(200, "<a href='/x'><a href='deep/'>"),
  );
  const owner = await open("r", [linkTo("https://a.test/")]);
  await ended(owner);
  expect(asked.map(({ url }) => new URL(url).pathname).sort()).toEqual([
    "/",
    "/deep/",
    "/deep/deep/",
    "/x",
  ]);
  expect(owner.segment.countsOf("s").drops).toEqual({ "trap: repeated path": 1 });
});

test("links of one body under many names are followed so often, and all such pages are kept", async () => {
  const source = webSource({ traps: { ...traps, copies: 2 } });
  const { open, ended, asked } = await newPod([source], (url) =>
    answer(200, url.endsWith("/other") ? "<a href=z>" : "<a href=next/a><a href=next/b>"),
  );
  const links = [1, 2, 3].map((n) => linkTo(`https://a.test/${n}/`));
  const owner = await open("r", [...links, linkTo("https://a.test/other")]);
  await ended(owner);
  // Two of the seeds are followed; the third and the five that were found are copies.
  expect(asked.length).toBe(4 + 2 * 2 + 1);
  expect(owner.segment.countsOf("s")).toMatchObject({
    saved: asked.length,
    drops: { "trap: copies": 2 * 6 },
  });
});

test("pages of one pattern end at their cap; a retry is no second page", async () => {
  const source = webSource({ traps: { ...traps, pagesPerPattern: 3 } });
  const failed = new Set<string>();
  const { open, ended, asked } = await newPod([source], (url) => {
    if (url.endsWith("/") || failed.has(url)) {
      const n = Number(/\d+/.exec(url)?.[0] ?? 0);
      return answer(200, `<a href=/day/${n + 1}><a href=/day/${n + 2}><!--${n}-->`);
    }
    failed.add(url);
    return answer(500);
  });
  const owner = await open("r", [linkTo("https://a.test/")]);
  await ended(owner);
  expect(new Set(asked.map(({ url }) => url)).size).toBe(1 + 3);
  expect(owner.segment.countsOf("s").saved).toBe(1 + 3);
  expect(owner.segment.countsOf("s").drops["trap: pages of pattern"]).toBeGreaterThan(0);
});

test("a pod that stops does not wait for the gap before a redirect of robots.txt", async () => {
  const { open, pod, asked } = await newPod([webSource({ robots: "obey" })], () => ({
    ...answer(301),
    headers: { location: "/r", "retry-after": "600" },
  }));
  await open("r", [linkTo("https://a.test/")]);
  await vi.waitFor(() => expect(asked.length).toBe(1), { interval: 5, timeout: 3_000 });
  await pod.drain();
  expect(asked.length).toBe(1);
});

test("what pages ask of robots is obeyed, and counted, unless the source says otherwise", async () => {
  const pages: Record<string, string> = {
    "/": `<a href=/kept></a><a href=/unlisted></a><a rel=nofollow href=/never></a>`,
    "/unlisted": `<meta name=robots content=noindex><a href=/behind></a>`,
    "/behind": `<meta name=onpoint content=nofollow><a href=/never></a>`,
  };
  const web = (url: string) => answer(200, pages[new URL(url).pathname] ?? "");
  for (const wish of ["obey", "ignore"] as const) {
    const follow = { links: ["a" as const], nofollow: wish, metaRobots: wish };
    const { open, ended, asked } = await newPod([webSource({ follow })], web);
    const owner = await open("r", [linkTo("https://a.test/")]);
    await ended(owner);
    const paths = new Set(asked.map(({ url }) => new URL(url).pathname));
    const { saved, drops } = owner.segment.countsOf("s");
    const isObeyed = wish === "obey";
    expect([...paths].sort()).toEqual(
      ["/", "/behind", "/kept", "/never", "/unlisted"].filter(
        (path) => !isObeyed || path !== "/never",
      ),
    );
    expect(saved).toBe(isObeyed ? 3 : 5);
    expect(drops).toEqual(isObeyed ? { nofollow: 2, noindex: 1 } : {});
    expect(owner.segment.lines.get("s")?.pages).toBe(saved);
  }
});

test("X-Robots-Tag speaks for bodies that are no pages, too, and may name a robot", async () => {
  const tags = { "/a": "otherbot: noindex", "/b": "onpoint: noindex", "/c": "none" } as Record<
    string,
    string
  >;
  const { open, ended } = await newPod([webSource()], (url) => ({
    ...answer(200, "%PDF-1.7", "application/pdf"),
    rawHeaders: [["X-Robots-Tag", tags[new URL(url).pathname] ?? ""]],
  }));
  const owner = await open(
    "r",
    Object.keys(tags).map((path) => linkTo(`https://a.test${path}`)),
  );
  await ended(owner);
  expect(owner.segment.countsOf("s")).toMatchObject({ pages: 1, drops: { noindex: 2 } });
});

test("a crawl-delay within the source's limit is kept, a longer one defers the host's links", async () => {
  for (const [delay, asked, deferred] of [
    ["0.1", 3, 0],
    ["61", 1, 2],
  ] as const) {
    const robots = `User-agent: *\nCrawl-delay: ${delay}`;
    const web = await newPod([webSource({ robots: "obey" })], (url) =>
      url.endsWith("robots.txt") ? answer(200, robots, "text/plain") : answer(200),
    );
    const owner = await web.open("r", [linkTo("https://a.test/1"), linkTo("https://a.test/2")]);
    await web.ended(owner);
    expect(web.asked.length).toBe(asked);
    const times = web.asked.map(({ atMs }) => atMs);
    for (const [n, atMs] of times.slice(1).entries())
      expect(atMs - (times[n] ?? 0)).toBeGreaterThanOrEqual(100);
    expect(owner.segment.hosts.get("a.test:443")?.deferred).toBe(deferred);
    expect(owner.segment.countsOf("s").drops["deferred: crawl-delay"] ?? 0).toBe(deferred);
  }
});

test("a host that closes for longer than the source waits is deferred, and the run ends", async () => {
  const closed = { ...answer(429), headers: { "retry-after": "7200" } };
  const { open, ended, asked } = await newPod([webSource()], () => closed);
  const owner = await open(
    "r",
    [1, 2, 3].map((n) => linkTo(`https://a.test/${n}`)),
  );
  await ended(owner);
  expect(asked.length).toBe(1);
  expect(owner.segment.countsOf("s").drops).toEqual({ "deferred: blocked": 3 });
  expect(owner.segment.deadLinks).toEqual([]);
});

test("a shard that is given away starts no fetch, and waits for those under way", async () => {
  const reply = Promise.withResolvers<Exchange>();
  const { pod, open, ended, asked } = await newPod([webSource()], () => reply.promise);
  const owner = await open("r", [linkTo("https://a.test/1"), linkTo("https://a.test/2")]);
  await vi.waitFor(() => expect(asked.length).toBe(1), { interval: 1 });
  await pod.drainShard(0, 1);
  const drained = pod.drainShard(0, 60_000);
  reply.resolve(answer(200));
  await drained;
  expect(owner.segment.done.length).toBe(1);
  expect(asked.length).toBe(1);
  // The shard stays after all.
  await pod.leaveShard(0);
  await pod.enterShard(0, 0);
  pod.admit(owner, [linkTo("https://a.test/2")]);
  await ended(owner);
  expect(asked.length).toBe(2);
});
