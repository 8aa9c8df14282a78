// The shape of an API source of the pipeline file: where answers are, how one leads to the next, what is new.
import { z } from "zod";
import { fetchKeys } from "./fetch-schema.ts";
import { checkJsonPath } from "./json-path.ts";
import { auth, headers, name, rate } from "./request-schema.ts";
import { checkHttpUrl, checkTableName, checkText } from "./value-checks.ts";
import { count, textThat } from "./value-schemas.ts";

const jsonPath = textThat(checkJsonPath);
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

/** A source of kind `api`. */
export const api = z.strictObject({
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
  table: textThat(checkTableName).describe("Table of the records"),
});
