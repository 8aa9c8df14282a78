// The nats-server that `onpoint run` keeps beside itself on one machine: a child process on loopback, started again on
// the same port and store whenever it dies. Its store outlives it; nothing acked is lost when it is killed.
//
// States: starting -> ready (it answered with INFO) -> died -> starting (after a pause) ...; stopped, when asked to or
// after `maxQuickDeaths` lives of less than `quickMs` in a row.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { dirname, join, resolve } from "node:path";
import { Fatal, UsageError } from "../std/errors.ts";
import { checkNatsBinary } from "./nats-binary.ts";
import { endStaleServer, kill, writeOwner } from "./nats-owner.ts";

const readyMs = 30_000;
const quickMs = 2_000;
const maxQuickDeaths = 5;
const longestPauseMs = 5_000;
const stopMs = 10_000;
const host = "127.0.0.1";

export type NatsServerOptions = {
  binary: string;
  /** 0: a free one. */
  port: number;
  storeDir: string;
  /** Gets what the server says; appended to. */
  logFile: string;
  signal: AbortSignal;
  /** Called when the server has died and will be started again, with its exit code (null: killed by a signal). */
  onRestart(code: number | null): void;
};

export type NatsServer = {
  url: string;
  /** Process id of the present server. */
  pid(): number;
  /** Resolves when the server died too often and is not started any more. */
  failed: Promise<Fatal>;
  stop(): Promise<void>;
};

/**
 * Starts a server and resolves when it answers. Ends it when `signal` is aborted. Throws UsageError when the binary is
 * missing or older than 2.14, when the port is taken, or another onpoint uses the store; Fatal when it does not start.
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const { binary, signal, onRestart } = options;
  const storeDir = resolve(options.storeDir);
  const logFile = resolve(options.logFile);
  const configFile = join(storeDir, "nats.conf");
  await checkNatsBinary(binary);
  await mkdir(storeDir, { recursive: true });
  await mkdir(dirname(logFile), { recursive: true });
  await endStaleServer(storeDir, configFile);
  const port = await claimPort(options.port);
  const name = `onpoint-${crypto.randomUUID()}`;
  await writeFile(configFile, configText(name, port, storeDir));

  let stopped = false;
  let child: ChildProcess;
  let watching: Promise<void> | undefined;
  let wakePause = () => {};
  const failed = Promise.withResolvers<Fatal>();
  const onExit = () => {
    if (child.pid !== undefined) kill(child.pid, "SIGKILL");
  };

  const begin = async () => {
    child = await spawnServer(binary, configFile, logFile);
    await writeOwner(storeDir, child.pid ?? 0);
    if (stopped) onExit();
    return child;
  };

  const pause = async (delayMs: number) => {
    const over = Promise.withResolvers<void>();
    wakePause = over.resolve;
    const timer = setTimeout(over.resolve, delayMs);
    await over.promise;
    clearTimeout(timer);
  };

  const watch = async () => {
    for (let quickDeaths = 0; ; ) {
      const startedMs = performance.now();
      const code = await exitOf(child);
      if (stopped) return;
      quickDeaths = performance.now() - startedMs < quickMs ? quickDeaths + 1 : 0;
      if (quickDeaths >= maxQuickDeaths) {
        process.off("exit", onExit);
        failed.resolve(await diedTooOften(logFile));
        return;
      }
      onRestart(code);
      const pauseMs = quickDeaths === 0 ? 0 : Math.min(longestPauseMs, 100 * 2 ** quickDeaths);
      await pause(pauseMs);
      if (stopped) return;
      await begin();
    }
  };

  const stop = async () => {
    stopped = true;
    wakePause();
    signal.removeEventListener("abort", onAbort);
    process.off("exit", onExit);
    const pid = child.pid;
    if (pid !== undefined && !hasEnded(child)) {
      const end = exitOf(child);
      kill(pid, "SIGTERM");
      const timer = setTimeout(() => kill(pid, "SIGKILL"), stopMs);
      await end;
      clearTimeout(timer);
    }
    await watching;
  };
  const onAbort = () => void stop();

  child = await begin();
  process.on("exit", onExit);
  try {
    await answers(port, name, child, signal, logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  signal.addEventListener("abort", onAbort);
  watching = watch().catch((error: unknown) => {
    failed.resolve(new Fatal("start nats-server again", { cause: error }));
  });
  return { url: `nats://${host}:${port}`, pid: () => child.pid ?? 0, failed: failed.promise, stop };
}

/** sync_interval: a cut of power loses about a second; the objects in the lake are the last word. */
function configText(name: string, port: number, storeDir: string): string {
  return [
    `server_name: ${JSON.stringify(name)}`,
    `host: "${host}"`,
    `port: ${port}`,
    "max_payload: 1048576",
    "jetstream {",
    `  store_dir: ${JSON.stringify(storeDir)}`,
    "  sync_interval: 1s",
    "}",
    "",
  ].join("\n");
}

/** In a process group of its own: Ctrl-C in the terminal is for onpoint, which then ends the server last. */
async function spawnServer(binary: string, configFile: string, logFile: string) {
  const log = await open(logFile, "a");
  try {
    const child = spawn(binary, ["--config", configFile], {
      stdio: ["ignore", log.fd, log.fd],
      detached: true,
      env: { GOMEMLIMIT: "256MiB" },
    });
    child.on("error", () => {}); // a child that could not be started has no pid: that is looked at
    return child;
  } finally {
    await log.close();
  }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (hasEnded(child) || child.pid === undefined) return child.exitCode;
  return new Promise((done) => {
    child.once("exit", (code) => done(code));
  });
}

/** A port nobody listens on: `port` itself, or any for 0. Throws UsageError when it is taken. */
async function claimPort(port: number): Promise<number> {
  const probe = createServer();
  const claimed = new Promise<number>((done, fail) => {
    probe.once("error", (error) => fail(portTaken(port, error)));
    probe.listen(port, host, () => {
      const address = probe.address();
      done(address !== null && typeof address === "object" ? address.port : port);
    });
  });
  try {
    return await claimed;
  } finally {
    probe.close();
  }
}

function portTaken(port: number, cause: Error): UsageError {
  return new UsageError(
    `port ${port} of ${host} cannot be used: ${cause.message}`,
    "nats-server",
    `See who has it (\`ss -ltnp 'sport = :${port}'\` or \`lsof -i :${port}\`), or choose another port; 0 takes a free one.`,
    { cause },
  );
}

/** Resolves when our server says INFO on its port. Throws Fatal with its last words when it ends or stays silent. */
async function answers(
  port: number,
  name: string,
  child: ChildProcess,
  signal: AbortSignal,
  logFile: string,
): Promise<void> {
  const deadline = Date.now() + readyMs;
  while (Date.now() < deadline && !hasEnded(child) && child.pid !== undefined) {
    signal.throwIfAborted();
    if ((await serverName(port)) === name) return;
    await new Promise((done) => setTimeout(done, 25));
  }
  const why = hasEnded(child) ? `ended with code ${child.exitCode}` : "does not answer";
  throw new Fatal(`start nats-server on port ${port}: it ${why}\n${await lastLines(logFile)}`);
}

/** `server_name` of the INFO line with which a NATS server greets (NATS client protocol), or null. */
async function serverName(port: number): Promise<string | null> {
  let socket: Socket | undefined;
  try {
    return await new Promise<string | null>((done, fail) => {
      let text = "";
      socket = connect(port, host);
      socket.setTimeout(1_000, () => done(null));
      socket.once("error", fail);
      socket.on("data", (chunk) => {
        text += chunk.toString("utf8");
        if (!text.includes("\r\n")) return;
        const info = /^INFO (\{.*\})/.exec(text)?.[1] ?? "{}";
        done((JSON.parse(info) as { server_name?: string }).server_name ?? null);
      });
    });
  } catch {
    return null;
  } finally {
    socket?.destroy();
  }
}

async function diedTooOften(logFile: string): Promise<Fatal> {
  const text = `nats-server died ${maxQuickDeaths} times in a row within ${quickMs / 1000} s`;
  return new Fatal(`${text}\n${await lastLines(logFile)}`);
}

async function lastLines(logFile: string): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-5).join("\n");
}
