import { expect, test } from "vitest";
import type { FrontierLink } from "../model/link.ts";
import type { TrapLimits } from "../model/pipeline.ts";
import { PageCaps } from "./page-caps.ts";

const limits = (more: Partial<TrapLimits>): TrapLimits => ({
  urlLength: 4_096,
  queryLength: 2_048,
  params: 64,
  repeats: 3,
  pagesPerHost: 1e9,
  pagesPerPattern: 1e9,
  dates: 1e9,
  farDates: 1e9,
  copies: 100,
  ...more,
});
const link = (path: string, more: Partial<FrontierLink> = {}): FrontierLink => ({
  url: `https://h.example${path}`,
  source: "s",
  kind: "page",
  depth: 1,
  priority: 2,
  ...more,
});
const host = "h.example:443";

/** What becomes of the pages, in order: `.` is fetched. */
const fates = (links: readonly FrontierLink[], more: Partial<TrapLimits>) => {
  const caps = new PageCaps(2026);
  return links.map((each) => caps.pageTrap(each, host, limits(more)) ?? ".");
};
const numbered = (count: number, pathOf: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => link(pathOf(n)));

test("a host has so many pages, for each source", () => {
  const links = [
    ...numbered(3, (n) => `/${"abc"[n]}`),
    link("/x", { source: "other" }),
    link("/y", { priority: 1 }),
    link("/z", { priority: 0 }),
    link("/sitemap.xml", { kind: "sitemap" }),
  ];
  const full = "trap: pages of host";
  expect(fates(links, { pagesPerHost: 2 })).toEqual([".", ".", full, ".", full, ".", "."]);
});

test("a pattern has so many pages; another pattern has its own", () => {
  const links = [...numbered(3, (n) => `/item/${n}?ref=${n}`), link("/item/9"), link("/a")];
  const full = "trap: pages of pattern";
  expect(fates(links, { pagesPerPattern: 2 })).toEqual([".", ".", full, ".", "."]);
});

test("what a sitemap names has no pattern's cap, nor a calendar's", () => {
  const links = numbered(4, (n) => `/day/2026/05/0${n + 1}`).map((each) => ({
    ...each,
    priority: 1 as const,
  }));
  expect(fates(links, { pagesPerPattern: 1, dates: 1 })).toEqual([".", ".", ".", "."]);
});

test("a calendar ends, sooner where it is far from now", () => {
  const near = numbered(3, (n) => `/day/2026-05-0${n + 1}`);
  const far = numbered(3, (n) => `/day/203${n}-05-01`);
  const old = [link("/day/1850-05-01"), link("/day/1926-05-01")];
  const found = fates([...near, ...far, ...old], { dates: 2, farDates: 1 });
  const [late, early] = ["trap: far date", "trap: calendar"];
  expect(found).toEqual([".", ".", early, ".", late, late, late, early]);
});

test("numbers that could be dates of other centuries are numbers", () => {
  const pages = numbered(600, (n) => `/topic/${3_000 + (n >> 2)}/${(n & 3) + 9}`);
  expect(new Set(fates(pages, { farDates: 0 }))).toEqual(new Set(["."]));
  const items = numbered(600, (n) => `/item/${45_670_101 + n}`);
  expect(new Set(fates(items, { dates: 0, farDates: 0 }))).toEqual(new Set(["."]));
});

test("posts named by a date and a title are no calendar", () => {
  const posts = numbered(5, (n) => `/blog/2026/05/0${n + 1}/title-${"abcde"[n]}`);
  expect(fates(posts, { dates: 1, farDates: 0 })).toEqual([".", ".", ".", ".", "."]);
});

test("a body is counted by host and source", () => {
  const caps = new PageCaps(2026);
  const seen = (source: string, where: string) => caps.timesSeen(source, where, "ab12");
  expect([seen("s", host), seen("s", host), seen("s", "i.example:443"), seen("t", host)]).toEqual([
    1, 2, 1, 1,
  ]);
});

test("documentation of 50,000 pages on one host is fetched whole by the defaults", () => {
  const caps = new PageCaps(2026);
  const defaults = limits({ pagesPerHost: 1e7, pagesPerPattern: 1e6, dates: 1e4, farDates: 100 });
  const traps = new Set<string | null>();
  for (let n = 0; n < 50_000; n += 1) {
    const path = `/docs/v${n % 9}/module-${n % 500}/class-${n}/index.html`;
    traps.add(caps.pageTrap(link(path), host, defaults));
  }
  expect([...traps]).toEqual([null]);
});
