// The shape of an API source of the pipeline file: where answers are, how one leads to the next, what is new.
import { z } from "zod";
import { fetchKeys } from "./fetch-schema.ts";
import { checkJsonPath, checkRecordsPath } from "./json-path.ts";
import { checkLookback } from "./lookback.ts";
import { auth, headers, name, rate } from "./request-schema.ts";
import { checkHeaderName, checkHttpUrl, checkTableName, checkText } from "./value-checks.ts";
import { count, namespaces, textThat } from "./value-schemas.ts";

const jsonPath = textThat(checkJsonPath);
const param = textThat(checkText).optional();
const place = z.enum(["query", "body"]).optional();
const where = "URL parameter, or dotted path in the POSTed body. Default query";
const total = jsonPath
  .optional()
  .describe("JSONPath of the number of all records: then all pages are asked for at once");
const more = jsonPath.optional().describe("JSONPath that is true when there is another page");

const pagination = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("none").describe("One answer holds everything") }),
    z.strictObject({
      kind: z.literal("page").describe("Numbered pages, until an empty or short one"),
      in: place.describe(where),
      param: param.describe("Parameter of the page number. Default page"),
      start: count(0, 1e9).optional().describe("First page number. Default 1"),
      size: count(1, 1e6).optional().describe("Records of a full page"),
      sizeParam: param.describe("Parameter that carries `size`"),
      total,
      totalPages: jsonPath.optional().describe("JSONPath of the number of all pages"),
      more,
    }),
    z.strictObject({
      kind: z.literal("offset").describe("Offset and limit, until an empty or short page"),
      in: place.describe(where),
      param: param.describe("Parameter of the offset. Default offset"),
      limitParam: param.describe("Parameter of the limit. Default limit"),
      limit: count(1, 1e6).describe("Records of a full page"),
      total,
      more,
    }),
    z.strictObject({
      kind: z.literal("cursor").describe("Each answer names the cursor of the next"),
      in: z.enum(["query", "body", "header"]).optional().describe(`${where}; or a header`),
      param: param.describe("Parameter, path or header of the cursor. Default cursor"),
      next: jsonPath.optional().describe("JSONPath of the next cursor in the answer"),
      nextHeader: textThat(checkHeaderName)
        .optional()
        .describe("Header of the answer with the next cursor, in place of `next`"),
      more,
    }),
    z.strictObject({ kind: z.literal("link").describe('Link header with rel="next" (RFC 8288)') }),
    z.strictObject({
      kind: z.literal("next_url").describe("Each answer holds the URL of the next"),
      next: jsonPath.describe("JSONPath of the next URL in the answer"),
    }),
  ])
  .optional()
  .describe("How to get from one answer to the next. Default none");

const json = z.record(z.string(), z.unknown());

const graphql = z
  .strictObject({
    query: textThat(checkText).describe("The query, with a variable for the cursor"),
    variables: json.optional().describe("Its variables"),
    pageInfo: jsonPath
      .optional()
      .describe("JSONPath of the pageInfo: { hasNextPage, endCursor }. Absent: one answer"),
    cursor: param.describe("Variable that carries endCursor. Default after"),
  })
  .optional()
  .describe("POSTs a GraphQL query, in place of `method`, `body` and `pagination`");

/** A source of kind `api`. */
export const api = z.strictObject({
  name,
  kind: z.literal("api").describe("A JSON API"),
  url: textThat(checkHttpUrl).optional().describe("URL of the first answer, without `params`"),
  each: z
    .strictObject({
      from: textThat(checkText).describe("Name of an API source"),
      url: textThat(checkHttpUrl).describe("URL, with {field} for fields of its records"),
      keys: z
        .array(textThat(checkText))
        .optional()
        .describe(
          "Fields of those records that the rows carry, as _FROM_FIELD. Default: those in url",
        ),
    })
    .optional()
    .describe("Fetched once for each record of another source, in place of `url`"),
  headers,
  auth,
  ...fetchKeys,
  method: z.enum(["GET", "POST"]).optional().describe("Default GET; POST sends `body` as JSON"),
  body: json.optional().describe("What is POSTed; values of paging are set in it. Default {}"),
  graphql,
  params: z.record(z.string(), z.string()).optional().describe("URL parameters of every request"),
  format: z
    .enum(["auto", "json", "ndjson", "csv", "tsv", "xml"])
    .optional()
    .describe("What the answers are. Default auto: by Content-Type, name and content"),
  records: textThat(checkRecordsPath)
    .optional()
    .describe(
      "JSONPath (RFC 9535) of the records in a JSON answer, such as $.data[*], or path of the row elements in an XML one, such as /catalog/book; required unless `format` is of lines",
    ),
  namespaces,
  columns: z
    .array(z.enum(["_source", "_run", "_fetched_at", "_page"]))
    .optional()
    .describe("Columns that say where a row came from. Default none"),
  envelope: z
    .record(z.string(), jsonPath)
    .optional()
    .describe("Columns for values outside the records: JSONPath in the answer by column"),
  failWhen: jsonPath
    .optional()
    .describe("JSONPath of what only an answer with an error inside has; it is tried again"),
  pagination,
  incremental: z
    .strictObject({
      in: place.describe(where),
      param: textThat(checkText).describe(
        "Parameter that carries the last value; of a GraphQL query, the variable",
      ),
      until: param.describe(
        "Parameter that carries the end of a window (`onpoint run --from --to`)",
      ),
      field: textThat(checkText).describe("Field of a record that grows"),
      start: textThat(checkText).describe("Value of the first run"),
      lookback: textThat(checkLookback)
        .optional()
        .describe("So much before the last value: a duration, or a whole number. Default 0"),
    })
    .optional()
    .describe("Only what is new since the last run"),
  rate,
  maxPages: count(1, 1e9).optional().describe("Answers read at most. Default 100000"),
  table: textThat(checkTableName).describe("Table of the records"),
});
