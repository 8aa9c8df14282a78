// What every role process opens first and closes last: settings, log, telemetry, queue, lakes, drain.
import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { conductedRuns } from "../internal/flow/conducted-runs.ts";
import { type ActiveRun, activeRunKey, parseActiveRun } from "../internal/model/active-run.ts";
import type { Pipeline } from "../internal/model/pipeline.ts";
import type { Objects } from "../internal/objects/objects.ts";
import { openObjects } from "../internal/objects/open-objects.ts";
import { drainOnSignal } from "../internal/pod/drain.ts";
import { exitCodeOf, explain } from "../internal/pod/exit-code.ts";
import { serveHealth } from "../internal/pod/health.ts";
import { type ParentLink, parentLink } from "../internal/pod/parent-link.ts";
import { readSettings, type Settings } from "../internal/pod/settings.ts";
import type { Queue } from "../internal/queue/queue.ts";
import { openNatsQueue } from "../internal/queue/queue-nats.ts";
import { Fatal, Permanent, UsageError } from "../internal/std/errors.ts";
import { makeFolders } from "../internal/std/make-folders.ts";
import { type Log, openLog } from "../internal/telemetry/log.ts";
import { startTelemetry } from "../internal/telemetry/telemetry.ts";
import { pipelineOfRun } from "./run-pipeline.ts";

export type Pod = {
  /** Unique among all processes of the installation. */
  name: string;
  settings: Settings;
  log: Log;
  queue: Queue;
  scratch: string;
  parent: ParentLink | null;
  /** Aborted when the process must drain. */
  signal: AbortSignal;
  openLake: (url: string) => Promise<Objects>;
  /** The lake of a run, opened once. */
  lakeOf: (run: ActiveRun) => Promise<Objects>;
  /** The pipeline of a run that `activeRuns` or `activeRun` gave. */
  pipelineOf: (run: ActiveRun) => Pipeline;
  /** Runs that have a coordinator. */
  activeRuns: () => Promise<ActiveRun[]>;
  activeRun: (token: string) => Promise<ActiveRun | null>;
};

const graceMs: Record<string, number> = {
  coordinator: 30_000,
  crawl: 50_000,
  process: 30_000,
  etl: 30_000,
  upload: 30_000,
};

/** Opens a role's process, runs `body`, and closes all in the order that loses nothing. */
export async function withPod(role: string, body: (pod: Pod) => Promise<number>): Promise<number> {
  const env = process.env;
  const settings = readSettings(env);
  const name = `${role}-${hostname().replace(/[^A-Za-z0-9-]/g, "-")}-${process.pid}-${Date.now().toString(36)}`;
  const telemetry = await startTelemetry({ role, instance: name, env });
  const log = openLog({ role, level: settings.logLevel, pretty: false });
  if (settings.natsUrl === null) {
    throw new UsageError(
      "no NATS server is named",
      "ONPOINT_NATS_URL",
      `set it, or use \`onpoint run\`, which starts one and the ${role} process`,
    );
  }
  const health = settings.healthPort === null ? null : await serveHealth(settings.healthPort);
  const drain = drainOnSignal(process, {
    graceMs: graceMs[role] ?? 30_000,
    onDrain: () => health?.set("draining"),
    log,
  });
  const parent = parentLink(process);
  parent?.onGone(() => drain.begin("the parent has gone"));
  const queue = await openNatsQueue({
    url: settings.natsUrl,
    name,
    shards: settings.shards,
    token: settings.natsToken,
  });
  const lakes = new Map<string, Promise<Objects>>();
  const pipelines = new Map<string, Pipeline>();
  const scratch = resolve(settings.scratch ?? join(settings.state, "scratch"), name);
  await makeFolders(scratch);
  health?.set("ready");
  const openLake = (url: string) => openObjects(url, s3Options(settings));
  const known = async (run: ActiveRun): Promise<ActiveRun> => {
    if (!pipelines.has(run.token))
      pipelines.set(run.token, await pipelineOfRun(run, settings.config, env));
    return run;
  };
  const conducted = conductedRuns(queue);
  const pod: Pod = {
    name,
    settings,
    log,
    queue,
    scratch,
    parent,
    signal: drain.signal,
    openLake,
    lakeOf: (run) => {
      const lake = lakes.get(run.lake) ?? openLake(run.lake);
      lakes.set(run.lake, lake);
      return lake;
    },
    pipelineOf: (run) => {
      const pipeline = pipelines.get(run.token);
      if (pipeline === undefined) throw new Fatal(`the pipeline of run ${run.token} was not read`);
      return pipeline;
    },
    activeRuns: async () => Promise.all((await conducted()).map(known)),
    activeRun: async (token) => {
      const state = await queue.getState(activeRunKey(token));
      return state === null ? null : known(parseActiveRun(state));
    },
  };
  try {
    return await body(pod);
  } catch (error) {
    // Started again, it would only fail again: its parent must end.
    const isFinal = [UsageError, Fatal, Permanent].some((kind) => error instanceof kind);
    if (isFinal)
      parent?.send({ kind: "fatal", role, text: explain(error), exitCode: exitCodeOf(error) });
    throw error;
  } finally {
    await telemetry.shutdown();
    await rm(scratch, { recursive: true, force: true });
    for (const lake of lakes.values())
      await lake.then((opened) => opened.close()).catch(() => undefined);
    await queue.close();
    drain.end();
    await health?.close();
  }
}

/** How S3 is reached, by the settings. */
export function s3Options(settings: Settings): Parameters<typeof openObjects>[1] {
  return {
    endpoint: settings.s3Endpoint,
    region: settings.s3Region ?? "us-east-1",
    forcePathStyle: settings.s3PathStyle ?? settings.s3Endpoint !== null,
  };
}
