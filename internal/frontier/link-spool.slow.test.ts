// The spool's files: what is committed gives its room on the disk back.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { authorityOf } from "../url/url.ts";
import { ShardFrontier } from "./shard-frontier.ts";

const filesIn = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());

test("files whose links are all committed are removed while the crawl goes on, and all at its end", () => {
  const root = mkdtempSync(join(tmpdir(), "onpoint-spool-"));
  const frontier = new ShardFrontier({ scratch: root });
  const host = authorityOf("https://a.test/");
  const links = 600_000;
  for (let n = 0; n < links; n += 1) {
    const url = `https://a.test/${n}`;
    frontier.offer({ url, source: "s", kind: "page", depth: 1, priority: 2 });
  }
  expect(filesIn(root)).toHaveLength(3);
  const before = frontier.sizeBytes;
  for (let n = 0; n < links - 1; n += 1) {
    const entry = frontier.take(host);
    expect(entry?.link.url === `https://a.test/${n}`).toBe(true);
    if (entry !== null) frontier.settle(entry.link, true);
    if (n % 1_000 === 0) frontier.committed(1_000);
  }
  frontier.committed(links);
  expect(frontier.pending).toBe(1);
  expect(filesIn(root)).toHaveLength(1);
  // 5 bytes an entry are back; the fingerprints stay.
  expect(before - frontier.sizeBytes).toBeGreaterThan(4 * links);
  expect(frontier.take(host)?.link.url).toBe(`https://a.test/${links - 1}`);
  frontier.close();
  expect(readdirSync(root)).toEqual([]);
  rmSync(root, { recursive: true });
});
