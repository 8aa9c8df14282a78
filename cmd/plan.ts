// `onpoint plan PIPELINE`: what a run would do, without doing it. Nothing is fetched, written or asked of S3.
import { shardOf } from "../internal/frontier/shard.ts";
import type { ApiSource, FilesSource, Pipeline, Source } from "../internal/model/pipeline.ts";
import { isRunId } from "../internal/model/run.ts";
import { maskedPipeline } from "../internal/pipeline/masked-pipeline.ts";
import { problemsError } from "../internal/pipeline/problems.ts";
import { listDrops } from "../internal/process/list-drops.ts";
import { UsageError } from "../internal/std/errors.ts";
import type { CommandResult } from "./command-result.ts";
import { type FilesPlan, planText, type RunPlan, type SourcePlan } from "./plan-text.ts";
import { type ReadOptions, tryPipeline } from "./read-pipeline.ts";

export type PlanOptions = ReadOptions & {
  /** YYYY-MM-DD, in UTC. */
  date: string;
  runId: string | null;
  /** Frontier shards of the installation. */
  shards: number;
  /** Models in the order in which they would run, with the tables they read; null: the order is not shown. */
  orderModels: ((pipeline: Pipeline) => Promise<{ name: string; reads: string[] }[]>) | null;
};

/** Exit code 2 when a run would stop at once: a file without a glob that is not there. Throws UsageError. */
export async function planCommand(path: string, options: PlanOptions): Promise<CommandResult> {
  const { file, pipeline, problems, masks } = await tryPipeline(path, options);
  if (!pipeline) throw problemsError(file, problems);
  const run = options.runId ?? `${pipeline.name}-${options.date}`;
  if (!isRunId(run)) {
    throw new UsageError(`"${run}" cannot be a run id`, "run", "Use letters, digits, _ and -");
  }
  const shown = maskedPipeline(pipeline, masks);
  const sources: SourcePlan[] = [];
  for (const [i, source] of pipeline.sources.entries()) {
    const printable = shown.sources[i];
    if (printable) sources.push(await planSource(source, printable, options.shards));
  }
  const plan: RunPlan = {
    run,
    date: options.date,
    pipeline: shown,
    sources,
    models: options.orderModels ? await options.orderModels(pipeline) : null,
  };
  const isReady = sources.every(({ files }) => files.every(({ missing }) => !missing));
  return { text: planText(plan), json: plan, exitCode: isReady ? 0 : 2 };
}

/** `shown` is the same source for printing: addresses come from it, shards and sizes from `source`. */
async function planSource(source: Source, shown: Source, shards: number): Promise<SourcePlan> {
  const { name, kind } = source;
  if (source.kind === "files" && shown.kind === "files") {
    const files = await Promise.all(
      source.urls.map((url, i) => planFiles(url, shown.urls[i] ?? "***")),
    );
    return { name, kind, first: [], shards: [], tables: tablesOf(source), files };
  }
  const urls = source.kind === "api" ? [source.url] : source.kind === "web" ? source.seeds : [];
  const first =
    shown.kind === "api"
      ? [`${firstUrl(shown)}${eachText(shown)}`]
      : shown.kind === "web"
        ? shown.seeds
        : [];
  const owners = new Set(urls.map((url) => shardOf(url, shards)));
  const numbers = [...owners].sort((a, b) => a - b);
  return { name, kind, first, shards: numbers, tables: tablesOf(source), files: [] };
}

function tablesOf(source: Source): string[] {
  if (source.kind !== "web") return [source.table];
  const pages = source.pages === null ? [] : [source.pages];
  return [...new Set([...pages, ...source.extract.map(({ table }) => table)])];
}

function eachText({ each }: ApiSource): string {
  return each === null ? "" : ` for each record of ${each.from}`;
}

/** The first URL as text: placeholders of variables would not survive a URL parser. */
function firstUrl({ url, params, pagination, auth }: ApiSource): string {
  const pairs = Object.entries(params);
  if (pagination.kind === "page") {
    pairs.push([pagination.param, String(pagination.start)]);
    const { size, sizeParam } = pagination;
    if (size !== null && sizeParam !== null) pairs.push([sizeParam, String(size)]);
  }
  if (pagination.kind === "offset") {
    pairs.push([pagination.param, "0"], [pagination.limitParam, String(pagination.limit)]);
  }
  if (auth?.kind === "query") pairs.push([auth.name, auth.value]);
  if (pairs.length === 0) return url;
  const query = pairs.map(([name, value]) => `${name}=${value}`).join("&");
  return `${url}${url.includes("?") ? "&" : "?"}${query}`;
}

async function planFiles(url: FilesSource["urls"][number], shown: string): Promise<FilesPlan> {
  if (!url.startsWith("file:")) {
    return { url: shown, files: null, sizeBytes: null, missing: false };
  }
  let files = 0;
  let sizeBytes = 0;
  try {
    for await (const drop of listDrops(url, refuseBucket)) {
      files += 1;
      sizeBytes += drop.sizeBytes;
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { url: shown, files: 0, sizeBytes: 0, missing: true };
  }
  return { url: shown, files, sizeBytes, missing: false };
}

function refuseBucket(url: string): never {
  throw new Error(`plan "${url}": buckets are not listed`);
}
