import { expect, test } from "vitest";
import { BoundedCache } from "./bounded-cache.ts";

test("keeps what is asked for, forgets the rest", () => {
  const cache = new BoundedCache<number>(10);
  for (let key = 0; key < 1000; key += 1) {
    cache.set(`k${key}`, key);
    expect(cache.get("k0")).toBe(0);
  }
  const kept = Array.from({ length: 1000 }, (_, key) => cache.get(`k${key}`));
  expect(kept.slice(991)).toEqual([991, 992, 993, 994, 995, 996, 997, 998, 999]);
  expect(kept.filter((value) => value !== undefined).length).toBeLessThanOrEqual(20);
});

test("zero and false are values; a later value takes the place of an earlier one", () => {
  const cache = new BoundedCache<number | boolean>(4);
  cache.set("a", 0);
  cache.set("b", false);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([0, false, undefined]);
  cache.set("a", 1);
  expect(cache.get("a")).toBe(1);
});
