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

test("without workers there is no answer", () => {
  expect(() => shareShards([1], [])).toThrow("no workers");
});
