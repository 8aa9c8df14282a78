// How an API goes on after a page: the next requests, the end, or why nobody can tell. A wrong "end" loses records silently,
// so whatever is not clearly the end is an error, and what is odd is noted for the report. Pure.
import { rawNumberText } from "../extract/json-exact.ts";
import { valueOf as valueAt } from "../extract/json-records.ts";
import { parseLinkHeader } from "../links/link-header.ts";
import type { PagesKnown } from "../model/link.ts";
import type { ApiSource, Pagination } from "../model/pipeline.ts";
import { headerUrl } from "../url/header-url.ts";
import { type ApiRequest, givenUrl, withValues } from "./api-request.ts";

/** An answer of an API: `page` is 0-based, `headers` have lower-case names, `records` is how many there were. */
export type ApiAnswer = {
  request: ApiRequest;
  page: number;
  known: PagesKnown | null;
  headers: Record<string, string>;
  document: unknown;
  records: number;
};

/** A request for a page of a source. */
export type PageRequest = ApiRequest & { page: number; known?: PagesKnown };

/**
 * What follows, or the reason why it is over, or the reason why that is not known. `notes`: what the report should count.
 * `told`: what a page adds to the number of records that all pages should have: the first one its total, the last one of those
 * offered the change since then.
 */
export type ApiStep =
  | { next: PageRequest[]; notes?: string[]; told?: number }
  | { end: string; notes?: string[]; told?: number }
  | { error: string };

type Counted = Extract<Pagination, { kind: "page" | "offset" }>;
type ByCursor = Extract<Pagination, { kind: "cursor" }>;

/** There was more, but the source may not read it. */
export const maxPagesNote = "paging: maxPages reached";
/** Pages offered after one answer: the last of them offers the rest. */
const maxAhead = 10_000;

/**
 * What follows an answer. Ends: an empty page or one shorter than the known size (page, offset) where neither `total` nor
 * `more` says otherwise, all pages of the total, no cursor (absent, null, false or ""), no next link, `maxPages`. Errors: a
 * cursor that is no text or number, a next URL that is not http or https, a total that is no number, more pages without a way
 * to them. A cursor or URL that was used before is the next request all the same: the frontier, which knows all of them,
 * reports it. Throws Error when a JSONPath is wrong.
 */
export function nextRequests(source: ApiSource, answer: ApiAnswer): ApiStep {
  const step = stepOf(source, answer);
  if (!("next" in step)) return step;
  if (
    answer.records === 0 &&
    source.pagination.kind !== "page" &&
    source.pagination.kind !== "offset"
  )
    step.notes = [...(step.notes ?? []), "paging: empty page inside"];
  const next = step.next.filter(({ page }) => page < source.maxPages);
  if (next.length === step.next.length) return step;
  const notes = [...(step.notes ?? []), maxPagesNote];
  return next.length > 0
    ? { next, notes }
    : { end: `maxPages (${source.maxPages}) reached`, notes };
}

function stepOf(source: ApiSource, answer: ApiAnswer): ApiStep {
  const { pagination } = source;
  switch (pagination.kind) {
    case "none":
      return { end: "one page" };
    case "page":
    case "offset":
      return countedStep(pagination, answer);
    case "cursor":
      return cursorStep(pagination, answer);
    case "link": {
      const link = parseLinkHeader(headerUrl(answer.headers.link ?? "")).find(({ rel }) =>
        rel.includes("next"),
      );
      return link === undefined ? { end: "no next link" } : urlStep(source, answer, link.url);
    }
    case "next_url": {
      const url = nextText(answer.document, pagination.next);
      return "text" in url ? urlStep(source, answer, url.text) : url;
    }
  }
}

function urlStep(source: ApiSource, { request, page }: ApiAnswer, given: string): ApiStep {
  const url = givenUrl(source, given, request.url);
  if (url === null) return { error: `next URL "${given}" is not an http or https URL` };
  return { next: [{ ...request, url, page: page + 1 }] };
}

function cursorStep(
  pagination: ByCursor,
  { request, page, headers, document }: ApiAnswer,
): ApiStep {
  const { param, next, nextHeader, more } = pagination;
  const hasMore = more === null ? null : isTrue(document, more);
  if (hasMore === false) return { end: `no more by ${more}` };
  const cursor =
    nextHeader !== null
      ? asText(headers[nextHeader.toLowerCase()], `the header ${nextHeader}`)
      : nextText(document, next ?? "");
  if ("end" in cursor && hasMore) return { error: `${more} says more, but there is ${cursor.end}` };
  if (!("text" in cursor)) return cursor;
  // A number stays one in a JSON body.
  const value = pagination.in === "body" ? cursor.value : cursor.text;
  return { next: [{ ...withValues(request, { [param]: value }, pagination.in), page: page + 1 }] };
}

function countedStep(pagination: Counted, answer: ApiAnswer): ApiStep {
  const { page, records, document, known } = answer;
  const size = pagination.kind === "page" ? pagination.size : pagination.limit;
  const counted = totalOf(pagination, document);
  if (typeof counted === "object" && counted !== null) return counted;
  const total = counted ?? known?.total ?? null;
  if (total !== null) return knownStep(pagination, answer, total, size);
  if (pagination.more !== null && !isTrue(document, pagination.more))
    return { end: `no more by ${pagination.more}` };
  if (pagination.more === null && records === 0) return { end: "empty page" };
  if (pagination.more === null && size !== null && records < size)
    return { end: `short page (${records} of ${size} records)` };
  return { next: [pageRequest(pagination, answer.request, page + 1, size ?? 0)] };
}

/** With a total all pages are known: the first answer, and then the last page of those offered, offers what follows. */
function knownStep(
  pagination: Counted,
  { request, page, records, known }: ApiAnswer,
  total: number,
  asked: number | null,
): ApiStep {
  const isOfPages = pagination.kind === "page" && pagination.totalPages !== null;
  // A server may cap its pages: the first one shows by how much.
  const isCapped =
    !isOfPages && page === 0 && asked !== null && records < Math.min(asked, total) && records > 0;
  const size = known?.size ?? (isCapped ? records : (asked ?? records));
  if (size === 0 && total > 0 && !isOfPages)
    return { error: `a total of ${total}, but the first page is empty and no size is given` };
  const pages = isOfPages ? total : Math.ceil(total / Math.max(1, size));
  const isShort = page < pages - 1 && records < (isOfPages ? 1 : size);
  const notes = [
    ...(known !== null && known.total !== total ? ["paging: total changed"] : []),
    ...(isCapped ? ["paging: server caps pages"] : []),
    ...(isShort ? ["paging: short page inside"] : []),
  ];
  const offered = known?.upTo ?? page + 1;
  const isLast = page + 1 >= offered;
  const told = isOfPages ? {} : toldOf(page, known, total, isLast);
  if (!isLast || offered >= pages) return { end: "the last page is known", notes, ...told };
  const upTo = Math.min(pages, offered + maxAhead);
  const next: PageRequest[] = [];
  for (let n = offered; n < upTo; n += 1)
    next.push({ ...pageRequest(pagination, request, n, size), known: { upTo, size, total } });
  return { next, notes, ...told };
}

function toldOf(
  page: number,
  known: PagesKnown | null,
  total: number,
  isLast: boolean,
): { told?: number } {
  if (page === 0) return { told: total };
  const change = isLast && known !== null ? total - known.total : 0;
  return change === 0 ? {} : { told: change };
}

function pageRequest(
  pagination: Counted,
  request: ApiRequest,
  page: number,
  size: number,
): PageRequest {
  const value = pagination.kind === "page" ? pagination.start + page : page * size;
  return { ...withValues(request, { [pagination.param]: value }, pagination.in), page };
}

/** Null where the answer has none. */
function totalOf(pagination: Counted, document: unknown): number | null | { error: string } {
  const path = pagination.total ?? (pagination.kind === "page" ? pagination.totalPages : null);
  if (path === null) return null;
  const found = nextText(document, path);
  if ("end" in found) return null;
  if ("error" in found) return found;
  const total = Number(found.text);
  return Number.isSafeInteger(total) && total >= 0
    ? total
    : { error: `the total at ${path} is "${found.text}", which is no count` };
}

function isTrue(document: unknown, path: string): boolean {
  const value = valueAt(document, path);
  return Boolean(value) && value !== "false" && value !== "0";
}

type Found = { text: string; value: string | number } | { end: string } | { error: string };

/** A cursor, total or URL in the body. */
function nextText(document: unknown, path: string): Found {
  return asText(valueAt(document, path), path);
}

// `false` is how some APIs say that there is none.
function asText(value: unknown, where: string): Found {
  if (value === undefined || value === null || value === "" || value === false)
    return { end: `nothing at ${where}` };
  if (typeof value === "string") return { text: value, value };
  if (typeof value === "number") return { text: String(value), value };
  const text = rawNumberText(value);
  return text === null
    ? { error: `the value at ${where} is neither text nor a number` }
    : { text, value: text };
}
