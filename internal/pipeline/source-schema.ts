// The shape of one source of the pipeline file, by its kind.
import { z } from "zod";
import { api } from "./api-schema.ts";
import { fetchKeys } from "./fetch-schema.ts";
import { checkRecordsPath } from "./json-path.ts";
import { auth, headers, name, rate } from "./request-schema.ts";
import {
  checkContentRule,
  checkDelimiter,
  checkDropUrl,
  checkEncoding,
  checkHeaderValue,
  checkHttpUrl,
  checkTableName,
  checkText,
} from "./value-checks.ts";
import { count, duration, namespaces, textThat } from "./value-schemas.ts";

/** The crawl reads no further into any body. */
export const maxBodyBytes = 64 * 1024 * 1024;

const recordsPath = textThat(checkRecordsPath);
const tableName = textThat(checkTableName);

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
    .enum(["auto", "csv", "tsv", "json", "ndjson", "parquet", "xml", "excel", "avro", "fixed"])
    .optional()
    .describe("What the files are; .gz and .zst are read as they are. Default auto"),
  records: recordsPath
    .optional()
    .describe(
      "JSONPath of the records in JSON, or path of the row elements in XML; absent: a list, or what repeats",
    ),
  namespaces,
  widths: z
    .record(textThat(checkText), count(1, 1_000_000).describe("Characters"))
    .optional()
    .describe("Columns of format fixed, in order, by their widths"),
  csv: z
    .strictObject({
      delimiter: textThat(checkDelimiter)
        .optional()
        .describe("One character between fields. Default: what the first records show"),
      header: z
        .boolean()
        .optional()
        .describe("Whether the first record has the names. Default: what the first records show"),
      nulls: z
        .array(z.string())
        .optional()
        .describe(
          'What says NULL beside an empty field: [NA, "-"]; with "" quoted empty fields too',
        ),
    })
    .optional()
    .describe("How CSV is written"),
  encoding: textThat(checkEncoding)
    .optional()
    .describe("Of text without a byte order mark. Default utf-8, or what XML declares"),
  excel: z
    .strictObject({
      sheet: z
        .union([textThat(checkText), count(1, 10_000)])
        .optional()
        .describe("Its name or number. Default: the first that is not hidden"),
      headerRow: count(0, 1_048_576)
        .optional()
        .describe(
          "Row with the names of columns; 0: there is none. Default: the first that is not empty",
        ),
    })
    .optional()
    .describe("Where the rows of a workbook are"),
  quiet: duration
    .optional()
    .describe("A file on a disk is taken when nobody has changed it for so long. Default 1s"),
  table: tableName.describe("Table of the rows"),
});

/** One source. */
export const sourceSchema = z.discriminatedUnion("kind", [api, web, files]);
