// The shape of one source of the pipeline file, by its kind.
import { z } from "zod";
import { fetchKeys } from "./fetch-schema.ts";
import { checkJsonPath } from "./json-path.ts";
import {
  checkContentRule,
  checkDropUrl,
  checkHeaderName,
  checkHeaderValue,
  checkHttpUrl,
  checkName,
  checkTableName,
  checkText,
} from "./value-checks.ts";
import { count, duration, textThat } from "./value-schemas.ts";

/** The crawl reads no further into any body. */
export const maxBodyBytes = 64 * 1024 * 1024;

const jsonPath = textThat(checkJsonPath);
const tableName = textThat(checkTableName);

const name = textThat(checkName).describe("Name of the source, once in the file");

const headers = z
  .record(textThat(checkHeaderName), textThat(checkHeaderValue))
  .optional()
  .describe("Headers of every request");

const rate = z
  .strictObject({
    perSecond: z
      .number()
      .positive()
      .max(10_000)
      .optional()
      .describe("Requests started per second and host. Default 2 (web), 10 (api)"),
    concurrency: count(1, 1000)
      .optional()
      .describe("Requests in flight per host. Default 2 (web), 4 (api)"),
    backoff: duration
      .optional()
      .describe("First wait after a 5xx answer or a network fault; doubles. Default 1s"),
    maxBackoff: duration.optional().describe("Longest such wait. Default 5m"),
    busyBackoff: duration
      .optional()
      .describe("First wait after 429 or 503 without Retry-After; doubles to a day. Default 60s"),
    maxBlock: duration
      .optional()
      .describe("A host that must be left alone for longer is left out of the run. Default 1h"),
    maxCrawlDelay: duration
      .optional()
      .describe("A host whose Crawl-delay is longer is left out of the run. Default 60s"),
    slowFactor: z
      .number()
      .min(0)
      .max(100)
      .optional()
      .describe("Gap of a host that answers slowly, as a multiple of its answer time. Default 1"),
  })
  .optional()
  .describe("Politeness towards one host");

const pair = z.strictObject({
  name: textThat(checkText).describe("Name of the header or parameter"),
  value: z.string().describe("Its value"),
});

const auth = z
  .strictObject({
    bearer: textThat(checkHeaderValue).optional().describe("Token (RFC 6750)"),
    basic: z
      .strictObject({
        user: z.string().describe("User"),
        password: z.string().describe("Password"),
      })
      .optional()
      .describe("User and password (RFC 7617)"),
    header: pair
      .extend({ name: textThat(checkHeaderName).describe("Name of the header") })
      .optional()
      .describe("A header that carries a secret"),
    query: pair.optional().describe("A URL parameter that carries a secret"),
  })
  .meta({ minProperties: 1, maxProperties: 1 })
  .optional()
  .describe("How requests prove who they are: one of the keys");

const param = textThat(checkText).optional();

const pagination = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("none").describe("One answer holds everything") }),
    z.strictObject({
      kind: z.literal("page").describe("Numbered pages, until an empty or short one"),
      param: param.describe("Parameter of the page number. Default page"),
      start: count(0, 1e9).optional().describe("First page number. Default 1"),
      size: count(1, 1e6).optional().describe("Records of a full page"),
      sizeParam: param.describe("Parameter that carries `size`"),
    }),
    z.strictObject({
      kind: z.literal("offset").describe("Offset and limit, until an empty or short page"),
      param: param.describe("Parameter of the offset. Default offset"),
      limitParam: param.describe("Parameter of the limit. Default limit"),
      limit: count(1, 1e6).describe("Records of a full page"),
    }),
    z.strictObject({
      kind: z.literal("cursor").describe("Each answer names the cursor of the next"),
      param: param.describe("Parameter of the cursor. Default cursor"),
      next: jsonPath.describe("JSONPath of the next cursor in the answer"),
    }),
    z.strictObject({ kind: z.literal("link").describe('Link header with rel="next" (RFC 8288)') }),
    z.strictObject({
      kind: z.literal("next_url").describe("Each answer holds the URL of the next"),
      next: jsonPath.describe("JSONPath of the next URL in the answer"),
    }),
  ])
  .optional()
  .describe("How to get from one answer to the next. Default none");

const api = z.strictObject({
  name,
  kind: z.literal("api").describe("A JSON API"),
  url: textThat(checkHttpUrl).describe("URL of the first answer, without `params`"),
  headers,
  auth,
  ...fetchKeys,
  params: z.record(z.string(), z.string()).optional().describe("URL parameters of every request"),
  records: jsonPath.describe("JSONPath (RFC 9535) of the records in an answer, such as $.data[*]"),
  pagination,
  incremental: z
    .strictObject({
      param: textThat(checkText).describe("URL parameter that carries the last value"),
      field: textThat(checkText).describe("Field of a record that grows"),
      start: textThat(checkText).describe("Value of the first run"),
    })
    .optional()
    .describe("Only what is new since the last run (not used in this version)"),
  rate,
  maxPages: count(1, 1e9).optional().describe("Answers read at most. Default 100000"),
  table: tableName.describe("Table of the records"),
});

const scope = z
  .strictObject({
    within: z
      .enum(["host", "domain", "prefix", "any"])
      .optional()
      .describe("What links may lead to, seen from the seeds. Default host"),
    include: z
      .array(textThat(checkText))
      .min(1)
      .optional()
      .describe('Globs of whole URLs, one must match. Default ["**"]'),
    exclude: z
      .array(textThat(checkText))
      .optional()
      .describe("Globs of whole URLs, none may match"),
    maxDepth: count(0, 1000).optional().describe("Links away from a seed. Default 10"),
    maxPages: count(1, 1e9).optional().describe("Pages read at most. Default 100000"),
  })
  .optional()
  .describe("Which links are followed");

const traps = z
  .union([
    z.literal("off"),
    z.strictObject({
      urlLength: count(1, 1e6).optional().describe("Characters of a URL. Default 4096"),
      queryLength: count(1, 1e6).optional().describe("Characters of its query. Default 2048"),
      params: count(1, 1e4).optional().describe("Parameters of a query. Default 64"),
      repeats: count(2, 100)
        .optional()
        .describe("So often in a row a segment of a path, or a run of them. Default 3"),
      pagesPerHost: count(1, 1e9).optional().describe("Pages of one host. Default 10000000"),
      pagesPerPattern: count(1, 1e9)
        .optional()
        .describe("Pages whose URLs differ in numbers and ids alone. Default 1000000"),
      dates: count(1, 1e9)
        .optional()
        .describe("Such pages that a date names: days of a calendar. Default 10000"),
      farDates: count(0, 1e9)
        .optional()
        .describe("The same, over a century ago or over two years ahead. Default 100"),
      copies: count(1, 1e9)
        .optional()
        .describe("Pages of one body, at one host, whose links are followed. Default 100"),
    }),
  ])
  .optional()
  .describe("Links that lead nowhere new: left out and counted. off: none is");
const follow = z
  .strictObject({
    links: z
      .array(
        z.enum([
          "a",
          "area",
          "iframe",
          "frame",
          "form",
          "refresh",
          "img",
          "canonical",
          "next",
          "prev",
          "alternate",
        ]),
      )
      .optional()
      .describe("Where links are looked for: elements, rel of <link>. Default all but img"),
    nofollow: z.enum(["obey", "ignore"]).optional().describe("rel=nofollow. Default obey"),
    metaRobots: z
      .enum(["obey", "ignore"])
      .optional()
      .describe("noindex and nofollow of <meta name=robots> and X-Robots-Tag. Default obey"),
  })
  .optional()
  .describe("Which links of a page are followed, and which pages are kept");

const canonical = z
  .strictObject({
    query: z
      .enum(["keep", "sort"])
      .optional()
      .describe("Order of parameters: as written, or by name. Default keep"),
    dropParams: z
      .array(textThat(checkText))
      .optional()
      .describe("Parameters to leave out, * at the end. Default: known tracking parameters"),
    sessionIds: z
      .enum(["drop", "keep"])
      .optional()
      .describe("Session ids in paths and queries. Default drop"),
    fragment: z
      .enum(["drop", "routes"])
      .optional()
      .describe("routes: #/x and #!x are pages of their own. Default drop"),
  })
  .optional()
  .describe("When two URLs are one");

const field = z.strictObject({
  css: textThat(checkText).describe("CSS selector"),
  attr: textThat(checkText).optional().describe("Attribute to read instead of the text"),
  as: z
    .enum(["text", "integer", "decimal", "double", "boolean", "date", "timestamp"])
    .optional()
    .describe("Type of the column. Default text"),
  many: z
    .boolean()
    .optional()
    .describe("A list of all matches instead of the first. Default false"),
});

const extract = z.strictObject({
  table: tableName.describe("Table of the rows"),
  match: textThat(checkText).describe("Glob of the URLs of pages to read"),
  rows: textThat(checkText).optional().describe("CSS selector of one row; absent: one row a page"),
  fields: z.record(textThat(checkText), field.describe("One column")).describe("Columns by name"),
});

const content = z
  .strictObject({
    save: z
      .array(textThat(checkContentRule))
      .min(1)
      .optional()
      .describe('Names (html, text, pdf, ...) or media types with `*`. Default ["*/*"]'),
    skip: z
      .array(textThat(checkContentRule))
      .optional()
      .describe("The same, not kept; wins over `save`. Default [audio, video, font]"),
    maxBytes: count(1, maxBodyBytes)
      .optional()
      .describe(`A longer body is cut there and marked. Default ${maxBodyBytes}`),
  })
  .optional()
  .describe("Which bodies are kept; each answer has its row all the same");

const web = z.strictObject({
  name,
  kind: z.literal("web").describe("A web site"),
  seeds: z.array(textThat(checkHttpUrl)).min(1).describe("URLs to start from"),
  sitemaps: z.boolean().optional().describe("Read the sites' sitemaps too. Default true"),
  robots: z
    .enum(["obey", "ignore"])
    .optional()
    .describe("robots.txt; ignore is for hosts you own. Default obey"),
  render: z.enum(["http"]).optional().describe("How pages are fetched. Default http"),
  headers,
  auth,
  ...fetchKeys,
  userAgent: textThat(checkHeaderValue).optional().describe("User-Agent of this source's requests"),
  scope,
  traps,
  follow,
  canonical,
  rate,
  content,
  warc: z
    .boolean()
    .optional()
    .describe("Also save what was asked and answered as WARC 1.1 files. Default false"),
  recrawl: z
    .strictObject({
      mode: z
        .enum(["conditional", "always", "adaptive"])
        .optional()
        .describe(
          "Pages of earlier runs: asked whether they changed, fetched whole, or left out until they are due. Default conditional",
        ),
      min: duration.optional().describe("Shortest interval of adaptive. Default 1h"),
      max: duration.optional().describe("Longest interval of adaptive. Default 14d"),
    })
    .optional()
    .describe("How the next run asks for pages that it knows"),
  pages: tableName.optional().describe("Table of all pages; absent: none"),
  extract: z.array(extract).optional().describe("Tables of values found on pages"),
});

const files = z.strictObject({
  name,
  kind: z.literal("files").describe("Files that others drop"),
  urls: z
    .array(textThat(checkDropUrl))
    .min(1)
    .describe("file: and s3: URLs with globs; file: relative to this file"),
  format: z
    .enum(["auto", "csv", "tsv", "json", "ndjson", "parquet"])
    .optional()
    .describe("What the files are; .gz and .zst are read as they are. Default auto"),
  records: jsonPath
    .optional()
    .describe("JSONPath of the records in a JSON document; absent: it is a list of them"),
  table: tableName.describe("Table of the rows"),
});

/** One source. */
export const sourceSchema = z.discriminatedUnion("kind", [api, web, files]);
