import { expect, test } from "vitest";
import {
  apiSource,
  byCursor,
  byOffset,
  byPage,
  itemsUrl as url,
} from "../../test/support/api-source.ts";
import type { ApiSource } from "../model/pipeline.ts";
import { UsageError } from "../std/errors.ts";
import { bodyText, firstRequest, withValues } from "./api-request.ts";

const none = { kind: "none" } as const;

test.each<[string, ApiSource, ReturnType<typeof firstRequest>]>([
  ["none", apiSource(none, { url: `${url}?a=%20#x` }), { url: `${url}?a=%20` }],
  [
    "params",
    apiSource(none, { url: `${url}?a=1`, params: { a: "2", b: "c d" } }),
    { url: `${url}?a=2&b=c%20d` },
  ],
  ["page", apiSource(byPage), { url: `${url}?page=1&per_page=10` }],
  ["page without a size", apiSource({ ...byPage, start: 0, size: null }), { url: `${url}?page=0` }],
  ["offset", apiSource(byOffset), { url: `${url}?offset=0&limit=10` }],
  ["cursor", apiSource(byCursor), { url }],
  [
    "no secret",
    apiSource(none, {
      auth: { kind: "query", name: "key", value: "s" },
      params: { token: "t" },
      secretParams: ["token"],
    }),
    { url },
  ],
  ["POST", apiSource(byCursor, { body: { q: 1 } }), { url, ask: { body: {} } }],
  [
    "POST, offset in the body",
    apiSource({ ...byOffset, in: "body", param: "page.from" }, { body: {} }),
    { url, ask: { body: { "page.from": 0, limit: 10 } } },
  ],
])("first request: %s", (_name, from, expected) => {
  expect(firstRequest(from)).toEqual(expected);
});

const grows = {
  in: "query",
  param: "since",
  until: "until",
  field: "updated_at",
  start: "2026-01-01",
  lookback: 86_400_000,
} as const;

test("an incremental source starts where it is told to; a window is read as it is, with its end", () => {
  const source = apiSource(none, { incremental: grows });
  expect(firstRequest(source)).toEqual({ url: `${url}?since=2026-01-01` });
  const last = { since: "2026-03-02" };
  expect(firstRequest(source, url, last)).toEqual({ url: `${url}?since=2026-03-01` });
  const window = { since: "2026-03-02", until: "2026-03-03" };
  expect(firstRequest(source, url, window)).toEqual({
    url: `${url}?since=2026-03-02&until=2026-03-03`,
  });
});

test("in a body it starts at a dotted path, and whole numbers are numbers", () => {
  const incremental = { ...grows, in: "body", param: "variables.since", start: "0" } as const;
  const source = apiSource(byCursor, { body: { query: "q", variables: { n: 1 } }, incremental });
  const { ask } = firstRequest(source, url, { since: null });
  expect(bodyText(source, ask)).toBe('{"query":"q","variables":{"n":1,"since":0}}');
  const from = { since: "2026-03-02", until: "2026-03-03" };
  expect(firstRequest(source, url, from).ask?.body).toEqual({
    "variables.since": "2026-03-02",
    until: "2026-03-03",
  });
});

test("a source without a web address is a usage error", () => {
  expect(() => firstRequest(apiSource(byPage, { url: "ftp://x.example" }))).toThrow(UsageError);
});

test("what paging sets in a body replaces what the source has there, and nothing else", () => {
  const source = apiSource(none, { body: { q: "x", page: { after: null, size: 5 }, list: [1] } });
  const ask = { body: { "page.after": "c1", "list.x": 2, "__proto__.y": 3, new: 4 } };
  expect(bodyText(source, ask)).toBe(
    '{"q":"x","page":{"after":"c1","size":5},"list":{"x":2},"__proto__":{"y":3},"new":4}',
  );
  expect(source.body).toEqual({ q: "x", page: { after: null, size: 5 }, list: [1] });
  expect(bodyText(source, {})).toBeNull();
  expect(bodyText(apiSource(none), ask)).toBeNull();
});

test.each([
  ["query", { url: `${url}?x=1&n=a%20b` }],
  ["body", { url: `${url}?x=1`, ask: { body: { n: "a b" } } }],
  ["header", { url: `${url}?x=1`, ask: { headers: { n: "a b" } } }],
] as const)("the same value set in the %s again is the same request", (place, expected) => {
  const once = withValues({ url: `${url}?x=1` }, { n: "a b" }, place);
  expect(once).toEqual(expected);
  expect(withValues(once, { n: "a b" }, place)).toEqual(once);
});
