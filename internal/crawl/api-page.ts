// How an API goes on after a page: the next URL, the end, or why nobody can tell. A wrong "end" loses records silently, so
// whatever is not clearly the end is an error.
import { rawNumberText } from "../extract/json-exact.ts";
import { valueOf as valueAt } from "../extract/json-records.ts";
import { parseLinkHeader } from "../links/link-header.ts";
import type { ApiSource, Auth, Pagination } from "../model/pipeline.ts";
import { UsageError } from "../std/errors.ts";
import { headerUrl } from "../url/header-url.ts";
import { canonicalUrl } from "../url/url.ts";
import { paramOf, withoutParam, withParams } from "./query-params.ts";

/** An answer of an API: `page` is 0-based, `headers` have lower-case names, `records` is how many there were. */
export type ApiAnswer = {
  url: string;
  page: number;
  headers: Record<string, string>;
  document: unknown;
  records: number;
};

/** What follows: a canonical URL, the reason why it is over, or the reason why that is not known. */
export type ApiStep = { next: string } | { end: string } | { error: string };

/**
 * The first URL of a source, canonical: its `params`, the start of its pagination, and `since` (or the source's own start)
 * for an incremental one; without a secret. Throws UsageError when the source's URL is not http or https.
 */
export function firstApiUrl(source: ApiSource, since: string | null): string {
  const { pagination, incremental } = source;
  const params: Record<string, string> = { ...source.params };
  for (const name of source.secretParams) Reflect.deleteProperty(params, name);
  if (pagination.kind === "page") {
    params[pagination.param] = String(pagination.start);
    if (pagination.sizeParam !== null && pagination.size !== null) {
      params[pagination.sizeParam] = String(pagination.size);
    }
  }
  if (pagination.kind === "offset") {
    params[pagination.param] = "0";
    params[pagination.limitParam] = String(pagination.limit);
  }
  if (incremental !== null) params[incremental.param] = since ?? incremental.start;
  const url = canonicalUrl(source.url);
  const first = url === null ? null : canonicalUrl(withParams(url, params));
  if (first !== null) return first;
  throw new UsageError(
    `"${source.url}" is not an http or https URL`,
    `source ${source.name}`,
    "Correct its url.",
  );
}

/**
 * What follows an answer. Ends: an empty page or one shorter than the known size (page, offset), no cursor (absent, null,
 * false or ""), no next link, `maxPages`. Errors: a cursor or URL that is the one just used, a cursor that is no text or
 * number, a next URL that is not http or https. Throws Error when the JSONPath of the pagination is wrong.
 */
export function nextApiUrl(source: ApiSource, answer: ApiAnswer): ApiStep {
  const step = stepOf(source.pagination, answer);
  if (!("next" in step)) return step;
  const resolved = canonicalUrl(step.next, answer.url);
  if (resolved === null) return { error: `next URL "${step.next}" is not an http or https URL` };
  // A server that echoes its key in the next link must not get it into logs and frontier; each request adds it anew.
  const secrets = [
    ...source.secretParams,
    ...(source.auth?.kind === "query" ? [source.auth.name] : []),
  ];
  const next = canonicalUrl(secrets.reduce(withoutParam, resolved));
  if (next === null || next === canonicalUrl(answer.url))
    return { error: `repeated URL "${resolved}"` };
  return answer.page + 1 >= source.maxPages
    ? { end: `maxPages (${source.maxPages}) reached` }
    : { next };
}

/** Headers that carry the credentials of a source; none for kind `query`. */
export function authHeaders(auth: Auth | null): Record<string, string> {
  if (auth === null) return {};
  switch (auth.kind) {
    case "bearer":
      return { authorization: `Bearer ${auth.token}` };
    case "basic":
      return {
        authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString("base64")}`,
      };
    case "header":
      return { [auth.name.toLowerCase()]: auth.value };
    case "query":
      return {};
  }
}

/** The URL to request: with the credentials of kind `query`, else as it is. Never to be logged or stored. */
export function withQueryAuth(url: string, auth: Auth | null): string {
  return auth?.kind === "query" ? withParams(url, { [auth.name]: auth.value }) : url;
}

function stepOf(pagination: Pagination, answer: ApiAnswer): ApiStep {
  switch (pagination.kind) {
    case "none":
      return { end: "one page" };
    case "page":
      return (
        shortPage(answer.records, pagination.size) ?? {
          next: withParams(answer.url, {
            [pagination.param]: String(pagination.start + answer.page + 1),
          }),
        }
      );
    case "offset":
      return (
        shortPage(answer.records, pagination.limit) ?? {
          next: withParams(answer.url, {
            [pagination.param]: String((answer.page + 1) * pagination.limit),
          }),
        }
      );
    case "cursor":
      return cursorStep(pagination, answer);
    case "link": {
      const link = parseLinkHeader(headerUrl(answer.headers.link ?? "")).find(({ rel }) =>
        rel.includes("next"),
      );
      return link === undefined ? { end: "no next link" } : { next: link.url };
    }
    case "next_url": {
      const url = nextText(answer.document, pagination.next);
      return "text" in url ? { next: url.text } : url;
    }
  }
}

function shortPage(records: number, size: number | null): { end: string } | null {
  if (records === 0) return { end: "empty page" };
  return size !== null && records < size
    ? { end: `short page (${records} of ${size} records)` }
    : null;
}

function cursorStep(pagination: { param: string; next: string }, answer: ApiAnswer): ApiStep {
  const cursor = nextText(answer.document, pagination.next);
  if (!("text" in cursor)) return cursor;
  if (paramOf(answer.url, pagination.param) === cursor.text)
    return { error: `repeated cursor "${cursor.text}"` };
  return { next: withParams(answer.url, { [pagination.param]: cursor.text }) };
}

// A cursor or URL in the body. `false` is how some APIs say that there is none.
function nextText(
  document: unknown,
  path: string,
): { text: string } | { end: string } | { error: string } {
  const value = valueAt(document, path);
  if (value === undefined || value === null || value === "" || value === false)
    return { end: `nothing at ${path}` };
  if (typeof value === "string") return { text: value };
  const text = typeof value === "number" ? String(value) : rawNumberText(value);
  return text === null ? { error: `the value at ${path} is neither text nor a number` } : { text };
}
