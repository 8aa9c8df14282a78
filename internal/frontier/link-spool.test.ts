import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { FrontierLink } from "../model/link.ts";
import { chunkEntries } from "./entry-table.ts";
import { LinkSpool } from "./link-spool.ts";

const root = mkdtempSync(join(tmpdir(), "onpoint-spool-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const names = ["s", "an other one"];
const nameOf = (source: number) => names[source] as string;

const url = fc.oneof(
  fc.webUrl({ withQueryParameters: true }),
  fc.nat(5_000).map((length) => `https://a.test/${"x".repeat(length)}`),
  fc.string({ unit: "grapheme" }),
);
const link = fc.record(
  {
    url,
    source: fc.constantFrom(...names),
    kind: fc.constantFrom("page", "api", "sitemap"),
    depth: fc.nat(0xffff_ffff),
    priority: fc.constantFrom(0, 1, 2),
    via: url,
    page: fc.nat(),
    replay: fc.nat(),
    lastmod: fc.string(),
  },
  { requiredKeys: ["url", "source", "kind", "depth", "priority"], noNullPrototype: true },
) as fc.Arbitrary<FrontierLink>;

test("every link is read as it was written, in any order, fields unknown here too", () => {
  fc.assert(
    fc.property(fc.array(link, { maxLength: 120 }), fc.array(fc.nat()), (links, order) => {
      const spool = new LinkSpool(root);
      try {
        const read = (at: number) => expect(spool.read(at, nameOf)).toEqual(links[at]);
        for (const [at, each] of links.entries()) {
          spool.append(each, names.indexOf(each.source));
          read(at);
          read(Math.floor(at / 2));
        }
        for (const at of order) if (links.length > 0) read(at % links.length);
      } finally {
        spool.close();
      }
    }),
  );
  expect(readdirSync(root)).toEqual([]);
});

const short = (n: number): FrontierLink => ({
  url: `https://a.test/${n}`,
  source: "s",
  kind: "page",
  depth: 1,
  priority: 2,
});

test("a chunk that is freed cannot be read, its neighbours can", () => {
  const spool = new LinkSpool(root);
  for (let n = 0; n < 3 * chunkEntries; n += 1) spool.append(short(n), 0);
  spool.free(1);
  expect(() => spool.read(chunkEntries, nameOf)).toThrow("not in the spool any more");
  for (const at of [chunkEntries - 1, 2 * chunkEntries]) {
    expect(spool.read(at, nameOf).url).toBe(`https://a.test/${at}`);
  }
  spool.close();
});

test("a disk that cannot be written to is an error that names the place", () => {
  const gone = join(root, "gone");
  const spool = new LinkSpool(gone);
  const fill = () => {
    for (let n = 0; n < chunkEntries; n += 1) spool.append(short(n), 0);
  };
  expect(fill).toThrow(`make a file of the frontier's spool in "${gone}"`);
  expect(existsSync(gone)).toBe(false);
  spool.close();
});
