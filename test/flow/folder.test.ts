// Real documentation (npm's own, as installed), served as a site: the pages table has what parse5 and the platform's URL
// find, and nothing else.
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkout, freshFolder } from "../support/run-onpoint.ts";
import { crawlFolder } from "../support/web/crawl-folder.ts";
import { expectedOfFolder } from "../support/web/folder-site.ts";

test("a folder of documentation is crawled exactly", { timeout: 60_000 }, async () => {
  await using place = await freshFolder();
  const docs = join(checkout, "node_modules/npm/docs/output");
  const start = "/commands/npm.html";
  const expected = await expectedOfFolder(docs, start);
  const { pages, dead } = await crawlFolder(place.path, docs, 2, start);
  expect([...pages.keys()].sort()).toEqual([...expected.pages].sort());
  expect([...pages.values()].filter((n) => n !== 1)).toEqual([]);
  expect([...dead].sort()).toEqual([...expected.missing].sort());
  expect(pages.size).toBeGreaterThan(50);
});
