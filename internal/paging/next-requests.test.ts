import fc from "fast-check";
import { expect, test } from "vitest";
import {
  apiSource,
  byCursor,
  byOffset,
  byPage,
  byUrl,
  itemsUrl as url,
} from "../../test/support/api-source.ts";
import { parseJsonExact } from "../extract/json-exact.ts";
import type { Pagination } from "../model/pipeline.ts";
import { firstRequest } from "./api-request.ts";
import { type ApiAnswer, nextRequests, type PageRequest } from "./next-requests.ts";

function answer(changes: Partial<ApiAnswer> = {}): ApiAnswer {
  return {
    request: { url },
    page: 0,
    known: null,
    headers: {},
    document: {},
    records: 10,
    ...changes,
  };
}

type Expected = { next: string } | { end: string } | { error: string };
const next = (text: string) => ({ next: text });
const end = (text: string) => ({ end: text });
const error = (text: string) => ({ error: text });
const document = (text: string) => ({ document: parseJsonExact(`{"next":${text}}`) });

test.each<[string, Pagination, Partial<ApiAnswer>, Expected]>([
  ["none", { kind: "none" }, {}, end("one page")],
  ["page", byPage, { request: { url: `${url}?page=3&a` }, page: 2 }, next(`${url}?a&page=4`)],
  ["page: empty", byPage, { records: 0 }, end("empty page")],
  ["page: short", byPage, { records: 9 }, end("short page (9 of 10 records)")],
  ["page: longer than asked", byPage, { records: 11 }, next(`${url}?page=2`)],
  ["page: unknown size", { ...byPage, size: null }, { records: 1 }, next(`${url}?page=2`)],
  [
    "offset",
    byOffset,
    { request: { url: `${url}?offset=10&limit=10` }, page: 1 },
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
    { ...document('"a b"'), request: { url: `${url}?cursor=a+b` } },
    next(`${url}?cursor=a%20b`),
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
  ["link: itself", { kind: "link" }, { headers: { link: "<#x>; rel=next" } }, next(url)],
  ["next_url", byUrl, document('"/items?page=2#x"'), next(`${url}?page=2`)],
  ["next_url: null", byUrl, document("null"), end("nothing at $.next")],
  ["next_url: false", byUrl, document("false"), end("nothing at $.next")],
  ["next_url: itself", byUrl, document(`"${url}"`), next(url)],
  [
    "next_url: not http",
    byUrl,
    document('"javascript:x"'),
    error('next URL "javascript:x" is not an http or https URL'),
  ],
])("next: %s", (_name, pagination, changes, step) => {
  const asked = answer(changes);
  const found = nextRequests(apiSource(pagination), asked);
  const notes = asked.records === 0 ? { notes: ["paging: empty page inside"] } : {};
  expect(found).toEqual(
    "next" in step ? { next: [{ url: step.next, page: asked.page + 1 }], ...notes } : step,
  );
});

test("maxPages ends it, an end of its own first", () => {
  const limited = apiSource(byPage, { maxPages: 3 });
  expect(nextRequests(limited, answer({ page: 1 }))).toHaveProperty("next");
  expect(nextRequests(limited, answer({ page: 2 }))).toEqual({
    ...end("maxPages (3) reached"),
    notes: ["paging: maxPages reached"],
  });
  expect(nextRequests(limited, answer({ page: 2, records: 0 }))).toEqual(end("empty page"));
});

test("a key that the server echoes is taken out of the next URL", () => {
  const keyed = apiSource(byUrl, { auth: { kind: "query", name: "key", value: "secret" } });
  expect(nextRequests(keyed, answer(document('"?page=2&key=secret"')))).toEqual({
    next: [{ url: `${url}?page=2`, page: 1 }],
  });
});

const pages = (step: ReturnType<typeof nextRequests>) =>
  "next" in step ? step.next.map((each) => each.url.replace(/^.*(page|offset)=/, "")) : step;

test("with a total the first answer names all pages, the last of them whatever was added", () => {
  const source = apiSource({ ...byPage, total: "$.total" });
  const first = nextRequests(source, answer({ document: { total: 35 } }));
  expect(pages(first)).toEqual(["2", "3", "4"]);
  const known = { upTo: 4, size: 10, total: 35 };
  const middle = answer({ page: 2, known, document: { total: 51 } });
  expect(nextRequests(source, middle)).toEqual({
    end: "the last page is known",
    notes: ["paging: total changed"],
  });
  const last = nextRequests(source, answer({ page: 3, known, document: { total: "51" } }));
  expect(pages(last)).toEqual(["5", "6"]);
  expect([first, last]).toMatchObject([{ told: 35 }, { told: 16 }]);
});

test("an empty page in the middle is not the end where a total or `more` says so, and is noted", () => {
  const byTotal = apiSource({ ...byOffset, total: "$.total" });
  const known = { upTo: 4, size: 10, total: 35 };
  const empty = answer({ page: 1, known, records: 0, document: { total: 35 } });
  expect(nextRequests(byTotal, empty)).toMatchObject({ notes: ["paging: short page inside"] });
  const byMore = apiSource({ ...byPage, more: "$.more" });
  const more = (value: unknown) =>
    pages(nextRequests(byMore, answer({ page: 1, records: 0, document: { more: value } })));
  expect(more(true)).toEqual(["3"]);
  for (const no of [false, null, undefined, "", "false", 0])
    expect(more(no)).toEqual({ end: "no more by $.more" });
});

test("a server that caps its pages is followed by what it gives", () => {
  const source = apiSource({ ...byOffset, total: "$.total" });
  const step = nextRequests(source, answer({ records: 4, document: { total: 10 } }));
  expect(pages(step)).toEqual(["4", "8"]);
  expect(step).toMatchObject({ notes: ["paging: server caps pages"] });
});

test.each<[string, Pagination, Partial<ApiAnswer>, unknown]>([
  [
    "no total",
    { ...byPage, total: "$.total" },
    { records: 3 },
    end("short page (3 of 10 records)"),
  ],
  [
    "a total that is none",
    { ...byPage, total: "$.total" },
    { document: { total: "many" } },
    error('the total at $.total is "many", which is no count'),
  ],
  [
    "nothing to count by",
    { ...byPage, size: null, total: "$.total" },
    { records: 0, document: { total: 5 } },
    error("a total of 5, but the first page is empty and no size is given"),
  ],
  [
    "more without a cursor",
    { ...byCursor, more: "$.more" },
    { document: { more: true } },
    error("$.more says more, but there is nothing at $.next"),
  ],
  [
    "no more, with a cursor",
    { ...byCursor, more: "$.more" },
    { document: { more: false, next: "x" } },
    end("no more by $.more"),
  ],
])("%s", (_name, pagination, changes, step) => {
  expect(nextRequests(apiSource(pagination), answer(changes))).toEqual(step);
});

test("a total of pages", () => {
  const source = apiSource({ ...byPage, totalPages: "$.pages" });
  expect(pages(nextRequests(source, answer({ records: 3, document: { pages: 3 } })))).toEqual([
    "2",
    "3",
  ]);
});

test("cursors from a header, into a body or a header", () => {
  const fromHeader = { ...byCursor, next: null, nextHeader: "X-Next" };
  const headers = { "x-next": "c2" };
  const post = answer({ request: { url, ask: { body: { at: "c1" } } }, headers });
  const intoBody = apiSource({ ...fromHeader, in: "body", param: "at" }, { body: {} });
  expect(nextRequests(intoBody, post)).toEqual({
    next: [{ url, ask: { body: { at: "c2" } }, page: 1 }],
  });
  const intoHeader = apiSource({ ...fromHeader, in: "header", param: "X-At" });
  expect(nextRequests(intoHeader, answer({ headers }))).toEqual({
    next: [{ url, ask: { headers: { "X-At": "c2" } }, page: 1 }],
  });
  const again = answer({ request: { url, ask: { headers: { "X-At": "c2" } } }, headers });
  expect(nextRequests(intoHeader, again)).toEqual({
    next: [{ url, ask: { headers: { "X-At": "c2" } }, page: 1 }],
  });
});

test("every record of any list is asked for once, and no page that could not be known to be empty twice", () => {
  fc.assert(
    fc.property(
      fc.nat(300),
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom("page", "offset"),
      fc.boolean(),
      (count, size, kind, isTold) => {
        const total = isTold ? "$.total" : null;
        const pagination =
          kind === "page" ? { ...byPage, size, total } : { ...byOffset, limit: size, total };
        const source = apiSource(pagination, { maxPages: 1000 });
        const waiting: PageRequest[] = [{ ...firstRequest(source), page: 0 }];
        const seen: number[] = [];
        let asked = 0;
        for (let request = waiting.shift(); request !== undefined; request = waiting.shift()) {
          asked += 1;
          const at = Number(new URL(request.url).searchParams.get(kind));
          const from = kind === "page" ? (at - 1) * size : at;
          const own = Array.from({ length: count }, (_, i) => i).slice(from, from + size);
          seen.push(...own);
          const step = nextRequests(
            source,
            answer({
              request,
              page: request.page,
              known: request.known ?? null,
              records: own.length,
              document: { total: count },
            }),
          );
          if ("next" in step) waiting.push(...step.next);
        }
        expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        const ideal = isTold ? Math.max(1, Math.ceil(count / size)) : Math.floor(count / size) + 1;
        expect(asked).toBe(ideal);
      },
    ),
  );
});
