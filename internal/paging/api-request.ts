// Requests of an API source: the first one, and where in a request paging puts its values. Pure. No secret gets in here:
// what is made here is stored, and each request adds credentials and secret parameters anew.
import type { LinkAsk } from "../model/link.ts";
import type { ApiSource, Place } from "../model/pipeline.ts";
import { before, type ReadFrom } from "../recrawl/high-water.ts";
import { UsageError } from "../std/errors.ts";
import { canonicalUrl } from "../url/url.ts";
import { withoutParam, withParams } from "./query-params.ts";

/** What tells a request of a source from its others; `url` is canonical. */
export type ApiRequest = { url: string; ask?: LinkAsk };

type Value = string | number;

/**
 * The first request of a source: its `params`, and the start of its pagination. `url`: in place of the source's own, for one
 * record of a parent. `from`: what an incremental source is read from. Throws UsageError when that is not http or https.
 */
export function firstRequest(
  source: ApiSource,
  url = source.url,
  from: ReadFrom = { since: null },
): ApiRequest {
  const params = { ...source.params };
  for (const name of source.secretParams) Reflect.deleteProperty(params, name);
  const base = canonicalUrl(url);
  const first = base === null ? null : canonicalUrl(withParams(base, params));
  if (first === null)
    throw new UsageError(
      `"${url}" is not an http or https URL`,
      `source ${source.name}`,
      "Correct its url.",
    );
  const request = source.body === null ? { url: first } : { url: first, ask: { body: {} } };
  return withStart(source, withRange(source, request, from));
}

/** Where an incremental source is read from, and until where. */
function withRange(
  { incremental }: ApiSource,
  request: ApiRequest,
  { since, until }: ReadFrom,
): ApiRequest {
  if (incremental === null) return request;
  const { param, start, lookback } = incremental;
  const back = until === undefined ? lookback : 0;
  const values: Record<string, Value> = { [param]: since === null ? start : before(since, back) };
  if (until !== undefined && incremental.until !== null) values[incremental.until] = until;
  if (incremental.in === "query") return withValues(request, values, "query");
  const typed = Object.entries(values).map(([name, text]) => [name, asJson(String(text))] as const);
  return withValues(request, Object.fromEntries(typed), "body");
}

/** A whole number goes into a JSON body as one, as far as it can hold it. */
function asJson(text: string): Value {
  const number = Number(text);
  return String(number) === text && Number.isSafeInteger(number) ? number : text;
}

function withStart({ pagination }: ApiSource, request: ApiRequest): ApiRequest {
  if (pagination.kind === "page") {
    const { param, start, size, sizeParam } = pagination;
    const sized = sizeParam !== null && size !== null ? { [sizeParam]: size } : {};
    return withValues(request, { [param]: start, ...sized }, pagination.in);
  }
  if (pagination.kind === "offset") {
    const { param, limit, limitParam } = pagination;
    return withValues(request, { [param]: 0, [limitParam]: limit }, pagination.in);
  }
  return request;
}

/** The request with values set, in place of those of the same names. */
export function withValues(
  request: ApiRequest,
  values: Record<string, Value>,
  place: Place,
): ApiRequest {
  const { url, ask = {} } = request;
  if (place === "body") return { url, ask: { ...ask, body: { ...ask.body, ...values } } };
  const texts = Object.fromEntries(Object.entries(values).map(([name, v]) => [name, String(v)]));
  if (place === "header") return { url, ask: { ...ask, headers: { ...ask.headers, ...texts } } };
  return { ...request, url: canonicalUrl(withParams(url, texts)) ?? url };
}

/**
 * A URL that an answer gave, canonical; null when it is not http or https. A server that echoes its key must not get it into
 * logs and frontier.
 */
export function givenUrl(source: ApiSource, url: string, base: string): string | null {
  const resolved = canonicalUrl(url, base);
  const secrets = [
    ...source.secretParams,
    ...(source.auth?.kind === "query" ? [source.auth.name] : []),
  ];
  return resolved === null ? null : canonicalUrl(secrets.reduce(withoutParam, resolved));
}

/** The text to POST: the source's body with the link's values set in it. Null: a GET. */
export function bodyText(source: ApiSource, ask: LinkAsk | undefined): string | null {
  if (source.body === null || ask?.body === undefined) return null;
  const body = structuredClone(source.body);
  for (const [path, value] of Object.entries(ask.body)) setAt(body, path.split("."), value);
  return JSON.stringify(body);
}

function setAt(into: Record<string, unknown>, path: string[], value: unknown): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0) {
    define(into, name, value);
    return;
  }
  const inner = Object.hasOwn(into, name) ? into[name] : undefined;
  const isMapping = typeof inner === "object" && inner !== null && !Array.isArray(inner);
  const next = isMapping ? (inner as Record<string, unknown>) : {};
  define(into, name, next);
  setAt(next, rest, value);
}

// `__proto__` is a name like any other in JSON.
function define(into: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(into, name, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
