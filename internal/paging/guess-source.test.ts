import { expect, test } from "vitest";
import { guessSource } from "./guess-source.ts";

const rows = [
  { id: 7, kind: "a", updated_at: "2026-01-02T03:04:05Z", tags: [] },
  { id: 9, kind: "a", updated_at: "2026-01-02T03:04:05Z", tags: [] },
];
const guess = (url: string, document: unknown, headers = {}) =>
  guessSource({ url: new URL(url, "https://a.test"), headers, document });

test.each<[string, string, unknown, object, object]>([
  ["a Link header", "/x?page=1", rows, { link: '</x?page=2>; rel="next"' }, { kind: "link" }],
  [
    "a next URL",
    "/x",
    { rows, links: { next: "/x?page=2" } },
    {},
    { kind: "next_url", next: "$.links.next" },
  ],
  [
    "a cursor",
    "/x",
    { rows, meta: { next_cursor: "c" } },
    {},
    { kind: "cursor", param: "cursor", next: "$.meta.next_cursor" },
  ],
  [
    "a cursor by the name in the URL",
    "/x?pageToken=",
    { rows, nextPageToken: "c" },
    {},
    { kind: "cursor", param: "pageToken", next: "$.nextPageToken" },
  ],
  [
    "a page and all pages",
    "/x?page=1&per_page=2",
    { rows, total_pages: 9 },
    {},
    { kind: "page", param: "page", sizeParam: "per_page", size: 2, totalPages: "$.total_pages" },
  ],
  [
    "an offset and a total",
    "/x?offset=0&limit=2",
    { rows, total: 9 },
    {},
    { kind: "offset", param: "offset", limitParam: "limit", limit: 2, total: "$.total" },
  ],
  ["nothing", "/x", rows, {}, { kind: "none" }],
])("goes on by %s", (_, url, document, headers, expected) => {
  expect(guess(url, document, headers).paging[0]?.options).toEqual(expected);
});

test("records are the longest list of objects; ids tell them apart, timestamps may grow", () => {
  const { lists, keys, cursors } = guess("/x", {
    a: [{ x: 1 }],
    "b c": { "d'e": rows },
    f: [1, 2, 3],
  });
  expect(lists).toEqual([
    { path: "$['b c']['d\\'e'][*]", count: 2 },
    { path: "$.a[*]", count: 1 },
  ]);
  expect([keys, cursors]).toEqual([["id"], ["updated_at"]]);
});
