// Crashes of shard owners, in memory: whatever step of a commit is the last, the next owner ends with every page once.
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  crawl,
  dyingAt,
  expectEachOnce,
  ledgerOf,
  linkTo,
  newOwner,
  newWorld,
  sites,
  takeLease,
  type World,
  withPut,
} from "../../test/support/shard-world.ts";
import { receiptPath } from "../model/lake-paths.ts";
import type { RawRecord } from "../model/raw-record.ts";
import { LostLease } from "../std/errors.ts";
import { doneFingerprints, segmentName } from "./commit-segment.ts";
import { hexOf } from "./fingerprint.ts";
import { packLinks } from "./link-batch.ts";
import { linkFingerprint } from "./link-fingerprint.ts";
import type { ShardOwner } from "./shard-owner.ts";

const plain: Parameters<typeof newWorld>[0] = {};
describe.each([
  ["", plain],
  [", with snapshots", { pageCount: 9, snapshots: { links: 1, everyMs: 0 } }],
])("a worker dies at any write of its crawl%s", async (_, more) => {
  const counted = dyingAt(await newWorld(more), Number.POSITIVE_INFINITY, "before");
  await crawl(counted, "first");
  await expectEachOnce(counted);
  const steps = Array.from({ length: counted.writes() }, (_, n) => n + 1);

  test.each(["before", "after"] as const)(
    "%s it is done: the next ends with every page once",
    async (when) => {
      for (const step of steps) {
        const world = await newWorld(more);
        const end = await crawl(dyingAt(world, step, when), "first").catch(String);
        // A snapshot that fails after the last commit costs nobody anything.
        if (more.snapshots === undefined || end !== undefined) expect(end).toMatch("killed");
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
