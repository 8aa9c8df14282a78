// Crashes of shard owners, in memory: whatever step of a commit is the last, the next owner ends with every page once.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { ActiveRun } from "../model/active-run.ts";
import { receiptPath } from "../model/lake-paths.ts";
import type { FrontierLink } from "../model/link.ts";
import type { RawRecord } from "../model/raw-record.ts";
import type { SegmentRecord } from "../model/segment.ts";
import type { Objects } from "../objects/objects.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import type { Lease, Queue } from "../queue/queue.ts";
import { openMemoryQueue } from "../queue/queue-memory.ts";
import { LostLease } from "../std/errors.ts";
import { doneFingerprints, packLinks, segmentName } from "./commit-segment.ts";
import { hexOf } from "./fingerprint.ts";
import { SegmentBudget } from "./segment-budget.ts";
import { SentLinks } from "./sent-links.ts";
import { shardOf } from "./shard.ts";
import { linkFingerprint } from "./shard-frontier.ts";
import { ShardOwner } from "./shard-owner.ts";

const root = await mkdtemp(join(tmpdir(), "onpoint-owner-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let lakes = 0;
const newLake = () => openFileObjects(pathToFileURL(join(root, String(lakes++))).href);

const shards = 2;
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
// One site of five pages in each shard; every page links to the next of its site and to one of the other.
const sites = [0, 1].map((shard) => {
  const all = Array.from({ length: 20 }, (_, n) => `https://site${n}.test/`);
  return all.find((url) => shardOf(url, shards) === shard) as string;
});
const pageCount = 5;
const linkTo = (url: string): FrontierLink => ({
  url,
  source: "s",
  kind: "page",
  depth: 1,
  priority: 2,
});
const urlOf = (site: number, n: number) => `${sites[site % 2]}${n}`;
const allUrls = sites.flatMap((_, site) =>
  Array.from({ length: pageCount }, (__, n) => urlOf(site, n)),
);
const outlinks = (url: string) => {
  const site = sites.findIndex((each) => url.startsWith(each));
  const n = Number(url.slice(sites[site]?.length));
  if (n + 1 >= pageCount) return [];
  return [urlOf(site, n + 1), urlOf(site + 1, n + 1), urlOf(site, 0)].map(linkTo);
};

/** Fetches a link: its page, and what it links to. */
function settle(owner: ShardOwner, link: FrontierLink): void {
  owner.offerFound(outlinks(link.url));
  owner.segment.addRecord({ url: link.url, source: "s" } as RawRecord);
  owner.segment.addDone(link);
  owner.frontier.settle(link, true);
}

type World = { queue: Queue; lake: Objects; pass: (ms: number) => void };
async function newWorld(): Promise<World> {
  let nowMs = 1_000;
  const queue = openMemoryQueue({ now: () => nowMs, shards });
  await queue.appendLinks(
    "r",
    shardOf(urlOf(0, 0), shards),
    await packLinks([linkTo(urlOf(0, 0))]),
    {},
  );
  return {
    queue,
    lake: await newLake(),
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

const takeLease = async (queue: Queue, shard: number, worker: string) =>
  (await queue.acquire(`shard.${shard}`, worker, 10_000)) as Lease;

function newOwner(world: World, shard: number, lease: () => Lease, sent = new SentLinks()) {
  return new ShardOwner({
    run,
    shard,
    shards,
    lake: world.lake,
    queue: world.queue,
    lease,
    budget: new SegmentBudget(2 ** 30),
    sent,
    pageLimits: {},
    scratch: root,
    onLinks: () => undefined,
    trace: (_, body) => body({}),
  });
}

const ledgerOf = async (queue: Queue, shard: number): Promise<SegmentRecord[]> =>
  (await queue.readCrawled("r", shard)).map(({ data }) => JSON.parse(Buffer.from(data).toString()));

async function isComplete(queue: Queue): Promise<boolean> {
  for (const [shard, lastSeq] of await queue.lastLinks("r")) {
    const last = (await ledgerOf(queue, shard)).at(-1);
    if (last?.pending !== 0 || last.consumedSeq < lastSeq) return false;
  }
  return true;
}

/** One crawl worker for both shards, until the crawl is complete or something throws: then it is dead. */
async function crawl(world: World, worker: string): Promise<void> {
  const sent = new SentLinks();
  const owners: ShardOwner[] = [];
  try {
    for (let shard = 0; shard < shards; shard += 1) {
      const lease = await takeLease(world.queue, shard, worker);
      const owner = newOwner(world, shard, () => lease, sent);
      owners.push(owner);
      await owner.open();
    }
    while (!(await isComplete(world.queue))) {
      await turn();
      for (const owner of owners) {
        if (owner.failure !== null) throw new Error("killed", { cause: owner.failure });
        const entry = [...owner.frontier.authorities()].map((host) => owner.frontier.take(host))[0];
        if (entry) settle(owner, entry.link);
        if (owner.segment.done.length >= 2 || owner.isIdle) await owner.commit();
      }
    }
  } finally {
    for (const owner of owners) await owner.close();
  }
}

/** Every URL is done in one segment of the ledger, and its page in one raw file of it. */
async function expectEachOnce({ queue, lake }: World): Promise<void> {
  const done: string[] = [];
  const pages: number[] = [];
  for (const shard of [0, 1]) {
    const records = await ledgerOf(queue, shard);
    const segments = new Map(
      records.filter(({ files }) => files.length > 0).map((each) => [each.segment, each]),
    );
    for (const record of segments.values()) {
      done.push(...doneFingerprints(record.done));
      for (const file of record.files) {
        expect(await lake.head(file.path)).not.toBeNull();
        pages.push(file.pages);
      }
    }
  }
  expect(done.sort()).toEqual(allUrls.map((url) => hexOf(linkFingerprint(linkTo(url)))).sort());
  expect(pages.reduce((sum, count) => sum + count, 0)).toBe(allUrls.length);
}

const withPut = (lake: Objects, put: Objects["put"]): Objects => ({
  url: lake.url,
  put,
  putFile: (...args) => lake.putFile(...args),
  get: (path) => lake.get(path),
  open: (path) => lake.open(path),
  head: (path) => lake.head(path),
  list: (...args) => lake.list(...args),
  delete: (path) => lake.delete(path),
  local: (...args) => lake.local(...args),
  close: () => lake.close(),
});

/** Throws at the `at`-th write to lake or queue and at all after it: before it is done, or after. */
function dyingAt(
  world: World,
  at: number,
  when: "before" | "after",
): World & { writes: () => number } {
  let writes = 0;
  const die = async <T>(write: () => Promise<T>): Promise<T> => {
    writes += 1;
    if (writes > at || (writes === at && when === "before")) throw new Error("killed");
    const result = await write();
    if (writes >= at) throw new Error("killed");
    return result;
  };
  const lake = withPut(world.lake, (...args) => die(() => world.lake.put(...args)));
  const queue: Queue = {
    ...world.queue,
    appendLinks: (...args) => die(() => world.queue.appendLinks(...args)),
    appendCrawled: (...args) => die(() => world.queue.appendCrawled(...args)),
  };
  return { ...world, lake, queue, writes: () => writes };
}

describe("a worker dies at any write of its crawl", async () => {
  const counted = dyingAt(await newWorld(), Number.POSITIVE_INFINITY, "before");
  await crawl(counted, "first");
  await expectEachOnce(counted);
  const steps = Array.from({ length: counted.writes() }, (_, n) => n + 1);

  test.each(["before", "after"] as const)(
    "%s it is done: the next ends with every page once",
    async (when) => {
      for (const step of steps) {
        const world = await newWorld();
        await expect(crawl(dyingAt(world, step, when), "first")).rejects.toThrow("killed");
        world.pass(60_000);
        await crawl(world, "second");
        await expectEachOnce(world);
      }
    },
  );
});

describe("ShardOwner", () => {
  const first = sites[0] as string;
  const seeded = async (world: World, urls: string[]) =>
    world.queue.appendLinks("r", 0, await packLinks(urls.map(linkTo)), {});
  const ready = async (owner: ShardOwner, pending: number) => {
    while (owner.frontier.pending < pending) await turn();
  };
  const fetchOne = (owner: ShardOwner) => {
    const [host] = [...owner.frontier.authorities()] as [string];
    const entry = owner.frontier.take(host);
    if (entry === null) throw new Error("nothing to take");
    owner.segment.addRecord({ url: entry.link.url, source: "s" } as RawRecord);
    owner.segment.addDone(entry.link);
    owner.frontier.settle(entry.link, true);
    return entry.link;
  };

  test("one that lost its lease commits nothing; what it saved is adopted unless it was fetched again", async () => {
    const world = await newWorld();
    await seeded(world, [`${first}x`, `${first}y`]);
    const old = await takeLease(world.queue, 0, "old");
    const zombie = newOwner(world, 0, () => old);
    await zombie.open();
    await ready(zombie, 2);
    const link = fetchOne(zombie);
    world.pass(60_000);
    const lease = await takeLease(world.queue, 0, "new");
    const owner = newOwner(world, 0, () => lease);
    await owner.open();
    // Its receipt comes into the lake after the new owner has looked.
    await expect(zombie.commit()).rejects.toThrow(LostLease);
    expect(zombie.signal.aborted).toBe(true);
    expect(await ledgerOf(world.queue, 0)).toEqual([]);
    await ready(owner, 2);
    while (fetchOne(owner).url !== link.url);
    await owner.commit();
    await owner.close();
    await zombie.close();
    world.pass(60_000);
    const third = await takeLease(world.queue, 0, "third");
    const last = newOwner(world, 0, () => third);
    await last.open();
    await last.close();
    const done = (await ledgerOf(world.queue, 0)).flatMap((record) => [
      ...doneFingerprints(record.done),
    ]);
    expect(new Set(done).size).toBe(done.length);
  });

  test("of two saved segments that overlap, the one whose files are in a batch is adopted", async () => {
    const world = await newWorld();
    const fp = hexOf(linkFingerprint(linkTo(`${first}x`)));
    for (const token of [1, 2]) {
      const segment = segmentName(0, token, 1);
      const files = [{ source: "s", path: `raw/${token}`, sizeBytes: 1, pages: 1 }];
      const receipt = {
        segment,
        shard: 0,
        files,
        done: fp,
        dead: 0,
        counts: {},
        links: [],
        deadLinks: [],
        hosts: [],
      };
      await world.lake.put(receiptPath("r", "crawl", segment), JSON.stringify(receipt));
    }
    const batch = { inputs: [{ path: "raw/2" }] };
    await world.lake.put(receiptPath("r", "batch", "b"), JSON.stringify(batch));
    const lease = await takeLease(world.queue, 0, "new");
    const owner = newOwner(world, 0, () => lease);
    await owner.open();
    await owner.close();
    expect((await ledgerOf(world.queue, 0)).map((record) => record.segment)).toEqual([
      segmentName(0, 2, 1),
    ]);
  });

  test("one that is opened anew after a failure begins when the old one's commit has ended", async () => {
    const world = await newWorld();
    await seeded(world, [`${first}x`]);
    const lease = await takeLease(world.queue, 0, "w");
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const slow = withPut(world.lake, async (...args) => {
      reached.resolve();
      await gate.promise;
      return world.lake.put(...args);
    });
    const failing = newOwner({ ...world, lake: slow }, 0, () => lease);
    await failing.open();
    await ready(failing, 1);
    fetchOne(failing);
    const committing = failing.commit();
    const outcome = expect(committing).rejects.toThrow("reader broke");
    await reached.promise;
    failing.abandon(new Error("reader broke"));
    let isClosed = false;
    const closed = failing.close().then(() => {
      isClosed = true;
    });
    await turn();
    expect(isClosed).toBe(false);
    gate.resolve();
    await outcome;
    await closed;
    expect(await ledgerOf(world.queue, 0)).toEqual([]);
  });

  test("what it knows is worth nothing under a later lease of its own pod", async () => {
    const world = await newWorld();
    await seeded(world, [`${first}x`]);
    let lease = await takeLease(world.queue, 0, "w");
    const owner = newOwner(world, 0, () => lease);
    await owner.open();
    await ready(owner, 1);
    fetchOne(owner);
    world.pass(60_000);
    lease = await takeLease(world.queue, 0, "w");
    await expect(owner.commit()).rejects.toThrow(LostLease);
    expect(await ledgerOf(world.queue, 0)).toEqual([]);
    await owner.close();
  });

  test("redirects and sitemaps of an earlier owner do not use up the page cap", async () => {
    const world = await newWorld();
    const counts = {
      s: { requests: 9, pages: 9, saved: 1, bytes: 0, retries: 0, dead: 0, drops: {} },
    };
    const lease = await takeLease(world.queue, 0, "w");
    const record = {
      segment: segmentName(0, 1, 1),
      shard: 0,
      files: [],
      done: "",
      dead: 0,
      pending: 1,
      consumedSeq: 0,
      counts,
    };
    await world.queue.appendCrawled("r", 0, Buffer.from(JSON.stringify(record)), lease, {});
    const owner = newOwner(world, 0, () => lease);
    owner.frontier.limitPages("s", 2);
    await seeded(world, [`${first}x`, `${first}y`]);
    await owner.open();
    await ready(owner, 2);
    const [host] = [...owner.frontier.authorities()] as [string];
    expect(owner.frontier.take(host)).not.toBeNull();
    expect(owner.frontier.take(host)).toBeNull();
    await owner.close();
  });

  test("links that compress badly still fit the log", async () => {
    const world = await newWorld();
    await seeded(world, [`${first}x`]);
    const lease = await takeLease(world.queue, 0, "w");
    const owner = newOwner(world, 0, () => lease);
    await owner.open();
    await ready(owner, 2);
    const long = Array.from({ length: 120 }, () => {
      const noise = crypto.getRandomValues(new Uint8Array(9_000));
      return linkTo(`${first}${Buffer.from(noise).toString("base64url")}`);
    });
    owner.offerFound(long);
    fetchOne(owner);
    await owner.commit();
    expect((await ledgerOf(world.queue, 0)).at(-1)?.pending).toBe(121);
    await owner.close();
  });
});
