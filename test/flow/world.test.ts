// The standard proof of the crawl: worlds whose right result is known, crawled by the program as a user runs it, scored by
// the pages table, the dead letters and the server's log (test/support/web).
import { expect, test } from "vitest";
import { freshFolder } from "../support/run-onpoint.ts";
import { quickly, runWorld } from "../support/web/run-world.ts";
import { smallWorld } from "../support/web/world.ts";

const seed = Number(process.env.WORLD_SEED ?? 20260101);

test.each([1, 2, 4])(
  "%i crawl workers: every page once, nothing forbidden, nothing too soon",
  {
    timeout: 180_000,
  },
  async (workers) => {
    await using folder = await freshFolder();
    const world = { ...smallWorld, seed: seed + workers };
    const { score, story } = await runWorld(folder.path, world, { ...quickly, workers });
    expect(score.faults, story).toEqual([]);
    expect(score.pages).toBeGreaterThan(100);
    expect(score.forbidden).toBeGreaterThan(10);
  },
);
