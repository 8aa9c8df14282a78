// Public vectors, as facts of our own: what WPT, crawler-commons and w3lib say, read off their tests.
//
// url-cases.jsonl: web-platform-tests' urltestdata (BSD-3) and crawler-commons' resolution cases (Apache-2.0): the text, its
// base or null, and what must come of it by our rules, worked out from the published URL by another program than ours; null
// where there is no URL, or none of http and https.
// canonical-cases.jsonl: crawler-commons' normaliser (Apache-2.0) and w3lib's canonicalize_url and safe_url_string (BSD-3) with
// queries sorted: the text and its canonical form; where theirs is another, theirs too, and why ours is right for us.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { resolverOf } from "./resolver.ts";
import { canonicalUrl } from "./url.ts";
import { urlRules } from "./url-rules.ts";

function rowsOf<Row>(name: string): Row[] {
  const text = readFileSync(new URL(name, import.meta.url), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
}

const resolved =
  rowsOf<[text: string, base: string | null, canonical: string | null]>("url-cases.jsonl");
const normalised =
  rowsOf<[text: string, ours: string | null, theirs?: string, why?: string]>(
    "canonical-cases.jsonl",
  );

test("every case of the URL standard's tests, by the long way and by the short one", () => {
  expect(resolved.length).toBeGreaterThanOrEqual(888);
  for (const [text, base, canonical] of resolved) {
    const name = JSON.stringify([text, base]);
    expect(canonicalUrl(text, base ?? undefined), name).toBe(canonical);
    if (base !== null) expect(resolverOf(base)(text), name).toBe(canonical);
  }
});

const { exact } = urlRules({
  query: "sort",
  dropParams: [],
  sessionIds: "keep",
  fragment: "drop",
});

test("every case of other crawlers' normalisers that our rules agree with", () => {
  const agreed = normalised.filter(({ length }) => length === 2);
  expect(agreed.length).toBeGreaterThan(140);
  for (const [text, canonical] of agreed) expect(exact(text), text).toBe(canonical);
});

test("what other crawlers do otherwise is known, with the reason", () => {
  const others = normalised.filter(({ length }) => length > 2);
  expect(others.length).toBeLessThan(40);
  for (const [text, ours, theirs, why] of others) {
    expect(exact(text), text).toBe(ours);
    expect(ours, text).not.toBe(theirs);
    expect(why, text).toMatch(/\w/);
  }
});
