import { globSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { threadCpuMs } from "../../test/support/cpu-time.ts";
import type { TrapLimits } from "../model/pipeline.ts";
import { urlTrap } from "./url-trap.ts";

const limits: TrapLimits = {
  urlLength: 4_096,
  queryLength: 2_048,
  params: 64,
  repeats: 3,
  pagesPerHost: 1e7,
  pagesPerPattern: 1e6,
  dates: 10_000,
  farDates: 100,
  copies: 100,
};
const trapOf = (pathAndQuery: string) => urlTrap(`https://site.example${pathAndQuery}`, limits);

test.each([
  "/",
  "/a/a",
  "/a/a/",
  "/a/a/b/a/a",
  "/a/b/a/b",
  "/a/b/a/b/a",
  "/docs/api/docs/api/types",
  "/a/ab/abc/aa/a",
  "/x/node_modules/y/node_modules/z/node_modules/w/node_modules/v",
  "/org/apache/internal/core/internal/impl/internal/Type.html",
  "/tiles/1/1/1/1.png",
  "/2011/11/11/11",
  "/a//b//c",
  "/?q=/a/a/a/a",
  "/?a=1&a=1",
  "/?tag=1&tag=2&tag=3&tag=4",
  "/?a=&b=&c=&d=&e=",
  "/?next=%2Flogin%3Fnext%3D%252Fhome",
  `/?q=${"x".repeat(2_046)}`,
  `/${"x".repeat(4_000)}`,
])("%s is a page", (path) => {
  expect(trapOf(path)).toBeNull();
});

test.each([
  "/a/a/a",
  "/a/a/a/",
  "/a/a/a/page.html",
  "/x/a/a/a",
  "/docs/docs/docs/docs/docs",
  "/a/b/a/b/a/b",
  "/x/a/b/c/a/b/c/a/b/c/y",
  "/x////y",
  "/a/1/a/2/a/3/a/4/a/5",
  "/aa/aa/aa?q=1",
])("%s repeats itself", (path) => {
  expect(trapOf(path)).toBe("trap: repeated path");
});

test.each([
  "/?a=1&a=1&a=1",
  "/?sort=up&page=2&sort=up&page=2&sort=up",
  "/?a=1&amp;amp;b=2",
  "/?next=%2Flogin%3Fnext%3D%25252Flogin",
  `/?${Array.from({ length: 65 }, (_, i) => `p${i}=1`).join("&")}`,
  `/?${Array.from({ length: 21 }, (_, i) => `page=${i}`).join("&")}`,
  `/?q=${"x".repeat(2_047)}`,
])("%s grows", (path) => {
  expect(trapOf(path)).toBe("trap: growing query");
});

test("a URL has its length, whatever is in it", () => {
  expect(trapOf(`/${"x".repeat(4_076)}`)).toBe("trap: long url");
});

test("the paths of tens of thousands of files in packages are no traps", () => {
  const paths = globSync("node_modules/*/**/*.{ts,js,md,json,html}");
  expect(paths.length).toBeGreaterThan(5_000);
  expect(paths.filter((path) => trapOf(`/${path}`) !== null)).toEqual([]);
});

test("a folder that contains itself ends, wherever it begins and however long its run is", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
  const runOf = fc.array(name, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(name, { maxLength: 3 }),
      runOf,
      fc.integer({ min: 3, max: 6 }),
      (head, run, n) => {
        const path = [...head, ...Array.from({ length: n }, () => run).flat()].join("/");
        expect(trapOf(`/${path}`)).toBe("trap: repeated path");
      },
    ),
  );
});

test("different segments never repeat themselves", () => {
  const name = fc.stringMatching(/^[a-z]{1,6}$/);
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 20 }), (names) => {
      expect(trapOf(`/${names.join("/")}`)).toBeNull();
    }),
  );
});

test("hostile URLs cost little more than their length", () => {
  const hostile = [
    `/${"a/b/".repeat(500)}`,
    `/${Array.from({ length: 1_000 }, (_, i) => i % 7).join("/a")}`,
    `/${"/".repeat(4_000)}`,
    `/?${"&".repeat(2_000)}`,
    `/${Array.from({ length: 900 }, (_, i) => `x${i % 31}`).join("/")}`,
  ];
  const startedMs = threadCpuMs();
  for (let times = 0; times < 20; times += 1) for (const path of hostile) trapOf(path);
  expect(threadCpuMs() - startedMs).toBeLessThan(500);
});
