// Page caps over two shards, in memory: exact to the page, whatever step of the crawl was a worker's last.
import { expect, test } from "vitest";
import { crawl, dyingAt, ledgerOf, newWorld, type World } from "../../test/support/shard-world.ts";
import { grantsKey } from "./page-caps.ts";

async function savedPages({ queue }: World): Promise<number> {
  let saved = 0;
  for (const shard of [0, 1]) {
    const records = new Map((await ledgerOf(queue, shard)).map((each) => [each.segment, each]));
    for (const { files } of records.values()) for (const { pages } of files) saved += pages;
  }
  return saved;
}

test.each([1, 2, 7, 11, 17, 18, 19])("%i pages of 18 at most", async (maxPages) => {
  const world = await newWorld({ pageCount: 9, maxPages });
  await crawl(world, "first");
  expect(await savedPages(world)).toBe(Math.min(maxPages, 18));
});

test.each(["before", "after"] as const)(
  "a worker dies %s a write: with the next the cap is reached all the same, and not passed",
  async (when) => {
    const more = { pageCount: 6, maxPages: 7 };
    const counted = dyingAt(await newWorld(more), Number.POSITIVE_INFINITY, "before");
    await crawl(counted, "first");
    for (let at = 1; at <= counted.writes(); at += 1) {
      const world = await newWorld(more);
      expect(await crawl(dyingAt(world, at, when), "first").catch(String)).toMatch("killed");
      world.pass(60_000);
      await crawl(world, "second");
      expect(await savedPages(world), `died at write ${at}`).toBe(7);
    }
  },
);

test("grants that the queue has lost are made up from the receipts in the lake", async () => {
  const world = await newWorld({ pageCount: 9, maxPages: 11 });
  await crawl(world, "first", 6);
  await world.queue.deleteState(grantsKey("r", "s"));
  world.pass(60_000);
  await crawl(world, "second");
  expect(await savedPages(world)).toBe(11);
});
