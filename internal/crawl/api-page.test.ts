import { expect, test } from "vitest";
import { parseJsonExact } from "../extract/json-exact.ts";
import { standardFetchOptions } from "../model/fetch-options.ts";
import type { ApiSource, Auth, Pagination } from "../model/pipeline.ts";
import { UsageError } from "../std/errors.ts";
import { type ApiAnswer, authHeaders, firstApiUrl, nextApiUrl, withQueryAuth } from "./api-page.ts";

const url = "https://api.example/items";

function source(pagination: Pagination, changes: Partial<ApiSource> = {}): ApiSource {
  return {
    name: "items",
    kind: "api",
    url,
    auth: null,
    params: {},
    secretParams: [],
    records: "$.data[*]",
    pagination,
    incremental: null,
    maxPages: 100,
    table: "items",
    rate: {
      perSecond: 1,
      concurrency: 1,
      backoffMs: 1,
      maxBackoffMs: 1,
      busyBackoffMs: 1,
      maxBlockMs: 1,
      maxCrawlDelayMs: 1,
      slowFactor: 1,
    },
    headers: {},
    fetch: standardFetchOptions,
    ...changes,
  };
}

function answer(changes: Partial<ApiAnswer> = {}): ApiAnswer {
  return { url, page: 0, headers: {}, document: {}, records: 10, ...changes };
}

const byPage: Pagination = {
  kind: "page",
  param: "page",
  start: 1,
  size: 10,
  sizeParam: "per_page",
};
const byOffset: Pagination = { kind: "offset", param: "offset", limitParam: "limit", limit: 10 };
const byCursor: Pagination = { kind: "cursor", param: "cursor", next: "$.next" };
const byUrl: Pagination = { kind: "next_url", next: "$.next" };

test.each<[string, ApiSource, string | null, string]>([
  ["none", source({ kind: "none" }, { url: `${url}?a=%20#x` }), null, `${url}?a=%20`],
  [
    "params",
    source({ kind: "none" }, { url: `${url}?a=1`, params: { a: "2", b: "c d" } }),
    null,
    `${url}?a=2&b=c%20d`,
  ],
  ["page", source(byPage), null, `${url}?page=1&per_page=10`],
  ["page without a size", source({ ...byPage, start: 0, size: null }), null, `${url}?page=0`],
  ["offset", source(byOffset), null, `${url}?offset=0&limit=10`],
  ["cursor", source(byCursor), null, url],
  [
    "incremental",
    source(byCursor, { incremental: { param: "since", field: "at", start: "2026-01-01" } }),
    null,
    `${url}?since=2026-01-01`,
  ],
  [
    "since",
    source(byCursor, { incremental: { param: "since", field: "at", start: "x" } }),
    "2026-02-03T00:00:00Z",
    `${url}?since=2026-02-03T00%3A00%3A00Z`,
  ],
  [
    "no secret",
    source({ kind: "none" }, { auth: { kind: "query", name: "key", value: "s" } }),
    null,
    url,
  ],
])("first URL: %s", (_name, from, since, expected) => {
  expect(firstApiUrl(from, since)).toBe(expected);
});

test("a source without a web address is a usage error", () => {
  expect(() => firstApiUrl(source(byPage, { url: "ftp://x.example" }), null)).toThrow(UsageError);
});

const next = (text: string) => ({ next: text });
const end = (text: string) => ({ end: text });
const error = (text: string) => ({ error: text });
const document = (text: string) => ({ document: parseJsonExact(`{"next":${text}}`) });

test.each<[string, Pagination, Partial<ApiAnswer>, ReturnType<typeof nextApiUrl>]>([
  ["none", { kind: "none" }, {}, end("one page")],
  ["page", byPage, { url: `${url}?page=3&a`, page: 2 }, next(`${url}?a&page=4`)],
  ["page: empty", byPage, { records: 0 }, end("empty page")],
  ["page: short", byPage, { records: 9 }, end("short page (9 of 10 records)")],
  ["page: longer than asked", byPage, { records: 11 }, next(`${url}?page=2`)],
  ["page: unknown size", { ...byPage, size: null }, { records: 1 }, next(`${url}?page=2`)],
  [
    "offset",
    byOffset,
    { url: `${url}?offset=10&limit=10`, page: 1 },
    next(`${url}?limit=10&offset=20`),
  ],
  ["offset: short", byOffset, { records: 1 }, end("short page (1 of 10 records)")],
  ["cursor", byCursor, document('"a/b=="'), next(`${url}?cursor=a%2Fb%3D%3D`)],
  [
    "cursor on an empty page",
    byCursor,
    { ...document('"a"'), records: 0 },
    next(`${url}?cursor=a`),
  ],
  [
    "cursor: number",
    byCursor,
    document("12345678901234567890"),
    next(`${url}?cursor=12345678901234567890`),
  ],
  ["cursor: zero", byCursor, document("0"), next(`${url}?cursor=0`)],
  ["cursor: null", byCursor, document("null"), end("nothing at $.next")],
  ["cursor: empty", byCursor, document('""'), end("nothing at $.next")],
  ["cursor: absent", byCursor, {}, end("nothing at $.next")],
  [
    "cursor: object",
    byCursor,
    document("{}"),
    error("the value at $.next is neither text nor a number"),
  ],
  [
    "cursor: repeated",
    byCursor,
    { ...document('"a b"'), url: `${url}?cursor=a+b` },
    error('repeated cursor "a b"'),
  ],
  [
    "link",
    { kind: "link" },
    { headers: { link: '<?page=2>; rel="next", <?page=9>; rel="last"' } },
    next(`${url}?page=2`),
  ],
  [
    "link: other origin",
    { kind: "link" },
    { headers: { link: "<//b.example/x>; rel=next" } },
    next("https://b.example/x"),
  ],
  [
    "link: none",
    { kind: "link" },
    { headers: { link: '<?page=1>; rel="prev"' } },
    end("no next link"),
  ],
  ["link: no header", { kind: "link" }, {}, end("no next link")],
  [
    "link: not http",
    { kind: "link" },
    { headers: { link: "<file:///x>; rel=next" } },
    error('next URL "file:///x" is not an http or https URL'),
  ],
  [
    "link: itself",
    { kind: "link" },
    { headers: { link: "<#x>; rel=next" } },
    error(`repeated URL "${url}"`),
  ],
  ["next_url", byUrl, document('"/items?page=2#x"'), next(`${url}?page=2`)],
  ["next_url: null", byUrl, document("null"), end("nothing at $.next")],
  ["next_url: false", byUrl, document("false"), end("nothing at $.next")],
  ["next_url: itself", byUrl, document(`"${url}"`), error(`repeated URL "${url}"`)],
  [
    "next_url: not http",
    byUrl,
    document('"javascript:x"'),
    error('next URL "javascript:x" is not an http or https URL'),
  ],
])("next: %s", (_name, pagination, changes, step) => {
  expect(nextApiUrl(source(pagination), answer(changes))).toEqual(step);
});

test("maxPages ends it, an end of its own first", () => {
  const limited = source(byPage, { maxPages: 3 });
  expect(nextApiUrl(limited, answer({ page: 1 }))).toHaveProperty("next");
  expect(nextApiUrl(limited, answer({ page: 2 }))).toEqual(end("maxPages (3) reached"));
  expect(nextApiUrl(limited, answer({ page: 2, records: 0 }))).toEqual(end("empty page"));
});

test("a key that the server echoes is taken out of the next URL", () => {
  const keyed = source(byUrl, { auth: { kind: "query", name: "key", value: "secret" } });
  expect(nextApiUrl(keyed, answer(document('"?page=2&key=secret"')))).toEqual(
    next(`${url}?page=2`),
  );
});

test("credentials as headers or in the query", () => {
  const auths: Auth[] = [
    { kind: "bearer", token: "t" },
    { kind: "basic", user: "ü", password: "p:w" },
    { kind: "header", name: "X-Key", value: "v" },
    { kind: "query", name: "key", value: "a b" },
  ];
  expect(auths.map((auth) => authHeaders(auth))).toEqual([
    { authorization: "Bearer t" },
    { authorization: "Basic w7w6cDp3" },
    { "x-key": "v" },
    {},
  ]);
  expect(auths.map((auth) => withQueryAuth(url, auth))).toEqual([
    url,
    url,
    url,
    `${url}?key=a%20b`,
  ]);
  expect(authHeaders(null)).toEqual({});
  expect(withQueryAuth(url, null)).toBe(url);
});
