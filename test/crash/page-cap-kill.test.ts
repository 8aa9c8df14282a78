// kill -9 of crawl workers and of nats-server while a page cap over all sites of a world comes near: the table has exactly as
// many pages as the cap says, each once, and nothing was asked for that the world forbids.
import { expect, test } from "vitest";
import { freshFolder } from "../support/run-onpoint.ts";
import { quickly, runWorld } from "../support/web/run-world.ts";
import { smallWorld } from "../support/web/world.ts";

const rounds = Number(process.env.WORLD_ROUNDS ?? 2);
const seed = Number(process.env.WORLD_SEED ?? 20260101);

for (let round = 1; round <= rounds; round += 1) {
  const [workers, maxPages] = round % 2 === 1 ? [4, 150] : [2, 60];
  test(`round ${round}: ${workers} workers, killed again and again, read ${maxPages} pages`, {
    timeout: 240_000,
  }, async () => {
    await using folder = await freshFolder();
    const world = { ...smallWorld, seed: seed + 100 * round, hosts: 30 };
    const strikes = { count: 4, withinMs: 3_000, natsEvery: 3 };
    const options = { ...quickly, workers, maxPages, strikes };
    const { pages, score, killed, story } = await runWorld(folder.path, world, options);
    expect(score.pages).toBeGreaterThan(maxPages);
    expect(pages.length, story).toBe(maxPages);
    // What the cap leaves out has neither a row nor a dead letter.
    expect(score.faults.filter((fault) => !/^no (row|dead letter) for /.test(fault))).toEqual([]);
    expect(killed.length, story).toBeGreaterThan(0);
  });
}
