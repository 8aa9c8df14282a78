// An API source for tests: nothing but what they change is worth a look.
import { standardFetchOptions } from "../../internal/model/fetch-options.ts";
import type { ApiSource, Pagination } from "../../internal/model/pipeline.ts";

export const itemsUrl = "https://api.example/items";

/** A source "items" at {@link itemsUrl}. */
export function apiSource(pagination: Pagination, changes: Partial<ApiSource> = {}): ApiSource {
  return {
    name: "items",
    kind: "api",
    url: itemsUrl,
    each: null,
    auth: null,
    body: null,
    params: {},
    secretParams: [],
    secretTexts: [],
    format: "auto",
    records: "$.data[*]",
    namespaces: {},
    columns: [],
    envelope: {},
    failWhen: null,
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
      perAddress: null,
      budgets: [],
    },
    headers: {},
    fetch: standardFetchOptions,
    ...changes,
  };
}

const anywhere = { in: "query", total: null, more: null } as const;

/** By page number from 1, ten records each. */
export const byPage = {
  ...anywhere,
  kind: "page",
  param: "page",
  start: 1,
  size: 10,
  sizeParam: "per_page",
  totalPages: null,
} as const satisfies Pagination;
export const byOffset = {
  ...anywhere,
  kind: "offset",
  param: "offset",
  limitParam: "limit",
  limit: 10,
} as const satisfies Pagination;
export const byCursor = {
  kind: "cursor",
  in: "query",
  param: "cursor",
  next: "$.next",
  nextHeader: null,
  more: null,
} as const satisfies Pagination;
export const byUrl = { kind: "next_url", next: "$.next" } as const satisfies Pagination;
