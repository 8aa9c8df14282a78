// Stage targets: the pipeline's sources in, seeds on the frontier log and batches of dropped files out. Run by the coordinator
// at every start: appending a seed again changes nothing (its shard's owner has seen it), and the batches of a files source
// are cut once, by a receipt.
import { packBatches, packLinks } from "../frontier/link-batch.ts";
import { shardOf } from "../frontier/shard.ts";
import type { ActiveRun } from "../model/active-run.ts";
import { receiptPath } from "../model/lake-paths.ts";
import type { FrontierLink } from "../model/link.ts";
import type { FilesSource, Pipeline, Source, WebSource } from "../model/pipeline.ts";
import type { ProcessTask, TaskInput } from "../model/task.ts";
import { type Objects, PreconditionFailed } from "../objects/objects.ts";
import { firstRequest } from "../paging/api-request.ts";
import { cutBatches, transformOf } from "../process/cut-batches.ts";
import type { Headers, Queue } from "../queue/queue.ts";
import { pinHighWater, type ReadFrom } from "../recrawl/high-water.ts";
import { pinState } from "../recrawl/seen-state.ts";
import { UsageError } from "../std/errors.ts";
import { urlRules } from "../url/url-rules.ts";

export type TargetDeps = {
  run: ActiveRun;
  pipeline: Pick<Pipeline, "tables">;
  sources: readonly Source[];
  lake: Objects;
  queue: Queue;
  shards: number;
  batchBytes: number;
  /** Files that a drop's URL matches, sorted by URL, with what identifies their content. */
  listDrops: (url: string) => AsyncIterable<TaskInput>;
  /** The drop when nobody writes it any more; null when it is left to a later run, because somebody still does. */
  quietDrop: (input: TaskInput, source: FilesSource) => Promise<TaskInput | null>;
  /** The parts that a drop is taken in: itself, if it is not large. */
  splitDrop: (input: TaskInput, source: FilesSource) => Promise<TaskInput[]>;
  /** Links to fetch again, from `onpoint dead replay`. */
  replays: readonly FrontierLink[];
  /** The trace context under which a source's chain of tasks goes on. */
  traceOf: (source: string) => Headers;
};

/** Puts the seeds on the log and gives the batches of all files sources. */
export async function targetsToShards(deps: TargetDeps): Promise<ProcessTask[]> {
  // 1. What is known of web sources: a shard's owner must find it said, and a shard that has only known pages needs an owner.
  for (const source of deps.sources) {
    if (source.kind === "web") await announceKnown(deps, source);
  }
  // 2. Seeds, by source: the batch's headers begin the source's trace.
  for (const source of deps.sources) {
    if (source.kind === "files") continue;
    const from =
      source.kind === "api" && source.incremental !== null
        ? await pinHighWater(deps.lake, deps.run, source.name, source.incremental)
        : undefined;
    const links = [
      ...seedsOf(source, from),
      ...deps.replays.filter((link) => link.source === source.name),
    ];
    await appendByShard(deps, links, deps.traceOf(source.name));
  }
  // 3. Files, by source: the first cut is the one that counts.
  const batches: ProcessTask[] = [];
  for (const source of deps.sources) {
    if (source.kind === "files") batches.push(...(await cutOnce(deps, source)));
  }
  return batches;
}

/** The links that a crawled source starts from; `from`: what an incremental one is read from. */
export function seedsOf(source: Exclude<Source, FilesSource>, from?: ReadFrom): FrontierLink[] {
  if (source.kind === "api") {
    if (source.each !== null) return [];
    const first = firstRequest(source, source.url, from);
    return [{ ...first, source: source.name, kind: "api", depth: 0, priority: 0, page: 0 }];
  }
  const { exact } = urlRules(source.canonical);
  return source.seeds.map((seed) => {
    const url = exact(seed) ?? seed;
    return { url, source: source.name, kind: "page", depth: 0, priority: 0 };
  });
}

/** Fixes what the run starts from, and puts an empty batch on the log of every shard with pages of earlier runs. */
async function announceKnown(deps: TargetDeps, source: WebSource): Promise<void> {
  const { run, lake, queue, shards, traceOf } = deps;
  const { state } = await pinState(lake, run, source, shards);
  for (const { shard } of state?.files ?? [])
    await queue.appendLinks(run.token, shard, await packLinks([]), traceOf(source.name));
}

async function appendByShard(
  { run, queue, shards }: TargetDeps,
  links: FrontierLink[],
  trace: Headers,
): Promise<void> {
  const byShard = Map.groupBy(links, (link) => shardOf(link.url, shards));
  for (const [shard, own] of byShard) {
    for (const batch of await packBatches(own))
      await queue.appendLinks(run.token, shard, batch, trace);
  }
}

/** Files of all URLs of a source, each once. Throws UsageError, with the source's place in the pipeline file. */
async function listInputs(deps: TargetDeps, source: FilesSource): Promise<TaskInput[]> {
  const seen = new Set<string>();
  const inputs: TaskInput[] = [];
  try {
    for (const url of source.urls) {
      for await (const input of deps.listDrops(url)) {
        if (seen.has(input.path)) continue;
        seen.add(input.path);
        const quiet = await deps.quietDrop(input, source);
        if (quiet !== null) inputs.push(...(await deps.splitDrop(quiet, source)));
      }
    }
  } catch (error) {
    throw error instanceof UsageError ? placed(error, deps.run, source.name) : error;
  }
  return inputs;
}

function placed(cause: UsageError, { file, text }: ActiveRun, source: string): UsageError {
  const line = text.split("\n").findIndex((each) => isNameLine(each, source)) + 1;
  const where = line > 0 ? `${file}:${line}` : file;
  return new UsageError(`source "${source}": ${cause.what}: ${cause.where}`, where, cause.fix, {
    cause,
  });
}

/** Whether a line of YAML has `name: <source>`, in block or flow style. */
function isNameLine(line: string, source: string): boolean {
  const name = /\bname:\s*["']?([^"',}\s]+)/.exec(line)?.[1];
  return name === source;
}

async function cutOnce(deps: TargetDeps, source: FilesSource): Promise<ProcessTask[]> {
  const path = receiptPath(deps.run.token, "targets", source.name);
  if ((await deps.lake.head(path)) === null) {
    const inputs = await listInputs(deps, source);
    const batches = cutBatches(
      source.name,
      "files",
      inputs,
      deps.batchBytes,
      transformOf(deps.run.run, source, deps.pipeline.tables),
      deps.traceOf(source.name),
    );
    await deps.lake
      .put(path, JSON.stringify({ batches }), { ifAbsent: true })
      .catch((error: unknown) => {
        if (!(error instanceof PreconditionFailed)) throw error;
      });
  }
  const { body } = await deps.lake.get(path);
  return (JSON.parse(body.toString("utf8")) as { batches: ProcessTask[] }).batches;
}
