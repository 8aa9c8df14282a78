// The coordinator: one run from its targets to its verdict. It keeps a view of the run (run-view.ts) and, whenever something
// changed or half a second has passed, does all that the view allows: cut batches, announce tasks, scale roles. Every step
// can be done again without harm, so a coordinator that dies is followed by one that starts at the top.

import { planUploads } from "../catalog/plan-uploads.ts";
import { readReceipts } from "../catalog/run-manifest.ts";
import type { OrderedModel } from "../etl/order-models.ts";
import { readyModels } from "../etl/plan-models.ts";
import type { Fetcher } from "../fetch/fetch-page.ts";
import { adoptLostSegments } from "../frontier/adopt-segments.ts";
import type { ActiveRun } from "../model/active-run.ts";
import type { FrontierLink } from "../model/link.ts";
import { type Pipeline, type Source, tablesOf } from "../model/pipeline.ts";
import type { RunReport, RunState } from "../model/run.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { breachesOf, type CheckOutcome } from "../model/table-check.ts";
import type {
  MergeTask,
  ModelTask,
  ProcessTask,
  Task,
  TaskReceipt,
  UploadTask,
} from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import { transformOf } from "../process/cut-batches.ts";
import type { Headers, Queue } from "../queue/queue.ts";
import { type Limits, wantedReplicas } from "../scale/wanted-replicas.ts";
import { pause } from "../std/pause.ts";
import type { Log } from "../telemetry/log.ts";
import { openAnnouncer } from "./announce-tasks.ts";
import { catalogToNotice } from "./catalog-to-notice.ts";
import { followRun } from "./follow-run.ts";
import { publishRun } from "./publish-run.ts";
import { rawToBatches } from "./raw-to-batches.ts";
import {
  keyedTables,
  type MergePlanner,
  type Merges,
  mergesOf,
  openMergePlanner,
} from "./run-merges.ts";
import { type RunReceipts, refreshGaps, runReport, stateOfRejects } from "./run-report.ts";
import { RunView } from "./run-view.ts";
import { tableInput, tableResults } from "./table-results.ts";
import { type TargetDeps, targetsToShards } from "./targets-to-shards.ts";
import type { TableResult } from "./uploads-to-catalog.ts";

export type CoordinatorDeps = Pick<TargetDeps, "listDrops" | "quietDrop" | "splitDrop"> & {
  run: ActiveRun;
  pipeline: Pipeline;
  /** The pipeline's sources that this run is about (`--only`). */
  sources: readonly Source[];
  models: readonly OrderedModel[];
  queue: Queue;
  lake: Objects;
  /** Published snapshots as of now, by table. */
  readSnapshots: () => Promise<ReadonlyMap<string, Snapshot>>;
  openTarget: (url: string) => Promise<Objects>;
  /** Quality checks of tables as they are about to be published. */
  checkTables: (results: TableResult[], receipts: TaskReceipt[]) => Promise<CheckOutcome[]>;
  replays: readonly FrontierLink[];
  replayedTasks: readonly string[];
  /** Trace contexts: of a source's chain, and of this run's span. */
  traceOf: (source: string) => Headers;
  setReplicas: (wanted: Limits) => Promise<void>;
  limits: Limits;
  shards: number;
  /** A folder on the coordinator's own disk. */
  scratch: string;
  batchBytes: number;
  batchMs: number;
  fetcher: Fetcher;
  startedMs: number;
  onProgress: (report: RunReport) => void;
  log: Log;
};

const roundMs = 500;

/** Runs until the verdict, or until `signal` is aborted (then null: the run goes on another time). Throws LostLease. */
export async function coordinate(
  deps: CoordinatorDeps,
  signal: AbortSignal,
): Promise<RunReport | null> {
  const stop = new AbortController();
  const session = new Session(deps, AbortSignal.any([signal, stop.signal]));
  try {
    await session.restore();
    const batches = await targetsToShards(deps).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (batches === undefined) return null;
    for (const batch of batches) session.view.addBatch(batch);
    session.watch();
    while (!signal.aborted) {
      if ((await session.round()) && !(await session.isOutrun())) {
        const report = await session.verdict(signal);
        // Told to stop meanwhile, it may not have sent its notices.
        if (signal.aborted) return null;
        if (report !== null) return report;
      }
      await session.news();
    }
    return null;
  } finally {
    stop.abort();
    await session.ended();
  }
}

class Session {
  readonly view = new RunView();
  readonly #deps: CoordinatorDeps;
  readonly #signal: AbortSignal;
  /** Tasks that came to nothing before this session: models and uploads are tried again. */
  readonly #spent = new Set<string>();
  readonly #announce: ReturnType<typeof openAnnouncer>;
  readonly #planMerges: MergePlanner;
  #following = Promise.resolve();
  #wake: () => void = () => undefined;
  #failure: unknown = null;
  #crawlComplete = false;
  #shards = { done: 0, shards: 0, pending: 0 };
  #process: ProcessTask[] = [];
  #merges: MergeTask[] = [];
  #models: ModelTask[] = [];
  #uploads: UploadTask[] = [];
  #uploadsPlanned = false;
  /** What models were planned on. */
  #snapshots: ReadonlyMap<string, Snapshot> = new Map();
  #published = 0;
  #checks: CheckOutcome[] = [];

  constructor(deps: CoordinatorDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#announce = openAnnouncer(deps);
    this.#planMerges = openMergePlanner(deps);
    this.#signal = signal;
  }

  /** The view as the lake has it. */
  async restore(): Promise<void> {
    const { lake, run, replayedTasks, replays } = this.#deps;
    this.#snapshots = await this.#deps.readSnapshots();
    // A dead letter that is tried again is none any more; if it fails again it is a new one.
    for (const link of replays) this.view.totalsOf(link.source).dead -= 1;
    for await (const { receipt } of readReceipts(lake, run.token, "batch"))
      this.view.addBatch(receipt as ProcessTask);
    for (const stage of ["process", "etl", "upload"] as const) {
      for await (const { receipt: data } of readReceipts(lake, run.token, stage)) {
        const receipt = data as TaskReceipt;
        this.view.addReceipt(receipt);
        if (
          receipt.state === "dead" &&
          (stage !== "process" || replayedTasks.includes(receipt.task))
        )
          this.#spent.add(receipt.task);
      }
    }
  }

  /** Follows the run's logs. */
  watch(): void {
    this.#following = followRun(this.#deps, this.view, () => this.#wake(), this.#signal).catch(
      (error: unknown) => {
        this.#failure = error;
        this.#wake();
      },
    );
  }

  /** Resolves at the next change, or after half a second. */
  async news(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([woken, pause(roundMs, this.#signal)]);
    // Changes come in bursts: take the burst as one.
    await pause(20, this.#signal);
  }

  async ended(): Promise<void> {
    await this.#following;
  }

  /** Does all that can be done now. Gives true when nothing is left to do. */
  async round(): Promise<boolean> {
    if (this.#failure !== null) throw new Error("follow the run's logs", { cause: this.#failure });
    const { deps, view } = { deps: this.#deps, view: this.view };
    // 1. Is the crawl complete? Shards' records are read before the log's ends: see RunView.crawlProgress.
    await this.#lookAtCrawl();
    // 2. Cut batches.
    const kindOf = (name: string) =>
      deps.sources.find((source) => source.name === name)?.kind ?? "web";
    await rawToBatches(
      { ...deps, kindOf, transformOf: (name) => this.#transformOf(name) },
      view,
      this.#crawlComplete,
      Date.now(),
    );
    // 3. Announce process tasks, then merges and models of the tables that are complete, then uploads.
    this.#process = [...view.batches.values()].map((task) => ({
      ...task,
      task: this.#unspent(task.task),
    }));
    this.#merges = this.#planMerges(
      (table) => this.#isWritten(table),
      this.#receipts().process,
      this.#snapshots,
      (task) => this.#unspent(task),
    );
    this.#models = readyModels(
      deps.models,
      (table) => this.#inputOf(table),
      (task) => this.#outputOf(task),
      (task) => this.#unspent(task),
    );
    this.#planUploads();
    const isOpen = (task: Task) => view.receipt(task.stage, task.task) === null;
    const runTrace = () => deps.run.trace;
    const open = {
      process: await this.#announce(this.#process, isOpen, (task) => task.trace),
      etl: await this.#announce([...this.#merges, ...this.#models], isOpen, runTrace),
      upload: await this.#announce(this.#uploads, isOpen, runTrace),
    };
    // 4. Scale, and tell.
    await deps.setReplicas(
      wantedReplicas({ crawlShards: this.#crawlComplete ? 0 : 1, open }, deps.limits),
    );
    deps.onProgress(this.#report("running", []));
    const isBlocked = this.#receipts().etl.some((receipt) => receipt.state === "dead");
    const isLeft = open.process + open.etl + open.upload > 0;
    return this.#crawlComplete && !isLeft && (isBlocked || this.#uploadsPlanned);
  }

  /**
   * Whether another run has published a table that this one's models read, or that it merged its own rows into: they then
   * run again, on what is there now. Without this the later of two runs side by side would leave the other's rows out.
   */
  async isOutrun(): Promise<boolean> {
    const read = new Set(this.#deps.models.flatMap(({ reads }) => reads));
    for (const table of keyedTables(this.#deps).keys()) read.add(table);
    if (read.size === 0) return false;
    const before = this.#snapshots;
    this.#snapshots = await this.#deps.readSnapshots();
    const isNew = (table: string) =>
      this.#snapshots.get(table)?.version !== before.get(table)?.version;
    if (![...read].some(isNew)) return false;
    this.#uploadsPlanned = false;
    return true;
  }

  /** Publishes, unless the run failed; sends the notices; gives the report, or null when there is more to do first. */
  async verdict(signal: AbortSignal): Promise<RunReport | null> {
    const deps = this.#deps;
    const receipts = this.#receipts();
    const errors = [...receipts.etl, ...receipts.upload]
      .filter((receipt) => receipt.state === "dead")
      .map((receipt) => `${receipt.stage} ${receipt.name}: ${receipt.error}`)
      .concat(refreshGaps(deps.run, this.view, receipts.process));
    const results = tableResults(deps, receipts, this.#snapshots, this.#merged());
    this.#checks = errors.length > 0 ? [] : await deps.checkTables(results, receipts.process);
    errors.push(...breachesOf(this.#checks));
    if (errors.length === 0) {
      if (!(await publishRun(deps, results, this.#uploads, this.view, signal))) return null;
      this.#published = results.length;
    }
    const state = errors.length > 0 ? "failed" : stateOfRejects(this.view, receipts.process);
    const report = this.#report(state, errors);
    const { notify } = deps.pipeline;
    await catalogToNotice(notify, report, deps.run.token, deps.fetcher, deps.log, signal);
    return report;
  }

  async #lookAtCrawl(): Promise<void> {
    if (this.#crawlComplete) return;
    const { sources, queue, run } = this.#deps;
    const crawled = sources.some((source) => source.kind !== "files");
    if (crawled) {
      const records = this.view.shardRecords();
      const lastLinks = await queue.lastLinks(run.token);
      this.#shards = this.view.crawlProgress(lastLinks, records);
      if (lastLinks.size === 0 || this.#shards.done < lastLinks.size) return;
      // The lake has the last word: a segment it has and the queue lost is adopted, and what it found is crawled.
      const { lake } = this.#deps;
      const lost = { folder: { lake, token: run.token, date: run.date }, queue, trace: run.trace };
      const known = (name: string) => this.view.hasSegment(name);
      const adopted = await adoptLostSegments(
        lost,
        [...lastLinks.keys()],
        known,
        this.view.batchedFiles,
      );
      for (const record of adopted.records) this.view.addSegment(record, run.trace, Date.now());
      if (adopted.links > 0) return;
    }
    this.#crawlComplete = true;
  }

  /** The name a task goes by now: one that is tried again after it came to nothing gets a new one. */
  #unspent(task: string): string {
    let name = task;
    for (let again = 2; this.#spent.has(name); again += 1) name = `${task}-r${again}`;
    return name;
  }

  #transformOf(name: string): string {
    const { sources, run, pipeline } = this.#deps;
    const source = sources.find((each) => each.name === name);
    return source === undefined ? "" : transformOf(run.run, source, pipeline.tables);
  }

  #planUploads(): void {
    if (this.#uploadsPlanned || !this.#crawlComplete) return;
    const receipts = this.#receipts();
    const { process, etl } = receipts;
    if (process.length < this.#process.length) return;
    if (this.#models.length < this.#deps.models.length) return;
    if (etl.length < this.#merges.length + this.#models.length) return;
    if (etl.some((receipt) => receipt.state !== "done")) return;
    const { upload } = this.#deps.pipeline;
    if (upload !== null) {
      const files = tableResults(this.#deps, receipts, this.#snapshots, this.#merged())
        .filter(({ kind }) => kind !== "quarantine")
        .flatMap((result) => result.files);
      const tasks = planUploads(files, upload.to, upload.simulate || this.#deps.run.simulate);
      this.#uploads = tasks.map((task) => ({ ...task, task: this.#unspent(task.task) }));
    }
    this.#uploadsPlanned = true;
  }

  /** Receipts of the tasks as planned now. */
  #receipts(): RunReceipts {
    const of = (tasks: readonly Task[]) =>
      tasks.flatMap((task) => this.view.receipt(task.stage, task.task) ?? []);
    const etl = of([...this.#merges, ...this.#models]);
    return { process: of(this.#process), etl, upload: of(this.#uploads) };
  }

  /** A source's or the lake's table as models of this run see it, null while it is not complete. */
  #inputOf(table: string): ReturnType<typeof tableInput> | null {
    if (!this.#isWritten(table)) return null;
    const merge = this.#merged().get(table);
    if (merge?.output === null) return null;
    const published = this.#snapshots.get(table) ?? null;
    return tableInput(table, this.#receipts().process, published, this.#deps, merge?.output);
  }

  #outputOf(task: ModelTask): ReturnType<typeof tableInput> | null {
    const receipt = this.view.receipt("etl", task.task);
    return receipt?.state === "done" ? tableInput(task.model, [receipt], null, this.#deps) : null;
  }

  #merged(): Merges {
    return mergesOf(this.#deps, this.#merges, ({ task }) => this.view.receipt("etl", task));
  }

  /** Whether all of the run's rows of a table are in files. */
  #isWritten(table: string): boolean {
    const writers = this.#deps.sources.filter((source) => tablesOf(source).includes(table));
    return writers.every((source) => this.#isComplete(source));
  }

  #isComplete(source: Source): boolean {
    if (source.kind !== "files" && !this.#crawlComplete) return false;
    if ((this.view.looseFiles.get(source.name)?.length ?? 0) > 0) return false;
    const tasks = this.#process.filter((task) => task.source === source.name);
    return tasks.every((task) => this.view.receipt("process", task.task) !== null);
  }

  #report(state: RunState, errors: string[]): RunReport {
    const { run, pipeline, sources, models, startedMs } = this.#deps;
    const { notify } = pipeline;
    const planned = {
      sources: sources.map((source) => source.name),
      shards: this.#shards.shards,
      shardsDone: this.#shards.done,
      models: this.#merges.length + models.length,
      uploads: this.#uploads.length,
      published: this.#published,
      tables: this.#published,
      notices: Number(notify.webhook !== null) + Number(Boolean(notify.email?.smtp)),
      noticed: 0,
    };
    return runReport(
      run,
      pipeline.name,
      state,
      (Date.now() - startedMs) / 1000,
      this.view,
      this.#receipts(),
      planned,
      this.#merged(),
      errors,
      this.#checks,
    );
  }
}
