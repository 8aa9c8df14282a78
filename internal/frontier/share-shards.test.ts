import fc from "fast-check";
import { expect, test } from "vitest";
import { shareShards } from "./share-shards.ts";

const shards = fc.uniqueArray(fc.nat(255), { maxLength: 80 });
const workers = fc.uniqueArray(
  fc.integer({ min: 0, max: 40 }).map((n) => `crawl-${n}`),
  { minLength: 1, maxLength: 9 },
);
const loads = (owners: Map<number, string>, names: string[]) =>
  names.map((name) => [...owners.values()].filter((owner) => owner === name).length);

test("every shard has one owner, and no worker has more than one shard more than another", () => {
  fc.assert(
    fc.property(shards, workers, (numbers, names) => {
      const owners = shareShards(numbers, names);
      expect([...owners.keys()].sort()).toEqual([...numbers].sort());
      const counts = loads(owners, names);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }),
  );
});

test("every worker computes the same, whatever the order of what it was told", () => {
  fc.assert(
    fc.property(shards, workers, (numbers, names) => {
      const again = shareShards([...numbers, ...numbers].reverse(), [...names, ...names].reverse());
      expect(again).toEqual(shareShards(numbers, names));
    }),
  );
});

test("a worker that comes or goes moves few of the shards of the others", () => {
  const all = Array.from({ length: 256 }, (_, n) => n);
  for (const size of [2, 4, 8, 16]) {
    const names = Array.from({ length: size }, (_, n) => `crawl-${n}`);
    const before = shareShards(all, names);
    const after = shareShards(all, [...names, "crawl-new"]);
    const moved = all.filter((shard) => before.get(shard) !== after.get(shard)).length;
    // The new worker's own share must move; of the rest, at most as many again and a little.
    expect(moved).toBeLessThanOrEqual((256 / (size + 1)) * 2.5);
  }
});

test("whoever comes or goes, few shards move between those that stay", () => {
  const size = fc.integer({ min: 2, max: 12 });
  fc.assert(
    fc.property(size, fc.integer({ min: 1, max: 256 }), fc.nat(1_000), (size, count, seed) => {
      const all = Array.from({ length: count }, (_, n) => n);
      const few = Array.from({ length: size }, (_, n) => `crawl-${seed}-${n}`);
      const [less, more] = [shareShards(all, few), shareShards(all, [...few, "crawl-new"])];
      const between = all.filter(
        (shard) => more.get(shard) !== "crawl-new" && more.get(shard) !== less.get(shard),
      );
      // The bound of one shard forces some; without it there would be none.
      expect(between.length).toBeLessThanOrEqual((2 * count) / (size + 1) + 8);
    }),
  );
});

test("without workers there is no answer", () => {
  expect(() => shareShards([1], [])).toThrow("no workers");
});
