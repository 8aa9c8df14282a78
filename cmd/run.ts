// `onpoint run`: the whole installation on one machine. Starts nats-server and the role processes, follows the coordinator,
// and ends with its verdict. The same roles are pods on Kubernetes.

import { createWriteStream } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { checkSameRun, isFinished } from "../internal/catalog/open-run.ts";
import { readManifest } from "../internal/catalog/run-manifest.ts";
import { LocalCluster } from "../internal/cluster/cluster-local.ts";
import type { RunManifest, RunReport } from "../internal/model/run.ts";
import { openObjects } from "../internal/objects/open-objects.ts";
import { drainOnSignal } from "../internal/pod/drain.ts";
import { findNatsServer } from "../internal/pod/nats-binary.ts";
import { startNatsServer } from "../internal/pod/nats-server.ts";
import { openProgress } from "../internal/pod/progress.ts";
import { readSettings, type Settings } from "../internal/pod/settings.ts";
import type { Limits } from "../internal/scale/wanted-replicas.ts";
import type { Fatal } from "../internal/std/errors.ts";
import { makeFolders } from "../internal/std/make-folders.ts";
import { type LogFields, openLog, prettyLine } from "../internal/telemetry/log.ts";
import { backfill } from "./backfill.ts";
import type { CommandResult } from "./command-result.ts";
import { s3Options } from "./open-pod.ts";
import { type PreparedRun, prepareRun, type RunOptions } from "./prepare-run.ts";
import { reachNats } from "./reach-nats.ts";
import { checkout, roleCommand } from "./role-command.ts";
import { lockState } from "./state-lock.ts";

export type RunCommandOptions = RunOptions & {
  workers?: string;
  json?: boolean;
  memory?: string;
  from?: string;
  to?: string;
  window?: string;
};

/** What a run came to: a verdict, or that something stopped it. */
type Outcome =
  | { kind: "verdict"; report: RunReport }
  | { kind: "stopped"; text: string; exitCode: number };

const stopGraceMs = 60_000;
/** Lines of the role processes that are remembered. */
const heardLines = 100;
const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";

/** Runs a pipeline on this machine to its end, or each window of a backfill. Throws UsageError, Fatal. */
export function runCommand(path: string, options: RunCommandOptions): Promise<CommandResult> {
  const { from, to, window, ...rest } = options;
  if (from === undefined && to === undefined && window === undefined) return runOnce(path, rest);
  return backfill(path, { from, to, window }, rest, runOnce);
}

async function runOnce(path: string, options: RunCommandOptions): Promise<CommandResult> {
  const env = { ...process.env, ...overrides(options) };
  const settings = readSettings(env);
  const prepared = await prepareRun(path, options, settings.config, settings.lake);
  const finished = await finishedBefore(prepared, settings);
  const state = resolve(settings.state);
  await makeFolders(state);
  const last = { lake: prepared.lake, run: prepared.request.run };
  if (finished !== null) {
    await writeFile(join(state, "last.json"), JSON.stringify(last));
    const text = `run ${finished.run} is finished (${finished.state}, ${finished.endedAt}); --force runs it again`;
    return { text, json: finished.report, exitCode: 0 };
  }
  await using lock = await lockState(state, prepared.request.run);
  void lock;
  await writeFile(join(state, "last.json"), JSON.stringify(last));
  // What role processes of an earlier run left there when they were killed.
  if (settings.natsUrl === null) await rm(join(state, "scratch"), { recursive: true, force: true });
  const outcome = await conductRun(path, options, prepared, settings, env, state);
  if (outcome.kind === "verdict")
    return {
      text: summary(outcome.report),
      json: outcome.report,
      exitCode: outcome.report.exitCode,
    };
  return {
    text: outcome.text,
    json: {
      run: prepared.request.run,
      state: "running",
      exitCode: outcome.exitCode,
      error: outcome.text,
    },
    exitCode: outcome.exitCode,
  };
}

async function conductRun(
  path: string,
  options: RunCommandOptions,
  prepared: PreparedRun,
  settings: Settings,
  env: Record<string, string | undefined>,
  state: string,
): Promise<Outcome> {
  const { promise: ended, resolve: end } = Promise.withResolvers<Outcome>();
  const output = openOutput(join(state, `${prepared.request.run}.log`));
  const log = openLog({
    role: "run",
    level: settings.logLevel,
    pretty: false,
    to: { write: output.line },
  });
  for (const warning of prepared.pipeline.warnings) log.warn("pipeline.warning", { warning });
  const drain = drainOnSignal(process, {
    graceMs: stopGraceMs + 10_000,
    onDrain: () => undefined,
    log,
  });
  drain.signal.addEventListener("abort", () => {
    output.say("stopping: processes save what they have; Ctrl-C again stops at once");
    end({
      kind: "stopped",
      text: "stopped before the end; the same command goes on from here",
      exitCode: 130,
    });
  });
  // 1. The queue: a server of our own unless one is named.
  if (settings.natsUrl !== null) await reachNats(settings.natsUrl);
  const nats = settings.natsUrl === null ? await startQueue(settings, state, log, end) : null;
  // 2. The roles. One that tells why it ends is stopped at once, and may not come to say it on its stderr.
  const heard: string[] = [];
  let why: string | null = null;
  const hear = (line: string) => {
    heard.push(line.trimEnd());
    if (heard.length > heardLines) heard.shift();
    output.line(line);
  };
  const natsUrl = nats?.url ?? settings.natsUrl ?? "";
  const childEnv = {
    ...env,
    ONPOINT_NATS_URL: natsUrl,
    ONPOINT_STATE: state,
    // One port is for one process; these have a parent that looks after them.
    ONPOINT_HEALTH_PORT: undefined,
    ...threads(env),
  };
  const cluster = new LocalCluster({
    command: (role) => ({
      args: roleCommand(role, role === "coordinator" ? [path, ...coordinatorArgs(options)] : []),
      env: childEnv,
    }),
    onLine: hear,
    onMessage: (_, message) => receive(message as ChildReport),
    onRestart: (role, how, delayMs) =>
      log.warn("process.restarted", { process: role, how, delayMs }),
    onFatal: (role, error) =>
      end({ kind: "stopped", text: `${role}: ${error.message}`, exitCode: 1 }),
  });
  function receive(message: ChildReport): void {
    if (message.kind === "progress") output.progress(message.report);
    if (message.kind === "verdict") end({ kind: "verdict", report: message.report });
    if (message.kind === "fatal") {
      why = message.text;
      end({ kind: "stopped", text: message.text, exitCode: message.exitCode });
    }
    if (message.kind === "scale") {
      for (const [role, count] of Object.entries(message.wanted))
        void cluster.setReplicas(role, count);
    }
  }
  // At a second signal, too, nothing is left behind; nats-server sees to itself.
  const killRoles = () => cluster.kill();
  process.on("exit", killRoles);
  try {
    await cluster.setReplicas("coordinator", 1);
    return await ended;
  } finally {
    // 3. Roles before the queue: they commit and give their leases back through it.
    await cluster.stop(stopGraceMs);
    if (why !== null && !heard.includes(firstLine(why))) output.line(why);
    await nats?.stop();
    process.off("exit", killRoles);
    drain.end();
    await output.close();
  }
}

type ChildReport =
  | { kind: "progress"; report: RunReport }
  | { kind: "verdict"; report: RunReport }
  | { kind: "fatal"; text: string; exitCode: number }
  | { kind: "scale"; wanted: Limits };

async function startQueue(
  settings: Settings,
  state: string,
  log: ReturnType<typeof openLog>,
  end: (outcome: Outcome) => void,
) {
  const nats = await startNatsServer({
    binary: settings.natsServer ?? (await findNatsServer(checkout, process.env.PATH)),
    port: settings.natsPort,
    storeDir: join(state, "nats"),
    logFile: join(state, "nats.log"),
    signal: new AbortController().signal,
    onRestart: (code) => log.warn("nats.restarted", { code }),
  });
  void nats.failed.then((error: Fatal) =>
    end({ kind: "stopped", text: error.message, exitCode: 1 }),
  );
  return nats;
}

async function finishedBefore(
  { lake: url, request }: PreparedRun,
  settings: Settings,
): Promise<RunManifest | null> {
  if (request.force || request.refresh) return null;
  const lake = await openObjects(url, s3Options(settings));
  try {
    const manifest = (await readManifest(lake, request.run))?.manifest ?? null;
    if (manifest !== null) checkSameRun(manifest, request);
    return manifest !== null && isFinished(manifest, request) ? manifest : null;
  } finally {
    await lake.close();
  }
}

/** DuckDB's calls and file I/O share libuv's threads: with the default 4 they can wait for each other for ever. */
function threads(env: Record<string, string | undefined>): Record<string, string> {
  return { UV_THREADPOOL_SIZE: env.UV_THREADPOOL_SIZE ?? "8" };
}

function overrides(options: RunCommandOptions): Record<string, string> {
  return {
    ...(options.workers === undefined ? {} : { ONPOINT_WORKERS: options.workers }),
    ...(options.memory === undefined ? {} : { ONPOINT_MEMORY_MB: options.memory }),
  };
}

function coordinatorArgs(options: RunCommandOptions): string[] {
  const args: string[] = [];
  if (options.date !== undefined) args.push("--date", options.date);
  if (options.runId !== undefined) args.push("--run-id", options.runId);
  if (options.lake !== undefined) args.push("--lake", options.lake);
  if (options.only !== undefined) args.push("--only", options.only);
  if (options.simulate) args.push("--simulate");
  if (options.force) args.push("--force");
  if (options.fullRefresh) args.push("--full-refresh");
  if (options.days !== undefined) args.push("--days", options.days);
  return args;
}

/** Lines of all processes go to the log file; to stderr go all of them in a pipe, what matters beside the bars in a terminal. */
function openOutput(file: string) {
  const isTerminal = process.stderr.isTTY === true;
  const bars = openProgress(process.stderr);
  const log = createWriteStream(file, { flags: "a" });
  // A full disk ends the run by what cannot be written to the lake; until then the lines are still on stderr.
  log.once("error", (error) => process.stderr.write(`onpoint: ${file}: ${error.message}\n`));
  log.on("error", () => undefined);
  return {
    progress: (report: RunReport) => bars.show(report),
    say: (text: string) => {
      bars.clear();
      process.stderr.write(`${text}\n`);
    },
    line: (line: string) => {
      const text = line.trimEnd();
      log.write(`${text}\n`);
      const start = text.indexOf("{");
      let fields: LogFields | null = null;
      try {
        fields = start < 0 ? null : (JSON.parse(text.slice(start)) as LogFields);
      } catch {
        fields = null;
      }
      const matters =
        fields === null || fields.level !== "info" || fields.event === "upload.simulated";
      if (isTerminal && !matters) return;
      if (isTerminal) bars.clear();
      process.stderr.write(fields === null ? `${text}\n` : prettyLine(fields));
    },
    close: () => (log.destroyed ? Promise.resolve() : new Promise<void>((done) => log.end(done))),
  };
}

function summary(report: RunReport): string {
  const tables = Object.entries(report.tables).map(
    ([name, { rows, quarantined, discarded = 0, files }]) =>
      `  ${name.padEnd(28)} ${String(rows).padStart(12)} rows ${String(files).padStart(6)} files${quarantined > 0 ? `  ${quarantined} quarantined` : ""}${discarded > 0 ? `  ${discarded} discarded` : ""}`,
  );
  const dead = Object.values(report.stages).reduce((sum, stage) => sum + stage.dead, 0);
  const { files, bytes, simulated } = report.uploads;
  const lines = [
    `run ${report.run}: ${report.state} in ${report.seconds} s`,
    ...tables,
    ...(files > 0
      ? [`  upload${simulated ? " (simulated)" : ""}: ${files} files, ${bytes} bytes`]
      : []),
    ...Object.entries(report.sources).flatMap(([name, { deferred = 0 }]) =>
      deferred === 0
        ? []
        : [
            `  ${name}: ${deferred} ${deferred === 1 ? "request" : "requests"} left to a later run: onpoint report ${report.run} says why`,
          ],
    ),
    ...(dead > 0 ? [`  ${dead} dead letters: onpoint dead ls ${report.run}`] : []),
    ...report.errors.map((error) => `  failed: ${error}`),
  ];
  return lines.join("\n");
}
