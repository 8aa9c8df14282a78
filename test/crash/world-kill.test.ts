// kill -9 of crawl workers and of nats-server in the middle of a crawl of a world: it goes on by itself or by `onpoint run`
// again, and the crawl is as exact, and as polite, as one that nothing happened to.
import { expect, test } from "vitest";
import { freshFolder } from "../support/run-onpoint.ts";
import { quickly, runWorld } from "../support/web/run-world.ts";
import { smallWorld } from "../support/web/world.ts";

const rounds = Number(process.env.WORLD_ROUNDS ?? 3);
const seed = Number(process.env.WORLD_SEED ?? 20260101);

for (let round = 1; round <= rounds; round += 1) {
  const workers = [2, 4, 1][round % 3] as number;
  test(`round ${round}: ${workers} workers, killed again and again, lose nothing and double nothing`, {
    timeout: 240_000,
  }, async () => {
    await using folder = await freshFolder();
    const world = { ...smallWorld, seed: seed + 100 * round, hosts: 30 };
    const strikes = { count: 4, withinMs: 3_000, natsEvery: 3 };
    const run = await runWorld(folder.path, world, { ...quickly, workers, strikes });
    expect(run.score.faults, run.story).toEqual([]);
    expect(run.killed.length, run.story).toBeGreaterThan(0);
  });
}
