import fc from "fast-check";
import { expect, test } from "vitest";
import { shardOf } from "./shard.ts";

test("all of a site is in one shard, whatever scheme, host, port and path", () => {
  const shard = shardOf("https://example.co.uk/", 256);
  expect(shardOf("http://www.example.co.uk:8080/a?b", 256)).toBe(shard);
  expect(shardOf("https://a.b.example.co.uk/", 256)).toBe(shard);
});

test("sites under a private suffix are sites of their own", () => {
  const shards = ["a", "b", "c", "d"].map((user) => shardOf(`https://${user}.github.io/`, 256));
  expect(new Set(shards).size).toBeGreaterThan(1);
});

// Ledgers are kept under these numbers: a change here loses the place of every crawl.
test.each([
  ["https://example.com/", 179],
  ["http://localhost:3000/a", 234],
  ["http://127.0.0.1:8080/", 191],
  ["http://[::1]/", 166],
  ["https://co.uk/", 108],
  ["https://a_b.example.org/", 35],
  ["https://xn--bcher-kva.de/", 157],
])("%s is in shard %i for ever", (url, shard) => {
  expect(shardOf(url, 256)).toBe(shard);
});

test("shards are in range and evenly used", () => {
  const label = fc.stringMatching(/^[a-z]{1,9}$/);
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
  fc.assert(
    fc.property(name, fc.integer({ min: 1, max: 1000 }), (host, shards) => {
      const shard = shardOf(`https://${host}/`, shards);
      expect(Number.isInteger(shard) && shard >= 0 && shard < shards).toBe(true);
    }),
  );
  const counts = new Array<number>(64).fill(0);
  for (let site = 0; site < 6400; site += 1) {
    const shard = shardOf(`https://site-${site}.com/`, 64);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(55);
  expect(Math.max(...counts)).toBeLessThan(155);
});
