// The pipeline file after parsing: defaults filled in, durations in milliseconds, relative paths made absolute.

import type { FetchOptions } from "./fetch-options.ts";
import type { TableCheck } from "./table-check.ts";

/** How fast an IP address may be asked, whatever hosts share it: requests sent per second, and in flight. */
export type AddressPace = { perSecond: number; concurrency: number };

/** Requests to a host, at most, in an hour, day or month of UTC. */
export type Budget = { per: "hour" | "day" | "month"; requests: number };

/** Politeness of one source towards one host. */
export type Rate = {
  /** Requests started per second and host. */
  perSecond: number;
  /** Requests in flight per host. */
  concurrency: number;
  /** Over all processes and runs; at most one of each kind. */
  budgets: readonly Budget[];
  /** First wait after another 5xx or a network fault; doubles with every further one, with jitter. */
  backoffMs: number;
  /** Longest such wait. */
  maxBackoffMs: number;
  /** First wait after a 429 or 503 without Retry-After; doubles to a day, with jitter, and is forgiven after 30 quiet minutes. */
  busyBackoffMs: number;
  /** A host that must be left alone for longer than this is deferred: its links are left out of the run, and counted. */
  maxBlockMs: number;
  /** The same for a host whose robots.txt asks for a longer gap than this. */
  maxCrawlDelayMs: number;
  /** Of a host that takes more than 250 ms to answer: the gap is at least so many times that. 0: never mind. */
  slowFactor: number;
  /** Towards an address that hosts share; null: the standard one of addresses of the internet, none of private ones. */
  perAddress: AddressPace | null;
};

export type Auth =
  | { kind: "bearer"; token: string }
  | { kind: "basic"; user: string; password: string }
  | { kind: "header"; name: string; value: string }
  | { kind: "query"; name: string; value: string }
  /** OAuth 2.0 (RFC 6749): by refresh token where there is one, else by client credentials. */
  | {
      kind: "oauth2";
      tokenUrl: string;
      clientId: string;
      clientSecret: string | null;
      refreshToken: string | null;
      clientAuth: "basic" | "body";
      scope: string | null;
      audience: string | null;
      /** Further parameters of the request for a token. */
      params: Record<string, string>;
    }
  /** AWS Signature Version 4. */
  | {
      kind: "aws";
      accessKeyId: string;
      secretAccessKey: string;
      sessionToken: string | null;
      region: string;
      service: string;
    }
  /** An HMAC over `text`, in `header` as `value` says. Texts are templates of what is sent (`internal/auth/sign-text.ts`). */
  | {
      kind: "sign";
      algorithm: "sha1" | "sha256" | "sha512";
      key: string;
      text: string;
      header: string;
      value: string;
      encoding: "hex" | "base64";
      headers: Record<string, string>;
    };

/** Where a request carries what paging changes: `param` is a URL parameter, a dotted path in the JSON body, or a header. */
export type Place = "query" | "body" | "header";

/** Paths are JSONPaths in an answer; `total` counts records, `more` says whether there is another page. */
export type Pagination =
  | { kind: "none" }
  /** `param` = 1, 2, ...; `sizeParam` carries `size`. Ends at an empty page, or a page shorter than `size` when it is set. */
  | {
      kind: "page";
      in: Place;
      param: string;
      start: number;
      size: number | null;
      sizeParam: string | null;
      total: string | null;
      totalPages: string | null;
      more: string | null;
    }
  | {
      kind: "offset";
      in: Place;
      param: string;
      limitParam: string;
      limit: number;
      total: string | null;
      more: string | null;
    }
  /** The cursor is at `next`, or in the header `nextHeader`. */
  | {
      kind: "cursor";
      in: Place;
      param: string;
      next: string | null;
      nextHeader: string | null;
      more: string | null;
    }
  /** RFC 8288 `Link: <...>; rel="next"`. */
  | { kind: "link" }
  | { kind: "next_url"; next: string };

/**
 * `param` carries the greatest value of `field` that earlier runs saw, less `lookback`: ms, or a whole number. `until` carries
 * the end of a window of a backfill.
 */
export type Incremental = {
  in: "query" | "body";
  param: string;
  until: string | null;
  field: string;
  start: string;
  lookback: number;
};

type SourceBase = { name: string; rate: Rate; headers: Record<string, string> };
type AskedSource = SourceBase & { fetch: FetchOptions };

/** Where a row of an API source came from: source, run, time of the answer (ISO 8601, UTC), 0-based page. */
export type OriginColumn = "_source" | "_run" | "_fetched_at" | "_page";

/** What the answers of an API are; `auto`: each says so itself. */
export type AnswerFormat = "auto" | "json" | "ndjson" | "csv" | "tsv" | "xml";

export type ApiSource = AskedSource & {
  kind: "api";
  /** With `each`: a template, whose `{field}` are of the parent's records. */
  url: string;
  /** Fetched once for each record of the source `from`; `keys`: fields of those records that the rows carry. */
  each: { from: string; keys: string[] } | null;
  auth: Auth | null;
  params: Record<string, string>;
  /** Null: GET. Else POSTed as JSON, with what paging sets in it. */
  body: Record<string, unknown> | null;
  /** Names of `params` whose values came from variables: they are added to each request, and kept out of stored URLs. */
  secretParams: string[];
  /** Texts in `body` that are secrets: they are sent, and kept out of all that is written. */
  secretTexts: string[];
  format: AnswerFormat;
  /** JSONPath (RFC 9535) of the records, or path of the row elements of XML (`/a/b`, `//b`); of no meaning where they are lines. */
  records: string;
  /** URIs of XML namespaces by the prefix that elements of them have in `records` and in names of columns. */
  namespaces: Record<string, string>;
  /** Columns of the rows beside the fields of their records. */
  columns: readonly OriginColumn[];
  /** Columns for values of the answer outside its records: JSONPaths by name. */
  envelope: Record<string, string>;
  /** JSONPath of what only an answer that is an error has, whatever its status. */
  failWhen: string | null;
  pagination: Pagination;
  incremental: Incremental | null;
  maxPages: number;
  table: string;
};

export type Scope = {
  within: "host" | "domain" | "prefix" | "any";
  include: string[];
  exclude: string[];
  maxDepth: number;
  maxPages: number;
};

/** How links of a web source become canonical beyond what is true of every URL; see docs/pipeline.md. */
export type CanonicalOptions = {
  query: "keep" | "sort";
  /** Names of query parameters to leave out; a `*` at the end stands for any end. */
  dropParams: readonly string[];
  sessionIds: "drop" | "keep";
  /** `routes`: `#/x` and `#!x` are pages of their own. */
  fragment: "drop" | "routes";
};

/** One field of an extraction: text of the first element that matches `css`, or its attribute. */
export type Field = { css: string; attr: string | null; as: string; many: boolean };
export type Extract = {
  table: string;
  match: string;
  rows: string | null;
  fields: Record<string, Field>;
};

/** Where a link may stand: an element, `<meta http-equiv=refresh>`, or a `rel` of `<link>` and of the Link header. */
export type LinkSource =
  | "a"
  | "area"
  | "iframe"
  | "frame"
  | "form"
  | "refresh"
  | "img"
  | "canonical"
  | "next"
  | "prev"
  | "alternate";

/** Which links of a page are followed. */
export type FollowOptions = {
  links: readonly LinkSource[];
  /** `rel=nofollow` of a link. */
  nofollow: "obey" | "ignore";
  /** noindex and nofollow of `<meta name=robots>` and X-Robots-Tag. */
  metaRobots: "obey" | "ignore";
};

/** Which bodies of pages are kept: names and media types of `internal/content/content-rules.ts`. */
export type ContentRules = {
  save: string[];
  skip: string[];
  /** A longer body is cut here, and marked. */
  maxBytes: number;
};

/** From where on links are a trap (`internal/traps`): the crawl leaves them out, and counts each with its reason. */
export type TrapLimits = {
  /** Characters of a URL, and of its query. */
  urlLength: number;
  queryLength: number;
  /** Parameters of a query. */
  params: number;
  /** Times that a segment, or a run of them, stands in a row in a path; or one parameter with its value in a query. */
  repeats: number;
  /** Pages fetched of one host, and of one pattern of its URLs: numbers, hashes and ids folded. */
  pagesPerHost: number;
  pagesPerPattern: number;
  /** Pages of a pattern that are named by a date; and by one a century ago or years ahead. */
  dates: number;
  farDates: number;
  /** Pages of a host with the same body whose links are followed. */
  copies: number;
};

/** How pages of earlier runs are asked for; the interval of `adaptive` is between `minMs` and `maxMs`. */
export type Recrawl = { mode: "always" | "conditional" | "adaptive"; minMs: number; maxMs: number };

export type WebSource = AskedSource & {
  kind: "web";
  seeds: string[];
  sitemaps: boolean;
  robots: "obey" | "ignore";
  render: "http" | "browser" | "auto";
  scope: Scope;
  /** null: no link is a trap. */
  traps: TrapLimits | null;
  follow: FollowOptions;
  canonical: CanonicalOptions;
  auth: Auth | null;
  userAgent: string | null;
  content: ContentRules;
  warc: boolean;
  recrawl: Recrawl;
  pages: string | null;
  extract: Extract[];
};

export type FileFormat =
  | "auto"
  | "csv"
  | "tsv"
  | "json"
  | "ndjson"
  | "parquet"
  | "xml"
  | "excel"
  | "avro"
  | "fixed";

export type FilesSource = {
  kind: "files";
  name: string;
  urls: string[];
  format: FileFormat;
  /**
   * JSONPath of the records in a whole JSON document, or the path of the row elements of an XML document (`/a/b`, `//b`).
   * null: the document is an array of records, or the rows are what repeats.
   */
  records: string | null;
  /** URIs of XML namespaces by the prefix that elements of them have in paths and names of columns. */
  namespaces: Record<string, string>;
  /** Columns of `fixed`, in order, and how many characters each has. */
  widths: Record<string, number>;
  /** What is told of CSV; null: what its first records show. `nulls`: what says NULL, beside an empty field. */
  csv: { delimiter: string | null; header: boolean | null; nulls: string[] };
  /** Of text without a byte order mark; null: UTF-8, or what an XML document declares. */
  encoding: string | null;
  /**
   * `sheet`: its name or 1-based number; null: the first that is not hidden. `headerRow`: 1-based row with the names of the
   * columns, 0 when there is none; null: the first with a value.
   */
  excel: { sheet: string | number | null; headerRow: number | null };
  /** A file on a disk that was changed since is looked at again before it is taken; 0: never. */
  quietMs: number;
  table: string;
};

export type Source = ApiSource | WebSource | FilesSource;

/** A partition column: a column of the rows (`expression` null; `dt` is the run's date unless there is such a column), or SQL. */
export type PartitionColumn = { name: string; expression: string | null };

/** Who must be able to read whom when a table's schema changes; `_transitive`: all versions, not only the last. */
export const compatibilityLevels = [
  "none",
  "backward",
  "backward_transitive",
  "forward",
  "forward_transitive",
  "full",
  "full_transitive",
] as const;
export type Compatibility = (typeof compatibilityLevels)[number];

/**
 * What identifies a row of a table. Of rows with the same key the one with the greatest `newest` stays, among equals the one
 * that came last.
 */
export type TableKey = { columns: readonly string[]; newest: string | null };

export type TableConfig = {
  partitionBy: PartitionColumn[];
  /** Columns that the rows of a file are sorted by; empty: they stay as they come. */
  sortBy: string[];
  /** Null: rows are kept as they come. */
  key: TableKey | null;
  /** What rows do that the registered schema does not describe: change it, fail their batch, are left out, are put aside. */
  contract: "evolve" | "freeze" | "discard_row" | "quarantine";
  /** With `evolve`, when no type but text holds old and new values: the column becomes text, the value goes to a column of its own, the row is put aside. */
  conflict: "text" | "variant" | "quarantine";
  compatibility: Compatibility;
  checks: TableCheck[];
  /** Old names of declared columns: the column by the old name. */
  aliases: Record<string, string>;
  /** Declared columns: name to DuckDB type; rows that do not fit go to quarantine. Empty: inferred. */
  columns: Record<string, string>;
};

export type Sensor = { url: string; timeoutMs: number };
export type Retries = { crawl: number; process: number; etl: number; upload: number };
export type Notify = {
  webhook: string | null;
  email: { to: string; from: string; smtp: string } | null;
};

export type Pipeline = {
  name: string;
  /** Absolute path of the file it was read from. */
  file: string;
  schedule: string | null;
  /** `file:///abs/path` or `s3://bucket/prefix`. */
  lake: string;
  sources: Source[];
  /** Settings of every table that a source writes (defaults where the file has none). */
  tables: Record<string, TableConfig>;
  /** Absolute folder of the SQL models, or null. */
  models: string | null;
  waitFor: Sensor[];
  upload: { to: string; simulate: boolean } | null;
  retries: Retries;
  notify: Notify;
  /** What is accepted but not acted on in this version, one sentence each. */
  warnings: string[];
};

/** The tables a source writes. */
export function tablesOf(source: Source): string[] {
  if (source.kind !== "web") return [source.table];
  const tables = source.extract.map((extract) => extract.table);
  return source.pages === null ? tables : [source.pages, ...tables];
}
