import fc from "fast-check";
import { expect, test } from "vitest";
import type { Recrawl } from "../model/pipeline.ts";
import type { SeenPage } from "../model/seen-page.ts";
import { conditionalHeaders, isChanged, isDue, seenAfter, type Visit } from "./visits.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const nowMs = Date.UTC(2026, 5, 1);
const conditional: Recrawl = { mode: "conditional", minMs: hourMs, maxMs: 14 * dayMs };
const adaptive: Recrawl = { ...conditional, mode: "adaptive" };

const page = (more: Partial<SeenPage> = {}): SeenPage => ({
  url: "https://a.example/",
  depth: 1,
  state: "page",
  checkedMs: nowMs - dayMs,
  intervalMs: dayMs,
  firstMs: nowMs - 9 * dayMs,
  lastMs: nowMs - dayMs,
  body: { atMs: nowMs - 2 * dayMs, status: 200, digest: "d", raw: "raw/old" },
  ...more,
});
const visit = (more: Partial<Visit> = {}): Visit => ({
  url: "https://a.example/",
  depth: 1,
  atMs: nowMs,
  outcome: "page",
  status: 200,
  digest: "d",
  etag: undefined,
  lastModified: undefined,
  ...more,
});

test.each<[string, Partial<SeenPage>, Partial<Recrawl>, Record<string, string>]>([
  ["an ETag alone", { etag: 'W/"1"', lastModified: "m" }, {}, { "if-none-match": 'W/"1"' }],
  ["a date", { lastModified: "m" }, {}, { "if-modified-since": "m" }],
  ["neither", {}, {}, {}],
  ["always", { etag: "e" }, { mode: "always" }, {}],
  ["a page that is gone", { etag: "e", state: "gone" }, {}, {}],
  [
    "a body that is a month old",
    { etag: "e", body: { atMs: nowMs - 31 * dayMs, status: 200, digest: "d", raw: "r" } },
    {},
    {},
  ],
])("asked with %s", (_name, seen, recrawl, headers) => {
  expect(conditionalHeaders(page(seen), { ...conditional, ...recrawl }, nowMs)).toEqual(headers);
});

test.each<[string, Partial<SeenPage>, Recrawl, number | null, boolean]>([
  ["conditional: always", { checkedMs: nowMs }, conditional, null, true],
  ["the interval is over", {}, adaptive, null, true],
  ["a little early", { checkedMs: nowMs - dayMs + hourMs }, adaptive, null, true],
  ["too early", { checkedMs: nowMs - dayMs / 2 }, adaptive, null, false],
  ["a seed", { checkedMs: nowMs, depth: 0 }, adaptive, null, true],
  ["what failed", { checkedMs: nowMs, state: "failed" }, adaptive, null, true],
  ["a sitemap says it changed", { checkedMs: nowMs - hourMs }, adaptive, nowMs, true],
  ["a sitemap says it did not", {}, adaptive, nowMs - 5 * dayMs, false],
  [
    "a sitemap that says so for too long",
    { checkedMs: nowMs - 14 * dayMs },
    adaptive,
    nowMs - 50 * dayMs,
    true,
  ],
])("due: %s", (_name, seen, recrawl, lastmodMs, due) => {
  expect(isDue(page(seen), recrawl, nowMs, lastmodMs)).toBe(due);
});

test.each<[string, SeenPage | null, Partial<Visit>, boolean]>([
  ["new", null, {}, true],
  ["another digest", page(), { digest: "e" }, true],
  ["the same digest, whatever the server says", page({ etag: "1" }), { etag: "2" }, false],
  ["304", page(), { outcome: "unmodified", digest: "" }, false],
  ["gone", page(), { outcome: "gone" }, true],
  ["still gone", page({ state: "gone" }), { outcome: "gone" }, false],
  ["back again", page({ state: "gone" }), {}, true],
])("changed: %s", (_name, before, seen, changed) => {
  expect(isChanged(before, visit(seen))).toBe(changed);
});

test("what is known after each kind of visit", () => {
  const after = (before: SeenPage | null, more: Partial<Visit>) =>
    seenAfter(before, visit(more), adaptive, "raw/new");
  expect(after(null, { etag: "1" })).toEqual({
    url: "https://a.example/",
    depth: 1,
    state: "page",
    checkedMs: nowMs,
    intervalMs: dayMs,
    firstMs: nowMs,
    lastMs: nowMs,
    body: { atMs: nowMs, status: 200, digest: "d", raw: "raw/new" },
    etag: "1",
  });
  // The raw file of the visit has the body, too, when it came again.
  expect(after(page({ etag: "1" }), { etag: "2" })).toMatchObject({
    intervalMs: 1.5 * dayMs,
    firstMs: nowMs - 9 * dayMs,
    body: { raw: "raw/new" },
    etag: "2",
  });
  expect(after(page(), { digest: "e" })?.intervalMs).toBe(dayMs / 2);
  expect(after(page({ etag: "1" }), { outcome: "unmodified" })).toEqual(
    page({ etag: "1", checkedMs: nowMs, lastMs: nowMs, intervalMs: 1.5 * dayMs }),
  );
  const gone = after(page({ etag: "1" }), { outcome: "gone", status: 404 });
  expect(gone).toMatchObject({ state: "gone", checkedMs: nowMs, lastMs: nowMs - dayMs });
  expect(gone).not.toHaveProperty("body");
  expect(gone).not.toHaveProperty("etag");
  expect(after(null, { outcome: "gone" })).toBeNull();
  expect(after(null, { outcome: "passed" })).toMatchObject({ state: "passed" });
  expect(after(null, { outcome: "failed" })).toMatchObject({ state: "failed" });
  expect(after(page(), { outcome: "failed" })).toBeNull();
});

test("the interval stays between its bounds, grows while nothing changes, and shrinks with each change", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), (changes) => {
      let seen = page();
      for (const [n, changed] of changes.entries()) {
        const was = seen.intervalMs;
        const digest = changed ? `d${n}` : (seen.body?.digest ?? "");
        seen = seenAfter(seen, visit({ digest }), adaptive, "raw") as SeenPage;
        expect(seen.intervalMs).toBe(
          Math.round(Math.min(Math.max(was * (changed ? 0.5 : 1.5), hourMs), 14 * dayMs)),
        );
      }
    }),
  );
});
