// One valid source of the pipeline file -> the source that the rest of onpoint works with.

import { isStreamed } from "../answers/document-paths.ts";
import { standardLinks } from "../links/page-links.ts";
import type {
  ApiSource,
  Auth,
  Budget,
  CanonicalOptions,
  ContentRules,
  FilesSource,
  FollowOptions,
  Rate,
  Recrawl,
  Source,
  TrapLimits,
  WebSource,
} from "../model/pipeline.ts";
import { placeholdersOf } from "../paging/child-requests.ts";
import { knownEncoding } from "../process/text-encoding.ts";
import { trackingParams } from "../url/url-rules.ts";
import { durationMs } from "./duration.ts";
import { toFetchOptions } from "./fetch-schema.ts";
import { absoluteGlob } from "./file-url.ts";
import { lookbackOf } from "./lookback.ts";
import type { PipelineFile } from "./pipeline-schema.ts";
import { maxBodyBytes } from "./source-schema.ts";
import { toBody, toPagination } from "./to-paging.ts";

type SourceInFile = PipelineFile["sources"][number];
type InFile<Kind> = Extract<SourceInFile, { kind: Kind }>;

const politeness = {
  api: { perSecond: 10, concurrency: 4 },
  web: { perSecond: 2, concurrency: 2 },
};
const standardPages = 100_000;
/** Of an answer that is never held. */
const streamedBytes = 4 * 1024 * 1024 * 1024;
/** Of one that is held: V8 has no longer texts. */
const heldBytes = 512 * 1024 * 1024;

/** Fills in defaults; relative `file:` URLs and paths are resolved against `folder`. */
export function toSource(source: SourceInFile, folder: string): Source {
  switch (source.kind) {
    case "api":
      return toApi(source, folder);
    case "web":
      return toWeb(source, folder);
    case "files":
      return toFiles(source, folder);
  }
}

function toApi(source: InFile<"api">, folder: string): ApiSource {
  const api: ApiSource = {
    kind: "api",
    name: source.name,
    rate: toRate(source.rate, politeness.api),
    headers: source.headers ?? {},
    fetch: toFetchOptions(source, folder),
    url: source.each?.url ?? source.url ?? "",
    each: toEach(source.each),
    auth: toAuth(source.auth),
    params: source.params ?? {},
    secretParams: [],
    secretTexts: [],
    format: source.format ?? "auto",
    records: source.records ?? "$",
    namespaces: source.namespaces ?? {},
    columns: source.columns ?? [],
    envelope: source.envelope ?? {},
    // https://spec.graphql.org/October2021/#sec-Errors: errors come with any status.
    failWhen: source.failWhen ?? (source.graphql === undefined ? null : "$.errors"),
    pagination: toPagination(source),
    body: toBody(source),
    incremental:
      source.incremental === undefined
        ? null
        : toIncremental(source.incremental, source.graphql !== undefined),
    maxPages: source.maxPages ?? standardPages,
    table: source.table,
  };
  const { limits } = api.fetch;
  const given = source.limits?.maxBytes;
  const maxBytes = isStreamed(api)
    ? (given ?? streamedBytes)
    : Math.min(limits.maxBytes, heldBytes);
  api.fetch = { ...api.fetch, limits: { ...limits, maxBytes } };
  return api;
}

/** A GraphQL query takes values as variables, by their names. */
function toIncremental(
  incremental: NonNullable<InFile<"api">["incremental"]>,
  isGraphql: boolean,
): ApiSource["incremental"] {
  const { param, until, field, start, lookback = "0" } = incremental;
  const placed = (name: string) => (isGraphql ? `variables.${name}` : name);
  return {
    in: isGraphql ? "body" : (incremental.in ?? "query"),
    param: placed(param),
    until: until === undefined ? null : placed(until),
    field,
    start,
    lookback: lookbackOf(lookback) ?? 0,
  };
}

function toEach(each: InFile<"api">["each"]): ApiSource["each"] {
  if (each === undefined) return null;
  return { from: each.from, keys: each.keys ?? placeholdersOf(each.url) };
}

function toWeb(source: InFile<"web">, folder: string): WebSource {
  const { scope } = source;
  return {
    kind: "web",
    name: source.name,
    rate: toRate(source.rate, politeness.web),
    headers: source.headers ?? {},
    fetch: toFetchOptions(source, folder),
    seeds: source.seeds,
    sitemaps: source.sitemaps ?? true,
    robots: source.robots ?? "obey",
    render: source.render ?? "http",
    scope: {
      within: scope?.within ?? "host",
      include: scope?.include ?? ["**"],
      exclude: scope?.exclude ?? [],
      maxDepth: scope?.maxDepth ?? 10,
      maxPages: scope?.maxPages ?? standardPages,
    },
    traps: toTraps(source.traps),
    follow: toFollow(source.follow),
    canonical: toCanonical(source.canonical),
    auth: toAuth(source.auth),
    userAgent: source.userAgent ?? null,
    content: toContent(source.content),
    warc: source.warc ?? false,
    recrawl: toRecrawl(source.recrawl),
    pages: source.pages ?? null,
    extract: (source.extract ?? []).map((extract) => ({
      table: extract.table,
      match: extract.match,
      rows: extract.rows ?? null,
      fields: Object.fromEntries(
        Object.entries(extract.fields).map(([name, { css, attr, as, many }]) => [
          name,
          { css, attr: attr ?? null, as: as ?? "text", many: many ?? false },
        ]),
      ),
    })),
  };
}

function toFollow(follow: InFile<"web">["follow"]): FollowOptions {
  return {
    links: follow?.links ?? standardLinks,
    nofollow: follow?.nofollow ?? "obey",
    metaRobots: follow?.metaRobots ?? "obey",
  };
}

function toCanonical(canonical: InFile<"web">["canonical"]): CanonicalOptions {
  return {
    query: canonical?.query ?? "keep",
    dropParams: canonical?.dropParams ?? trackingParams,
    sessionIds: canonical?.sessionIds ?? "drop",
    fragment: canonical?.fragment ?? "drop",
  };
}

function toContent(content: InFile<"web">["content"]): ContentRules {
  return {
    save: content?.save ?? ["*/*"],
    skip: content?.skip ?? ["audio", "video", "font"],
    maxBytes: content?.maxBytes ?? maxBodyBytes,
  };
}

function toRecrawl(recrawl: InFile<"web">["recrawl"]): Recrawl {
  return {
    mode: recrawl?.mode ?? "conditional",
    minMs: durationMs(recrawl?.min ?? "1h") ?? 0,
    maxMs: durationMs(recrawl?.max ?? "14d") ?? 0,
  };
}

function toFiles(source: InFile<"files">, folder: string): FilesSource {
  return {
    kind: "files",
    name: source.name,
    urls: source.urls.map((url) => absoluteGlob(url, folder)),
    format: source.format ?? "auto",
    records: source.records ?? null,
    namespaces: source.namespaces ?? {},
    widths: source.widths ?? {},
    csv: {
      delimiter: source.csv?.delimiter ?? null,
      header: source.csv?.header ?? null,
      nulls: source.csv?.nulls ?? [],
    },
    encoding: source.encoding === undefined ? null : knownEncoding(source.encoding),
    excel: { sheet: source.excel?.sheet ?? null, headerRow: source.excel?.headerRow ?? null },
    quietMs: durationMs(source.quiet ?? "1s") ?? 0,
    table: source.table,
  };
}

function toRate(
  rate: InFile<"api">["rate"],
  standard: { perSecond: number; concurrency: number },
): Rate {
  return {
    perSecond: rate?.perSecond ?? standard.perSecond,
    concurrency: rate?.concurrency ?? standard.concurrency,
    budgets: toBudgets(rate),
    backoffMs: durationMs(rate?.backoff ?? "1s") ?? 0,
    maxBackoffMs: durationMs(rate?.maxBackoff ?? "5m") ?? 0,
    busyBackoffMs: durationMs(rate?.busyBackoff ?? "60s") ?? 0,
    maxBlockMs: durationMs(rate?.maxBlock ?? "1h") ?? 0,
    maxCrawlDelayMs: durationMs(rate?.maxCrawlDelay ?? "60s") ?? 0,
    slowFactor: rate?.slowFactor ?? 1,
    perAddress: rate?.perAddress ?? null,
  };
}

function toBudgets(rate: InFile<"api">["rate"]): Budget[] {
  const all = [
    { per: "hour", requests: rate?.perHour },
    { per: "day", requests: rate?.perDay },
    { per: "month", requests: rate?.perMonth },
  ] as const;
  return all.flatMap(({ per, requests }) => (requests === undefined ? [] : [{ per, requests }]));
}

function toTraps(traps: InFile<"web">["traps"]): TrapLimits | null {
  if (traps === "off") return null;
  return {
    urlLength: traps?.urlLength ?? 4_096,
    queryLength: traps?.queryLength ?? 2_048,
    params: traps?.params ?? 64,
    repeats: traps?.repeats ?? 3,
    pagesPerHost: traps?.pagesPerHost ?? 10_000_000,
    pagesPerPattern: traps?.pagesPerPattern ?? 1_000_000,
    dates: traps?.dates ?? 10_000,
    farDates: traps?.farDates ?? 100,
    copies: traps?.copies ?? 100,
  };
}

type OAuth2InFile = NonNullable<NonNullable<InFile<"api">["auth"]>["oauth2"]>;

function toOAuth2(oauth2: OAuth2InFile): Auth {
  return {
    kind: "oauth2",
    tokenUrl: oauth2.tokenUrl,
    clientId: oauth2.clientId,
    clientSecret: oauth2.clientSecret ?? null,
    refreshToken: oauth2.refreshToken ?? null,
    clientAuth: oauth2.clientAuth ?? "basic",
    scope: oauth2.scope ?? null,
    audience: oauth2.audience ?? null,
    params: oauth2.params ?? {},
  };
}

function toAuth(auth: InFile<"api">["auth"]): Auth | null {
  if (auth?.bearer !== undefined) return { kind: "bearer", token: auth.bearer };
  if (auth?.basic) return { kind: "basic", ...auth.basic };
  if (auth?.header) return { kind: "header", ...auth.header };
  if (auth?.query) return { kind: "query", ...auth.query };
  if (auth?.oauth2) return toOAuth2(auth.oauth2);
  if (auth?.aws) return { kind: "aws", ...auth.aws, sessionToken: auth.aws.sessionToken ?? null };
  if (auth?.sign) {
    const {
      algorithm = "sha256",
      value = "{signature}",
      encoding = "hex",
      headers = {},
    } = auth.sign;
    return { kind: "sign", ...auth.sign, algorithm, value, encoding, headers };
  }
  return null;
}
