// Snapshots of the frontier over a real queue: a worker is killed, and whatever of its snapshots is lost or damaged, the next
// one goes on exactly. The log is cut by then, so going on from nothing would lose pages.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frontierShardFolder } from "../../internal/model/lake-paths.ts";
import { findNatsServer } from "../../internal/pod/nats-binary.ts";
import { type NatsServer, startNatsServer } from "../../internal/pod/nats-server.ts";
import { take } from "../../internal/queue/queue.contract.ts";
import type { Queue } from "../../internal/queue/queue.ts";
import { openNatsQueue } from "../../internal/queue/queue-nats.ts";
import {
  crawl,
  expectEachOnce,
  ledgerOf,
  newWorld,
  shards,
  type World,
} from "../support/shard-world.ts";

const pageCount = 40;
let folder: string;
let server: NatsServer;
let queue: Queue;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "onpoint-nats-"));
  server = await startNatsServer({
    binary: await findNatsServer(process.cwd(), process.env.PATH),
    port: 0,
    storeDir: join(folder, "store"),
    logFile: join(folder, "nats.log"),
    signal: new AbortController().signal,
    onRestart: () => {},
  });
  queue = await openNatsQueue({ url: server.url, name: "test", shards });
});
afterAll(async () => {
  await queue.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A crawl whose worker died half-way, behind some snapshots. */
async function halfCrawled(): Promise<World> {
  await queue.purgeRun("r");
  const world = await newWorld({ queue, pageCount, snapshots: { links: 1, everyMs: 0 } });
  await crawl(world, "w", pageCount);
  return world;
}

const snapshotsOf = async ({ lake }: World, shard: number) => {
  const found: string[] = [];
  for await (const { path } of lake.list(frontierShardFolder("r", shard))) found.push(path);
  return found;
};
const named = async (shard: number) => (await ledgerOf(queue, shard)).at(-1)?.snapshots ?? [];

async function firstLinks(shard: number): Promise<number> {
  const [first] = await take(1, (signal) => queue.readLinks("r", shard, 1, signal));
  return first?.seq ?? 0;
}

describe("a worker that takes over from a killed one", () => {
  test("goes on from the newest snapshot; the log is cut, and old snapshots are gone", async () => {
    const world = await halfCrawled();
    for (const shard of [0, 1]) {
      const [newest, older] = await named(shard);
      expect(await firstLinks(shard)).toBe(older?.consumedSeq);
      const paths = await snapshotsOf(world, shard);
      expect(paths.slice(0, 2)).toEqual([older?.path, newest?.path]);
      // One that was written and not named yet may be there.
      expect(paths.length).toBeLessThanOrEqual(3);
    }
    await crawl(world, "w");
    await expectEachOnce(world);
  });

  test("goes on from the one before when the newest is damaged, or gone", async () => {
    for (const isGone of [true, false]) {
      const world = await halfCrawled();
      for (const shard of [0, 1]) {
        const [newest] = await named(shard);
        const file = await world.lake.local(newest?.path ?? "", folder);
        if (isGone) await rm(file);
        else await writeFile(file, "damaged");
      }
      await crawl(world, "w");
      await expectEachOnce(world);
    }
  });

  test("finds all links in the receipts when no snapshot is left, or the ledger forgot them", async () => {
    const world = await halfCrawled();
    for (const shard of [0, 1]) {
      for (const path of await snapshotsOf(world, shard))
        await writeFile(await world.lake.local(path, folder), "damaged");
    }
    await crawl(world, "w", pageCount / 2);
    // It leaves snapshots of its own.
    for (const shard of [0, 1]) expect(await named(shard)).not.toEqual([]);
    await crawl(world, "w");
    await expectEachOnce(world);
  });

  test("crawls on when the queue lost its store: receipts and the lake's files are enough", async () => {
    const world = await halfCrawled();
    await queue.purgeRun("r");
    const again = await newWorld({ queue, pageCount, snapshots: world.snapshots });
    // The seed is put on the log again by the coordinator.
    await crawl({ ...again, lake: world.lake }, "w");
    await expectEachOnce({ ...again, lake: world.lake });
  });
});
