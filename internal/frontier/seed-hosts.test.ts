import { expect, test } from "vitest";
import { apiSource, itemsUrl } from "../../test/support/api-source.ts";
import { webSource } from "../../test/support/web-source.ts";
import { seedHosts } from "./seed-hosts.ts";
import { shardOf } from "./shard.ts";

test("a shard weighs as much as the sources' seeds name hosts in it", () => {
  const seeds = [
    "https://a.test/",
    "https://a.test/more",
    "https://www.a.test/",
    "https://b.test/",
  ];
  const sources = [webSource({ seeds }), apiSource({ kind: "none" })];
  const hosts = seedHosts(sources, 1_000_003);
  const weight = (url: string) => hosts.get(shardOf(url, 1_000_003));
  // One site is in one shard, and its hosts are asked each at its own pace.
  expect(weight("https://a.test/")).toBe(2);
  expect(weight("https://b.test/")).toBe(1);
  expect(weight(itemsUrl)).toBe(1);
  expect(hosts.size).toBe(3);
});
