// Runs the program as a user does: its own process, in a folder of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const checkout = fileURLToPath(new URL("../..", import.meta.url));

export type Ended = { code: number | null; stdout: string; stderr: string };
/** Killed, if it still runs, when it goes out of scope by `using`. */
export type Running = { child: ChildProcess; ended: Promise<Ended> } & Disposable;

/** A fresh folder, removed at the end. */
export async function freshFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "onpoint-test-"));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Starts `onpoint` with its state folder in `folder`. */
export function startOnpoint(
  folder: string,
  args: string[],
  env: Record<string, string> = {},
): Running {
  const child = spawn(process.execPath, [join(checkout, "bin/onpoint.js"), ...args], {
    cwd: folder,
    env: { ...cleanEnv(), ONPOINT_STATE: join(folder, ".onpoint"), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended, [Symbol.dispose]: () => void child.kill("SIGKILL") };
}

/** Runs `onpoint` to its end. */
export function runOnpoint(
  folder: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  return startOnpoint(folder, args, env).ended;
}

/** Rows of `onpoint sql --json`. Throws with its stderr when it fails. */
export async function query<T = Record<string, unknown>>(
  folder: string,
  sql: string,
  env: Record<string, string> = {},
): Promise<T[]> {
  const { code, stdout, stderr } = await runOnpoint(folder, ["sql", sql, "--json"], env);
  if (code !== 0) throw new Error(`onpoint sql ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T[];
}

/** The environment without what would change how onpoint runs. */
export function cleanEnv(): Record<string, string | undefined> {
  const env = Object.entries(process.env).filter(
    ([name]) => !/^(ONPOINT_|OTEL_|AWS_|DEMO_|VITEST|NODE_OPTIONS)/.test(name),
  );
  return Object.fromEntries(env);
}
