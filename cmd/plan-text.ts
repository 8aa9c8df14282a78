// A plan for people.
import type { Pipeline, Sensor, Source } from "../internal/model/pipeline.ts";

/** One URL of a files source; counts are null where nothing was listed (S3), `missing` when a run would stop there. */
export type FilesPlan = {
  url: string;
  files: number | null;
  sizeBytes: number | null;
  missing: boolean;
};

export type SourcePlan = {
  name: string;
  kind: Source["kind"];
  /** First URLs, secrets masked. */
  first: string[];
  /** Frontier shards that own them. */
  shards: number[];
  tables: string[];
  files: FilesPlan[];
};

/** `pipeline`: secrets masked. `models`: in the order they would run, or null when that is not known. */
export type RunPlan = {
  run: string;
  date: string;
  pipeline: Pipeline;
  sources: SourcePlan[];
  models: { name: string; reads: string[] }[] | null;
};

/** One line a fact, `label  value`. */
export function planText(plan: RunPlan): string {
  const { pipeline } = plan;
  const { upload, notify } = pipeline;
  const mail = notify.email ? `mail to ${notify.email.to}` : "";
  const notices = [notify.webhook ?? "", mail].filter((text) => text !== "");
  const lines: string[] = [
    ...pipeline.warnings.map((text) => `warning: ${text}`),
    row("run", plan.run),
    row("pipeline", `${pipeline.name} (${pipeline.file})`),
    row("schedule", pipeline.schedule ?? "manual"),
    row("lake", pipeline.lake),
    ...pipeline.waitFor.map((sensor) => row("wait for", sensorText(sensor))),
    ...plan.sources.flatMap(sourceLines),
    ...Object.entries(pipeline.tables).map(([table, { partitionBy }]) => {
      const columns = partitionBy.map(({ name, expression }) =>
        expression === null ? name : `${name} = ${expression}`,
      );
      return row("table", `${table}, partitioned by ${columns.join(", ") || "nothing"}`);
    }),
    ...modelLines(plan),
    row("upload", upload ? `${upload.to}${upload.simulate ? " (simulated)" : ""}` : "none"),
    row("notice", notices.join(", ") || "none"),
  ];
  return lines.join("\n");
}

function row(label: string, text: string): string {
  return `${label.padEnd(10)}${text}`;
}

function sensorText({ url, timeoutMs }: Sensor): string {
  return `${url} (at most ${Math.round(timeoutMs / 1000)} s)`;
}

function sourceLines({ name, kind, first, shards, tables, files }: SourcePlan): string[] {
  const into = tables.length > 0 ? `-> ${tables.join(", ")}` : "-> raw files only";
  const where = shards.length > 0 ? `, shard ${shards.join(", ")}` : "";
  return [
    row("source", `${name} (${kind}) ${into}${where}`),
    ...first.map((url) => row("", url)),
    ...files.map((each) => row("", `${each.url}: ${filesText(each)}`)),
  ];
}

function filesText({ files, sizeBytes, missing }: FilesPlan): string {
  if (missing) return "there is no such file: correct the path, or write a glob if it comes later";
  if (files === null) return "not listed";
  return `${files} file${files === 1 ? "" : "s"}, ${sizeBytes ?? 0} bytes`;
}

function modelLines({ models, pipeline }: RunPlan): string[] {
  if (pipeline.models === null) return [];
  if (models === null) return [row("models", pipeline.models)];
  return models.map(({ name, reads }) => row("model", `${name} <- ${reads.join(", ")}`));
}
