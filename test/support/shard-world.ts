// A made-up web for shard owners: one site in each of two shards, every page linking to the next of its own site and to one
// of the other; workers that crawl it; and ways for them to die.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, expect } from "vitest";
import { doneFingerprints } from "../../internal/frontier/commit-segment.ts";
import { hexOf } from "../../internal/frontier/fingerprint.ts";
import { packLinks } from "../../internal/frontier/link-batch.ts";
import { linkFingerprint } from "../../internal/frontier/link-fingerprint.ts";
import { PageCaps } from "../../internal/frontier/page-caps.ts";
import { SegmentBudget } from "../../internal/frontier/segment-budget.ts";
import { SentLinks } from "../../internal/frontier/sent-links.ts";
import { shardOf } from "../../internal/frontier/shard.ts";
import { ShardOwner } from "../../internal/frontier/shard-owner.ts";
import type { SnapshotPace } from "../../internal/frontier/shard-snapshots.ts";
import type { ActiveRun } from "../../internal/model/active-run.ts";
import type { FrontierLink } from "../../internal/model/link.ts";
import type { RawRecord } from "../../internal/model/raw-record.ts";
import type { SegmentRecord } from "../../internal/model/segment.ts";
import type { Objects } from "../../internal/objects/objects.ts";
import { openFileObjects } from "../../internal/objects/objects-file.ts";
import type { Lease, Queue } from "../../internal/queue/queue.ts";
import { openMemoryQueue } from "../../internal/queue/queue-memory.ts";

export const root = await mkdtemp(join(tmpdir(), "onpoint-owner-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let lakes = 0;
const newLake = () => {
  lakes += 1;
  return openFileObjects(pathToFileURL(join(root, String(lakes))).href);
};

export const shards = 2;
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
export const sites = [0, 1].map((shard) => {
  const all = Array.from({ length: 20 }, (_, n) => `https://site${n}.test/`);
  return all.find((url) => shardOf(url, shards) === shard) as string;
});
export const linkTo = (url: string): FrontierLink => ({
  url,
  source: "s",
  kind: "page",
  depth: 1,
  priority: 2,
});
export const urlOf = (site: number, n: number) => `${sites[site % 2]}${n}`;
const outlinks = (url: string, pageCount: number) => {
  const site = sites.findIndex((each) => url.startsWith(each));
  const n = Number(url.slice(sites[site]?.length));
  if (n + 1 >= pageCount) return [];
  return [urlOf(site, n + 1), urlOf(site + 1, n + 1), urlOf(site, 0)].map(linkTo);
};

/** Fetches a link: its page, and what it links to. */
function settle(owner: ShardOwner, link: FrontierLink, pageCount: number): void {
  owner.offerFound(outlinks(link.url, pageCount));
  owner.segment.addRecord({ url: link.url, source: "s" } as RawRecord);
  owner.segment.countSaved("s");
  owner.segment.addDone(link);
  owner.frontier.settle(link, true);
}

/** `pageCount`: pages of each site. `maxPages`: of both, if there is a cap. `pass` lets time go by for leases. */
export type World = {
  queue: Queue;
  lake: Objects;
  pageCount: number;
  maxPages?: number;
  snapshots: SnapshotPace;
  pass: (ms: number) => void;
};

const never: SnapshotPace = { links: 1_000_000, everyMs: 1_000_000 };

/** The first page of the first site is on the log. */
export async function newWorld(
  more: Partial<Pick<World, "pageCount" | "maxPages" | "snapshots" | "queue">> = {},
): Promise<World> {
  let nowMs = 1_000;
  const queue = more.queue ?? openMemoryQueue({ now: () => nowMs, shards });
  await queue.appendLinks("r", 0, await packLinks([linkTo(urlOf(0, 0))]), {});
  return {
    pageCount: 5,
    snapshots: never,
    ...more,
    queue,
    lake: await newLake(),
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

export const takeLease = async (queue: Queue, shard: number, worker: string) =>
  (await queue.acquire(`shard.${shard}`, worker, 10_000)) as Lease;

export function newOwner(
  world: World,
  shard: number,
  lease: () => Lease,
  sent = new SentLinks(),
): ShardOwner {
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
    sharedCaps: world.maxPages === undefined ? {} : { s: world.maxPages },
    scratch: root,
    snapshots: world.snapshots,
    roots: async () => (shard === 0 ? [linkTo(urlOf(0, 0))] : []),
    onSnapshotFailure: () => undefined,
    onLinks: () => undefined,
    trace: (_, body) => body({}),
  });
}

export const ledgerOf = async (queue: Queue, shard: number): Promise<SegmentRecord[]> =>
  (await queue.readCrawled("r", shard)).map(({ data }) => JSON.parse(Buffer.from(data).toString()));

async function isComplete(queue: Queue): Promise<boolean> {
  for (const [shard, lastSeq] of await queue.lastLinks("r")) {
    const last = (await ledgerOf(queue, shard)).at(-1);
    if (last?.pending !== 0 || last.consumedSeq < lastSeq) return false;
  }
  return true;
}

/**
 * One crawl worker for both shards, until the crawl is complete, `most` pages are fetched, or something throws: then it is
 * dead. Snapshots are waited for, so that every run of a test has the same ones.
 */
export async function crawl(
  world: World,
  worker: string,
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  const sent = new SentLinks();
  const owners: ShardOwner[] = [];
  let nowMs = 0;
  const caps = new PageCaps(world.queue, () => nowMs);
  try {
    for (let shard = 0; shard < shards; shard += 1) {
      const lease = await takeLease(world.queue, shard, worker);
      const owner = newOwner(world, shard, () => lease, sent);
      owners.push(owner);
      await owner.open();
    }
    for (let fetched = 0; !(await isComplete(world.queue)); ) {
      await turn();
      nowMs += 500;
      await caps.settle(owners);
      for (const owner of owners) {
        if (owner.failure !== null) throw new Error("killed", { cause: owner.failure });
        const entry = [...owner.frontier.authorities()].map((host) => owner.frontier.take(host))[0];
        if (entry) {
          settle(owner, entry.link, world.pageCount);
          fetched += 1;
        }
        // What waits for the cap waits for commits.
        const isAged = world.maxPages !== undefined && !entry;
        if (owner.segment.done.length >= 2 || owner.isIdle || isAged) await owner.commit();
        await owner.snapshots.settled();
        if (fetched >= most) return;
      }
    }
  } finally {
    for (const owner of owners) await owner.close();
  }
}

/** Every URL is done in one segment of the ledger, and its page in one raw file of it. */
export async function expectEachOnce({ queue, lake, pageCount }: World): Promise<void> {
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
  const urls = sites.flatMap((site) => Array.from({ length: pageCount }, (_, n) => `${site}${n}`));
  expect(done.sort()).toEqual(urls.map((url) => hexOf(linkFingerprint(linkTo(url)))).sort());
  expect(pages.reduce((sum, count) => sum + count, 0)).toBe(urls.length);
}

export const withPut = (
  lake: Objects,
  put: Objects["put"],
  putFile: Objects["putFile"] = (...args) => lake.putFile(...args),
): Objects => ({
  url: lake.url,
  put,
  putFile,
  get: (path) => lake.get(path),
  open: (path) => lake.open(path),
  head: (path) => lake.head(path),
  list: (...args) => lake.list(...args),
  delete: (path) => lake.delete(path),
  local: (...args) => lake.local(...args),
  close: () => lake.close(),
});

/** Throws at the `at`-th write to lake or queue and at all after it: before it is done, or after. */
export function dyingAt(
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
  const lake = withPut(
    world.lake,
    (...args) => die(() => world.lake.put(...args)),
    (...args) => die(() => world.lake.putFile(...args)),
  );
  const queue: Queue = {
    ...world.queue,
    appendLinks: (...args) => die(() => world.queue.appendLinks(...args)),
    appendCrawled: (...args) => die(() => world.queue.appendCrawled(...args)),
    trimLinks: (...args) => die(() => world.queue.trimLinks(...args)),
    changeState: (...args) => die(() => world.queue.changeState(...args)),
  };
  return { ...world, lake, queue, writes: () => writes };
}
