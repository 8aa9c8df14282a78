import fc from "fast-check";
import { expect, test } from "vitest";
import type { Scope } from "../model/pipeline.ts";
import { scopeOf } from "./scope.ts";

const open: Scope = { within: "any", include: ["**"], exclude: [], maxDepth: 3, maxPages: 100 };
const seeds = ["https://www.example.co.uk/docs/a.html", "http://127.0.0.1:8080/x"];

test.each([
  ["host", "https://www.example.co.uk/z", null],
  ["host", "http://www.example.co.uk/z", null],
  ["host", "https://www.example.co.uk:8443/z", "host"],
  ["host", "https://example.co.uk/z", "host"],
  ["host", "http://127.0.0.1:8080/", null],
  ["host", "http://127.0.0.1:8081/", "host"],
  ["domain", "https://shop.example.co.uk/", null],
  ["domain", "https://other.co.uk/", "domain"],
  ["domain", "http://127.0.0.1:9/", null],
  ["domain", "http://127.0.0.2/", "domain"],
  ["prefix", "https://www.example.co.uk/docs/b/c", null],
  ["prefix", "http://www.example.co.uk/docs/", null],
  ["prefix", "https://www.example.co.uk/docs", "prefix"],
  ["prefix", "https://www.example.co.uk/docsx/", "prefix"],
  ["prefix", "https://www.example.co.uk.evil.org/docs/", "prefix"],
  ["prefix", "http://127.0.0.1:8080/anything", null],
  ["any", "https://elsewhere.org/", null],
  ["any", "ftp://elsewhere.org/", "scheme"],
  ["any", "no url", "scheme"],
] as const)("within %s: %s is %s", (within, url, reason) => {
  expect(scopeOf({ ...open, within }, seeds)(url, 1)).toBe(reason);
});

test("sites under one private suffix are not one domain", () => {
  const check = scopeOf({ ...open, within: "domain" }, ["https://a.github.io/"]);
  expect(check("https://x.a.github.io/", 1)).toBeNull();
  expect(check("https://b.github.io/", 1)).toBe("domain");
});

test("exclude beats include; depth comes last", () => {
  const check = scopeOf({ ...open, include: ["**/shop/**"], exclude: ["**/cart/**"] }, seeds);
  expect(check("https://h.org/shop/1", 3)).toBeNull();
  expect(check("https://h.org/shop/1", 4)).toBe("too deep");
  expect(check("https://h.org/shop/cart/1", 4)).toBe("excluded");
  expect(check("https://h.org/about", 4)).toBe("not included");
});

test("a seed needs no include, but obeys exclude", () => {
  const check = scopeOf({ ...open, include: ["**/shop/**"], exclude: ["**/cart/**"] }, seeds);
  expect(check("https://h.org/", 0)).toBeNull();
  expect(check("https://h.org/", 1)).toBe("not included");
  expect(check("https://h.org/cart/", 0)).toBe("excluded");
});

test("an empty include is no limit", () => {
  expect(scopeOf({ ...open, include: [] }, seeds)("https://h.org/", 1)).toBeNull();
});

test("a seed may be written in any form; what is no URL throws", () => {
  const check = scopeOf({ ...open, within: "host" }, ["HTTPS://Example.COM./a b"]);
  expect(check("https://example.com/", 1)).toBeNull();
  expect(() => scopeOf(open, ["nothing"])).toThrow(TypeError);
});

test("what is kept of origins changes no answer", () => {
  const hosts = [
    "www.example.co.uk",
    "example.co.uk",
    "www.example.co.uk:8443",
    "www.example.co",
    "127.0.0.1:8080",
  ];
  const urls = hosts.flatMap((host) =>
    ["/", "/docs/", "/docs/a/b", "/docsx", "/x/docs/"].flatMap((path) => [
      `http://${host}${path}`,
      `https://${host}${path}`,
    ]),
  );
  for (const within of ["host", "domain", "prefix", "any"] as const) {
    const check = scopeOf({ ...open, within }, seeds);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...urls), { maxLength: 20 }), (asked) => {
        // A check of its own for each has seen no other origin.
        const fresh = asked.map((url) => scopeOf({ ...open, within }, seeds)(url, 1));
        expect(asked.map((url) => check(url, 1))).toEqual(fresh);
      }),
    );
  }
});
