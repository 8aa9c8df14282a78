import { expect, test } from "vitest";
import type { FrontierLink } from "../model/link.ts";
import { packLinks, unpackLinks } from "./link-batch.ts";

const linksOf = (count: number): FrontierLink[] =>
  Array.from({ length: count }, (_, n) => ({
    url: `http://ü.example/${n}`,
    source: "web",
    kind: "page",
    depth: 1,
    priority: 2,
  }));

test("links come back as they were sent, few or many", async () => {
  for (const count of [1, 2, 60, 4_000])
    expect(await unpackLinks(await packLinks(linksOf(count)))).toEqual(linksOf(count));
});

test("many links are compressed", async () => {
  const links = linksOf(4_000);
  expect((await packLinks(links)).length).toBeLessThan(JSON.stringify(links).length / 5);
});

test("a damaged batch is an error, not other links", async () => {
  const few = await packLinks(linksOf(2));
  await expect(unpackLinks(few.subarray(0, few.length - 3))).rejects.toThrow();
  const many = await packLinks(linksOf(4_000));
  many.writeUInt8(many.readUInt8(many.length >> 1) ^ 0xff, many.length >> 1);
  await expect(unpackLinks(many)).rejects.toThrow();
});
