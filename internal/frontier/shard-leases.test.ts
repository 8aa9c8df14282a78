import { expect, test, vi } from "vitest";
import type { Queue } from "../queue/queue.ts";
import { openMemoryQueue } from "../queue/queue-memory.ts";
import { LostLease } from "../std/errors.ts";
import { ShardLeases } from "./shard-leases.ts";

/** A queue whose leases, and the pods' own clocks, go by vi's clock. */
function clocked(more: (queue: Queue) => Partial<Queue> = () => ({})) {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
  const queue = openMemoryQueue();
  return { ...queue, ...more(queue) };
}
const even = (...shards: number[]) => new Map(shards.map((shard) => [shard, 1]));
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

test("two pods share what is wanted; who leaves is followed by the other", async () => {
  const queue = clocked();
  const [a, b] = [new ShardLeases(queue, "a", 10_000), new ShardLeases(queue, "b", 10_000)];
  expect((await a.balance(even(1, 2, 3, 4))).gained).toEqual([1, 2, 3, 4]);
  expect((await b.balance(even(1, 2, 3, 4))).gained).toEqual([]);
  const { surplus } = await a.balance(even(1, 2, 3, 4));
  expect(surplus.length).toBe(2);
  for (const shard of surplus) await a.release(shard);
  expect((await b.balance(even(1, 2, 3, 4))).gained.sort()).toEqual([...surplus].sort());
  await a.leave();
  for (const shard of a.shards) await a.release(shard);
  await b.balance(even(1, 2, 3, 4));
  expect(b.shards.length).toBe(4);
  vi.useRealTimers();
});

test("a lease is not used to its end, and counts from before its renewal was sent", async () => {
  const queue = clocked((inner) => ({
    renew: async (lease, ttlMs) => {
      const renewed = await inner.renew(lease, ttlMs);
      pass(6_000);
      return renewed;
    },
  }));
  const leases = new ShardLeases(queue, "a", 10_000);
  await leases.balance(even(1));
  pass(5_000);
  expect(await leases.renew()).toEqual([]);
  expect(leases.isValid(1)).toBe(true);
  pass(3_400);
  expect(leases.isValid(1)).toBe(true);
  pass(200);
  expect(leases.isValid(1)).toBe(false);
  expect(() => leases.lease(1)).toThrow(LostLease);
  vi.useRealTimers();
});

test("a renewal that fails does not hide that other leases are lost, and is tried again soon", async () => {
  const failing = { key: "shard.1" };
  const queue = clocked((inner) => ({
    renew: async (lease, ttlMs) => {
      if (lease.key === failing.key) throw new Error("no answer");
      if (lease.key === "shard.2") throw new LostLease("it is lost");
      return inner.renew(lease, ttlMs);
    },
  }));
  const leases = new ShardLeases(queue, "a", 9_000);
  await leases.balance(even(1, 2, 3));
  pass(3_000);
  expect(await leases.renew()).toEqual([2]);
  expect(leases.shards).toEqual([1, 3]);
  failing.key = "";
  pass(1_500);
  expect(await leases.renew()).toEqual([]);
  pass(5_000);
  expect(leases.isValid(1)).toBe(true);
  vi.useRealTimers();
});
