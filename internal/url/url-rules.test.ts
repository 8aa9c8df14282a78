import fc from "fast-check";
import { expect, test } from "vitest";
import { threadCpuMs } from "../../test/support/cpu-time.ts";
import type { CanonicalOptions } from "../model/pipeline.ts";
import { trackingParams, urlRules } from "./url-rules.ts";

const standard: CanonicalOptions = {
  query: "keep",
  dropParams: trackingParams,
  sessionIds: "drop",
  fragment: "drop",
};
const token = "0123456789abcdef0123456789abcdef";

test.each<[Partial<CanonicalOptions>, string, string]>([
  [{}, "/a?utm_source=x&id=1&utm_medium=y", "/a?id=1"],
  [{}, "/a?gclid=x", "/a"],
  [{}, "/a?fbclid", "/a"],
  [{}, "/a?%75tm_source=x", "/a"],
  [{}, "/a?UTM_source=x&myutm_x=1", "/a?UTM_source=x&myutm_x=1"],
  [{}, "/a?b=1&&c=2", "/a?b=1&&c=2"],
  [{ dropParams: [] }, "/a?utm_source=x", "/a?utm_source=x"],
  [{ dropParams: ["v", "_*"] }, "/a?v=1&vv=2&_=3&_t=4", "/a?vv=2"],
  [{}, "/a?b=2&a=1", "/a?b=2&a=1"],
  [{ query: "sort" }, "/a?b=2&a=2&c&a=1&B=0", "/a?B=0&a=2&a=1&b=2&c"],
  [{}, `/a;jsessionid=${token}?b=1`, "/a?b=1"],
  [{}, "/a;JSESSIONID=1.node/b;v=2", "/a/b;v=2"],
  [{}, "/..;jsessionid=1/b", "/b"],
  [{}, "/(S(pvfeq2550nqkjg55rttkzuji))/a.aspx", "/a.aspx"],
  [{}, "/(F(abcdefgh)S(12345678))/a", "/a"],
  [{}, "/(pvfeq2550nqkjg55rttkzuji)/a.aspx", "/a.aspx"],
  [{}, "/Set_(abstract)/a(b)", "/Set_(abstract)/a(b)"],
  [{}, `/a?PHPSESSID=${token}&x=1`, "/a?x=1"],
  [{}, `/a?sid=${token}`, "/a"],
  [{}, "/story?sid=0451234&session=spring2024", "/story?sid=0451234&session=spring2024"],
  [{}, "/a?session=a-long-name-of-a-talk", "/a?session=a-long-name-of-a-talk"],
  [{}, "/a?CFID=1&x=2&CFTOKEN=3", "/a?x=2"],
  [{}, "/a?cfid=1", "/a?cfid=1"],
  [{}, "/a?ASPSESSIONIDQADTCRDD=HBOPLDPAKHPLDJK", "/a"],
  [{ sessionIds: "keep" }, `/a;jsessionid=1?sid=${token}`, `/a;jsessionid=1?sid=${token}`],
  [{}, "/a#/route", "/a"],
  [{ fragment: "routes" }, "/a?utm_id=1#/route/1", "/a#/route/1"],
  [{ fragment: "routes" }, "/a#!x%2dy", "/a#!x-y"],
  [{ fragment: "routes" }, "/a#!", "/a"],
  [{ fragment: "routes" }, "/a#top", "/a"],
])("%j: %s becomes %s", (wish, path, expected) => {
  const { exact } = urlRules({ ...standard, ...wish });
  expect(exact(path, "https://site.example/")).toBe(`https://site.example${expected}`);
});

test("what is no web address stays none", () => {
  expect(urlRules(standard).exact("mailto:a@b.example")).toBeNull();
});

const part = fc.constantFrom(
  ..."/?&=;#%.a1".split(""),
  ...[
    "..",
    "//",
    "&sid=",
    ";jsessionid=",
    "(S(abcdefgh))",
    "/(abcdefghijklmnopqrstuvwx)/",
    "utm_a",
    "%75",
    "#!",
    "#/",
  ],
  ...["cfid=1", "cftoken=2", token],
);

test("doing it twice changes nothing", () => {
  const wishes = fc.record<CanonicalOptions>({
    query: fc.constantFrom("keep", "sort"),
    dropParams: fc.constantFrom([], trackingParams),
    sessionIds: fc.constantFrom("drop", "keep"),
    fragment: fc.constantFrom("drop", "routes"),
  });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 14 }), wishes, (parts, wish) => {
      const { exact } = urlRules(wish);
      const once = exact(`https://site.example/${parts.join("")}`);
      expect(once).not.toBeNull();
      expect(exact(once as string)).toBe(once);
    }),
    { numRuns: 5_000 },
  );
});

test("a long path and query cost no more than their length", () => {
  const { exact } = urlRules(standard);
  const startedMs = threadCpuMs();
  for (const text of [
    ";jsessionid=",
    "/(S(",
    "/(S(abcdefgh)",
    "/((",
    ";jsessionid",
    "&sid=a",
    "&cfid=",
  ]) {
    exact(`https://site.example/a?${text.repeat(50_000)}`);
    exact(`https://site.example/${text.repeat(50_000)}`);
  }
  expect(threadCpuMs() - startedMs).toBeLessThan(3_000);
});
