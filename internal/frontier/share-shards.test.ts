import fc from "fast-check";
import { expect, test } from "vitest";
import { shareShards } from "./share-shards.ts";

const shards = fc.uniqueArray(fc.nat(255), { maxLength: 80 });
const workers = fc.uniqueArray(
  fc.integer({ min: 0, max: 40 }).map((n) => `crawl-${n}`),
  { minLength: 1, maxLength: 9 },
);
const even = (numbers: number[]) => new Map(numbers.map((shard) => [shard, 1]));
const loads = (owners: Map<number, string>, names: string[]) =>
  names.map((name) => [...owners.values()].filter((owner) => owner === name).length);

test("every shard has one owner, and no worker has more than one shard more than another", () => {
  fc.assert(
    fc.property(shards, workers, (numbers, names) => {
      const owners = shareShards(even(numbers), names);
      expect([...owners.keys()].sort()).toEqual([...numbers].sort());
      const counts = loads(owners, names);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }),
  );
});

test("shards that weigh more are shared so that the loads are alike", () => {
  const weighed = fc.uniqueArray(fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 50 })), {
    minLength: 1,
    maxLength: 80,
    selector: ([shard]) => shard,
  });
  fc.assert(
    fc.property(weighed, workers, (shards, names) => {
      const weights = new Map(shards);
      const owners = shareShards(weights, names);
      expect([...owners.keys()].sort()).toEqual([...weights.keys()].sort());
      const carried = names.map((name) =>
        shards.reduce((sum, [shard, weight]) => sum + (owners.get(shard) === name ? weight : 0), 0),
      );
      const heaviest = Math.max(...weights.values());
      expect(Math.max(...carried) - Math.min(...carried)).toBeLessThan(2 * heaviest);
    }),
  );
});

test("400 hosts in about 200 shards are shared as well as one host allows", () => {
  const weights = new Map<number, number>();
  for (let host = 0; host < 400; host += 1) {
    const shard = (host * 2_654_435_761) % 197;
    weights.set(shard, (weights.get(shard) ?? 0) + 1);
  }
  for (let seed = 0; seed < 50; seed += 1) {
    const names = [`crawl-${seed}-a`, `crawl-${seed}-b`];
    const carried = new Map<string, number>();
    for (const [shard, name] of shareShards(weights, names))
      carried.set(name, (carried.get(name) ?? 0) + (weights.get(shard) ?? 0));
    expect(Math.max(...carried.values())).toBeLessThanOrEqual(201);
  }
});

test("every worker computes the same, whatever the order of what it was told", () => {
  fc.assert(
    fc.property(shards, workers, (numbers, names) => {
      const again = shareShards(even([...numbers].reverse()), [...names, ...names].reverse());
      expect(again).toEqual(shareShards(even(numbers), names));
    }),
  );
});

test("a worker that comes or goes moves few of the shards of the others", () => {
  const all = Array.from({ length: 256 }, (_, n) => n);
  for (const size of [2, 4, 8, 16]) {
    const names = Array.from({ length: size }, (_, n) => `crawl-${n}`);
    const before = shareShards(even(all), names);
    const after = shareShards(even(all), [...names, "crawl-new"]);
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
      const [less, more] = [
        shareShards(even(all), few),
        shareShards(even(all), [...few, "crawl-new"]),
      ];
      const between = all.filter(
        (shard) => more.get(shard) !== "crawl-new" && more.get(shard) !== less.get(shard),
      );
      // The bound of one shard forces some; without it there would be none.
      expect(between.length).toBeLessThanOrEqual((2 * count) / (size + 1) + 8);
    }),
  );
});

test("without workers there is no answer", () => {
  expect(() => shareShards(even([1]), [])).toThrow("no workers");
});
