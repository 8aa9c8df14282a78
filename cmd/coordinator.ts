// `onpoint coordinator`: the entry point of a run's coordinator, as a child of `onpoint run` or as a Job.
import { endRun, openRun } from "../internal/catalog/open-run.ts";
import { finishQuarantineReplays } from "../internal/catalog/quarantine-replays.ts";
import { readReplays } from "../internal/catalog/replays.ts";
import { saveTableSettings } from "../internal/catalog/table-settings-file.ts";
import { keepModels } from "../internal/etl/kept-models.ts";
import { openFetcher } from "../internal/fetch/fetch-page.ts";
import { awaitSensors } from "../internal/flow/await-sensors.ts";
import { checkTables } from "../internal/flow/check-tables.ts";
import { coordinate } from "../internal/flow/coordinate.ts";
import { removeSnapshots } from "../internal/frontier/shard-snapshots.ts";
import { type ActiveRun, activeRunKey, coordinatorLease } from "../internal/model/active-run.ts";
import { progressPath } from "../internal/model/lake-paths.ts";
import { type RunReport, runToken } from "../internal/model/run.ts";
import { chosenSources } from "../internal/pipeline/chosen-sources.ts";
import { exitCodeOf, exitCodes, explain, jobExitCodeOf } from "../internal/pod/exit-code.ts";
import { parentLink } from "../internal/pod/parent-link.ts";
import { listDrops } from "../internal/process/list-drops.ts";
import { quietDrop } from "../internal/process/quiet-drop.ts";
import { splitDrop } from "../internal/process/split-drop.ts";
import type { Headers, Queue } from "../internal/queue/queue.ts";
import { Fatal, LostLease } from "../internal/std/errors.ts";
import { pause } from "../internal/std/pause.ts";
import { injectHeaders, inSpan } from "../internal/telemetry/trace.ts";
import { loadModels, loadSnapshots } from "./load-models.ts";
import { type Pod, withPod } from "./open-pod.ts";
import { type PreparedRun, prepareRun, type RunOptions } from "./prepare-run.ts";

const progressEveryMs = 5_000;

export async function coordinatorCommand(path: string, options: RunOptions): Promise<number> {
  if (parentLink(process) !== null) return coordinator(path, options);
  try {
    return await coordinator(path, options);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    return jobExitCodeOf(error);
  }
}

function coordinator(path: string, options: RunOptions): Promise<number> {
  return withPod("coordinator", async (pod) => {
    const prepared = await prepareRun(path, options, pod.settings.config, pod.settings.lake);
    const lake = await pod.openLake(prepared.lake);
    const opened = await openRun(lake, prepared.request, new Date().toISOString());
    if (opened.kind === "finished") {
      pod.log.info("run.finished-before", {
        run: opened.manifest.run,
        state: opened.manifest.state,
      });
      pod.parent?.send({ kind: "verdict", report: opened.manifest.report });
      return 0;
    }
    const token = runToken(opened.manifest.run, opened.manifest.generation);
    const lease = await holdLease(pod, token).catch((error: unknown) => {
      // Another one lives and conducts: to be started again would only be to wait again.
      const exitCode = exitCodeOf(error);
      pod.parent?.send({ kind: "fatal", text: explain(error), exitCode });
      throw error;
    });
    const signal = AbortSignal.any([pod.signal, lease.signal]);
    // The lake knows nothing of this run: what the queue still has of one by that name is of a lake that is gone.
    if (opened.kind === "started") await pod.queue.purgeRun(token);
    try {
      const report = await inSpan("run", { attributes: { "onpoint.run": token } }, () =>
        conduct(pod, prepared, opened.manifest, token, signal),
      );
      if (lease.signal.aborted) throw lease.signal.reason;
      // Told to stop, it goes on another time. A verdict of "rejects" is exit 0 here: to a Job, 3 would be a failure.
      if (report === null) return exitCodes.lostLease;
      return report.state === "failed" ? exitCodes.failed : exitCodes.done;
    } finally {
      await lease.release();
      await lake.close();
    }
  });
}

async function conduct(
  pod: Pod,
  prepared: PreparedRun,
  manifest: {
    run: string;
    date: string;
    generation: number;
    scope: string[] | null;
    simulate: boolean;
    startedAt: string;
    window?: { from: string; until: string };
    refresh?: boolean;
  },
  token: string,
  signal: AbortSignal,
): Promise<RunReport | null> {
  const { pipeline, text } = prepared;
  const { queue, settings, log } = pod;
  const trace = injectHeaders();
  const run: ActiveRun = {
    token,
    run: manifest.run,
    date: manifest.date,
    generation: manifest.generation,
    lake: prepared.lake,
    simulate: manifest.simulate,
    only: manifest.scope,
    ...(manifest.window === undefined ? {} : { window: manifest.window }),
    ...(manifest.refresh === undefined ? {} : { refresh: manifest.refresh }),
    file: pipeline.file,
    text,
    trace,
  };
  const lake = await pod.lakeOf(run);
  const ordered = await loadModels(pipeline, await loadSnapshots(lake), pod.scratch);
  if (ordered.length > 0)
    await keepModels(
      lake,
      token,
      ordered.map(({ model }) => model),
    );
  await awaitSensors(pipeline.waitFor, pod.openLake, log, signal);
  await queue.putState(activeRunKey(token), Buffer.from(JSON.stringify(run)));
  const sources = chosenSources(pipeline, run.only);
  const traces = new Map<string, Headers>();
  for (const source of sources) {
    await inSpan(
      `source ${source.kind}`,
      {
        kind: "producer",
        root: true,
        links: [trace],
        attributes: { "onpoint.source": source.name },
      },
      async () => {
        traces.set(source.name, injectHeaders());
      },
    );
  }
  await saveTableSettings(lake, sources, pipeline.tables);
  const replays = await readReplays(lake, token);
  const fetcher = openFetcher();
  let savedMs = 0;
  const conducted = coordinate(
    {
      run,
      pipeline,
      sources,
      models: run.only === null || run.only.includes("etl") ? ordered : [],
      queue,
      lake,
      readSnapshots: () => loadSnapshots(lake),
      openTarget: pod.openLake,
      checkTables: (results, receipts) =>
        checkTables(
          { lake, pipeline, sources, scratch: pod.scratch, memoryLimitMb: settings.memoryMb },
          results,
          receipts,
        ),
      listDrops: (url) => listDrops(url, pod.openLake),
      quietDrop: async (input, { name, quietMs }) => {
        const wait = async (ms: number) => {
          await pause(ms, signal);
          signal.throwIfAborted();
        };
        const found = await quietDrop(input, quietMs, { nowMs: Date.now, wait });
        if (found === null)
          log.warn("drop.left", {
            source: name,
            file: input.path,
            why: "somebody still writes it, or took it away",
          });
        return found;
      },
      splitDrop: (input, source) =>
        splitDrop(input, source, settings.batchBytes, pod.openLake, signal),
      replays: replays.flatMap((replay) => replay.links),
      replayedTasks: replays.flatMap((replay) => replay.tasks),
      traceOf: (source) => traces.get(source) ?? {},
      setReplicas: async (wanted) => pod.parent?.send({ kind: "scale", wanted }),
      limits: { crawl: settings.workers, process: settings.processWorkers, etl: 1, upload: 1 },
      shards: settings.shards,
      scratch: pod.scratch,
      batchBytes: settings.batchBytes,
      batchMs: settings.batchMs,
      fetcher,
      startedMs: Date.parse(manifest.startedAt),
      onProgress: (progress) => {
        pod.parent?.send({ kind: "progress", report: progress });
        if (Date.now() - savedMs < progressEveryMs) return;
        savedMs = Date.now();
        lake
          .put(progressPath(manifest.run), JSON.stringify(progress))
          .catch((error: unknown) => log.warn("progress.lost", { error }));
      },
      log,
    },
    signal,
  );
  const report = await closing(conducted, () => fetcher.close());
  if (report === null) return null;
  // A run that is resumed publishes what it once put aside, also what was tried again since.
  for (const table of Object.keys(pipeline.tables))
    await finishQuarantineReplays(lake, table, new Date().toISOString());
  await endRun(lake, manifest.run, manifest.generation, report, new Date().toISOString());
  await queue.deleteState(activeRunKey(token));
  await queue.purgeRun(token);
  await removeSnapshots(lake, token);
  log.info("run.ended", { run: manifest.run, state: report.state, seconds: report.seconds });
  pod.parent?.send({ kind: "verdict", report });
  return report;
}

/** One coordinator a run: waits for the lease of one that died, then keeps it. Throws LostLease when another one lives. */
async function holdLease(
  { queue, name, signal, settings }: Pod,
  token: string,
): Promise<{ signal: AbortSignal; release: () => Promise<void> }> {
  const ttlMs = Math.max(settings.leaseTtlMs, 4_000);
  let lease = await acquireSoon(queue, token, name, ttlMs, signal);
  const lost = new AbortController();
  let renewing = Promise.resolve();
  const timer = setInterval(() => {
    renewing = queue
      .renew(lease, ttlMs)
      .then((renewed) => {
        lease = renewed;
      })
      .catch((error: unknown) => lost.abort(error));
  }, ttlMs / 3);
  const release = async () => {
    clearInterval(timer);
    await renewing;
    if (!lost.signal.aborted) await queue.release(lease);
  };
  return { signal: lost.signal, release };
}

async function acquireSoon(
  queue: Queue,
  token: string,
  holder: string,
  ttlMs: number,
  signal: AbortSignal,
) {
  const untilMs = Date.now() + 3 * ttlMs;
  while (!signal.aborted) {
    const lease = await queue.acquire(coordinatorLease(token), holder, ttlMs);
    if (lease !== null) return lease;
    if (Date.now() > untilMs) throw new LostLease(`another coordinator conducts ${token}`);
    await pause(500, signal);
  }
  throw new Fatal("stopped before the run began");
}

/** Awaits `result`, then closes, whatever came of it. */
async function closing<T>(result: Promise<T>, close: () => Promise<void>): Promise<T> {
  try {
    return await result;
  } finally {
    await close();
  }
}
