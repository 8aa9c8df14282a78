// A valid pipeline file -> the pipeline that the rest of onpoint works with: defaults filled in, durations in milliseconds,
// relative paths absolute.
import { dirname } from "node:path";
import {
  type Notify,
  type PartitionColumn,
  type Pipeline,
  type Sensor,
  type Source,
  type TableConfig,
  tablesOf,
} from "../model/pipeline.ts";
import { toCheck } from "./checks-schema.ts";
import { sourceTables } from "./cross-checks.ts";
import { durationMs } from "./duration.ts";
import { absoluteGlob, absoluteUrl, localPath } from "./file-url.ts";
import type { PipelineFile } from "./pipeline-schema.ts";
import { toSource } from "./to-source.ts";

const standardRetries = { crawl: 2, process: 1, etl: 0, upload: 3 };

/** `content` must have passed all checks; `file` is its absolute path. */
export function toPipeline(content: PipelineFile, file: string, warnings: string[]): Pipeline {
  const folder = dirname(file);
  const { upload, retries } = content;
  const sources: Source[] = content.sources.map((source) => toSource(source, folder));
  return {
    name: content.pipeline,
    file,
    schedule: content.schedule ?? null,
    lake: absoluteUrl(content.lake ?? "file:./lake", folder),
    sources,
    tables: Object.fromEntries(
      sourceTables(content).map((table) => [
        table,
        toTable(table, content.tables?.[table], sources),
      ]),
    ),
    models: content.etl ? localPath(content.etl.models, folder) : null,
    waitFor: (content.waitFor ?? []).map((sensor) => toSensor(sensor, folder)),
    upload: upload
      ? { to: absoluteUrl(upload.to, folder), simulate: upload.simulate ?? false }
      : null,
    retries: {
      crawl: retries?.crawl ?? standardRetries.crawl,
      process: retries?.process ?? standardRetries.process,
      etl: retries?.etl ?? standardRetries.etl,
      upload: retries?.upload ?? standardRetries.upload,
    },
    notify: toNotify(content.notify),
    warnings,
  };
}

function toTable(
  name: string,
  table: NonNullable<PipelineFile["tables"]>[string] | undefined,
  sources: readonly Source[],
): TableConfig {
  const partitionBy = (table?.partitionBy ?? ["dt"]).flatMap((item): PartitionColumn[] =>
    typeof item === "string"
      ? [{ name: item, expression: null }]
      : Object.entries(item).map(([name, expression]) => ({ name, expression })),
  );
  return {
    partitionBy,
    sortBy: table?.sortBy ?? [],
    key: table?.key ? { columns: table.key, newest: newestOf(name, sources) } : null,
    contract: table?.contract ?? "evolve",
    conflict: table?.conflict ?? "text",
    compatibility: table?.compatibility ?? "none",
    checks: (table?.checks ?? []).map(toCheck),
    ...toColumns(table?.columns ?? {}),
  };
}

function toColumns(
  columns: NonNullable<NonNullable<PipelineFile["tables"]>[string]["columns"]>,
): Pick<TableConfig, "columns" | "aliases"> {
  const entries = Object.entries(columns).map(
    ([name, column]) =>
      [name, typeof column === "string" ? { type: column, aliases: [] } : column] as const,
  );
  return {
    columns: Object.fromEntries(entries.map(([name, { type }]) => [name, type])),
    aliases: Object.fromEntries(
      entries.flatMap(([name, { aliases = [] }]) => aliases.map((alias) => [alias, name])),
    ),
  };
}

/** The column by which all sources of the table are incremental. */
function newestOf(table: string, sources: readonly Source[]): string | null {
  const fields = sources
    .filter((source) => tablesOf(source).includes(table))
    .map((source) => (source.kind === "api" ? (source.incremental?.field ?? null) : null));
  const [first = null] = fields;
  return fields.every((field) => field === first) ? first : null;
}

function toSensor(sensor: NonNullable<PipelineFile["waitFor"]>[number], folder: string): Sensor {
  const { url, s3, file = "" } = sensor;
  const written = url ?? s3 ?? (file.startsWith("file:") ? file : `file:${encodeURI(file)}`);
  return { url: absoluteGlob(written, folder), timeoutMs: durationMs(sensor.timeout ?? "1h") ?? 0 };
}

function toNotify(notify: PipelineFile["notify"]): Notify {
  const { webhook, email } = notify ?? {};
  const firstAddress = email?.to.split(",")[0]?.trim() ?? "";
  return {
    webhook: webhook || null,
    email: email?.smtp
      ? { to: email.to, from: email.from ?? firstAddress, smtp: email.smtp }
      : null,
  };
}
