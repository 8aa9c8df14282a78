// The pipeline file's shape: strict objects, one description for every key. It checks and never changes a value, so that
// the JSON Schema for editors, the messages and the defaults (to-pipeline.ts) stay apart.
import { z } from "zod";
import { compatibilityLevels } from "../model/pipeline.ts";
import { checkSchema } from "./checks-schema.ts";
import { sourceSchema } from "./source-schema.ts";
import {
  checkColumnName,
  checkColumnType,
  checkEmail,
  checkFile,
  checkFolder,
  checkHook,
  checkName,
  checkPlainStorageUrl,
  checkS3Url,
  checkSchedule,
  checkSmtp,
  checkStorageUrl,
  checkTableName,
  checkText,
} from "./value-checks.ts";
import { count, duration, textThat } from "./value-schemas.ts";

const partition = z
  .union([textThat(checkColumnName), z.record(textThat(checkColumnName), textThat(checkText))])
  .describe('Column name, or { name: "SQL expression" }');

const column = z
  .union([
    textThat(checkColumnType),
    z.strictObject({
      type: textThat(checkColumnType).describe("DuckDB type"),
      aliases: z
        .array(textThat(checkText))
        .optional()
        .describe("Older names of the column, in files and in the table"),
    }),
  ])
  .describe("DuckDB type, or { type, aliases }");

const table = z.strictObject({
  partitionBy: z
    .array(partition)
    .optional()
    .describe("Partition columns in the order of the path; dt is the run's date. Default [dt]"),
  sortBy: z
    .array(textThat(checkText))
    .optional()
    .describe("Columns that the rows of a file are sorted by, NULL last. Default: as they come"),
  key: z
    .array(textThat(checkText))
    .min(1)
    .optional()
    .describe("Columns that identify a row: of rows with the same values the newest one stays"),
  contract: z
    .enum(["evolve", "freeze", "discard_row", "quarantine"])
    .optional()
    .describe(
      "What a row does that the schema does not describe: changes the schema, fails its batch, is left out, is put aside. Default evolve",
    ),
  conflict: z
    .enum(["text", "variant", "quarantine"])
    .optional()
    .describe(
      "With evolve, a value that no common type holds: makes the column text, goes to <column>__text, puts its row aside. Default text",
    ),
  checks: z.array(checkSchema).optional().describe("Quality checks of the rows"),
  compatibility: z
    .enum(compatibilityLevels)
    .optional()
    .describe("Which schemas must read each other's rows when the schema changes. Default none"),
  columns: z
    .record(textThat(checkText), column)
    .optional()
    .describe("DuckDB types of columns; the others are inferred, or refused by the contract"),
});

const sensor = z.strictObject({
  url: textThat(checkStorageUrl).optional().describe("file: or s3: URL to wait for; may be a glob"),
  file: textThat(checkFile).optional().describe("Local file to wait for: a path or a file: URL"),
  s3: textThat(checkS3Url).optional().describe("s3: URL to wait for; may be a glob"),
  timeout: duration.optional().describe("The run fails when it is not there by then. Default 1h"),
});

const upload = z.strictObject({
  to: textThat(checkPlainStorageUrl).describe("s3://BUCKET/PREFIX, or file:FOLDER"),
  simulate: z
    .boolean()
    .optional()
    .describe("Print and record what would be sent, send nothing. Default false"),
  catalog: z
    .strictObject({
      glue: z
        .strictObject({ database: textThat(checkText).describe("Glue database") })
        .describe("AWS Glue"),
    })
    .optional()
    .describe("Catalog to register tables in (not used in this version)"),
});

const retries = z.strictObject({
  crawl: count(0, 100).optional().describe("Retries of a fetch. Default 2"),
  process: count(0, 100).optional().describe("Retries of a batch. Default 1"),
  etl: count(0, 100).optional().describe("Retries of a model. Default 0"),
  upload: count(0, 100).optional().describe("Retries of an upload. Default 3"),
});

const notify = z.strictObject({
  webhook: textThat(checkHook)
    .optional()
    .describe("URL that gets the report as JSON by POST; empty: none"),
  email: z
    .strictObject({
      to: textThat(checkEmail).describe("Addresses, with commas"),
      from: textThat(checkEmail).optional().describe("Sender. Default: the first of `to`"),
      smtp: textThat(checkSmtp).describe("smtp://USER:PASSWORD@HOST:PORT; empty: no mail"),
    })
    .optional()
    .describe("Mail at the end of a run"),
});

/** The whole file. */
export const pipelineSchema = z.strictObject({
  pipeline: textThat(checkName).describe("Name of the pipeline; run ids start with it"),
  schedule: textThat(checkSchedule)
    .optional()
    .describe("@hourly, @daily, @weekly, @monthly, @yearly or five cron fields; absent: manual"),
  lake: textThat(checkPlainStorageUrl)
    .optional()
    .describe(
      "Where everything is written: file:FOLDER or s3://BUCKET/PREFIX. Default file:./lake",
    ),
  sources: z.array(sourceSchema).min(1).describe("What is read"),
  tables: z
    .record(textThat(checkTableName), table.describe("One table"))
    .optional()
    .describe("Settings of tables that sources write"),
  etl: z
    .strictObject({ models: textThat(checkFolder).describe("Folder of *.sql models") })
    .optional()
    .describe("SQL models over the tables"),
  waitFor: z.array(sensor).optional().describe("The run pauses until all of these are there"),
  upload: upload.optional().describe("Copy of the finished tables"),
  retries: retries.optional().describe("Retries by phase"),
  retention: z
    .strictObject({
      raw: duration.optional().describe("Age at which raw files go"),
      parts: duration.optional().describe("Age at which Parquet parts go"),
      glacierAfter: duration.optional().describe("Age at which objects move to Glacier"),
    })
    .optional()
    .describe("How long data is kept (not used in this version)"),
  notify: notify.optional().describe("Who hears of the end of a run"),
});

/** The file as written, once it is valid: variables filled in, no defaults. */
export type PipelineFile = z.infer<typeof pipelineSchema>;
