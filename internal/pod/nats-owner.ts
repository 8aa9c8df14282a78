// Who runs the nats-server of a store: `<store>/nats.pid` says so, because the server outlives a parent that was killed
// with SIGKILL, and would keep the store and the port from the next one.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../std/errors.ts";

const pidFile = (storeDir: string) => join(storeDir, "nats.pid");
const stopMs = 5_000;
const lookMs = 50;

/** Remembers that we, and nobody else, run the server `pid` on this store. */
export async function writeOwner(storeDir: string, pid: number): Promise<void> {
  await writeFile(pidFile(storeDir), `${pid} ${process.pid}\n`);
}

/**
 * Ends a server that an earlier process left running on this store. Only a process whose command line names our
 * configuration file is touched (Linux; elsewhere the port will be found taken). Throws UsageError when the process
 * that started it is still alive.
 */
export async function endStaleServer(storeDir: string, configFile: string): Promise<void> {
  const text = await readFile(pidFile(storeDir), "utf8").catch(() => "");
  const [pid = 0, ownerPid = 0] = text.trim().split(" ").map(Number);
  if (!(pid > 1) || !(await isOurServer(pid, configFile))) return;
  if ((await parentOf(pid)) === ownerPid) {
    throw new UsageError(
      `another onpoint (process ${ownerPid}) runs a queue on this store`,
      storeDir,
      "Wait for it to end, or give this run another folder.",
    );
  }
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    kill(pid, signal);
    const deadline = Date.now() + stopMs;
    while (Date.now() < deadline) {
      if (!(await isOurServer(pid, configFile))) return;
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }
}

/** proc(5): the command line's arguments end with NUL; an empty one is a zombie's. */
async function isOurServer(pid: number, configFile: string): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  const words = line.split("\0");
  return /nats-server$/.test(words[0] ?? "") && words.includes(configFile);
}

/** proc(5): "pid (command) state ppid ..."; the command may hold spaces and brackets. */
async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
}

/** Sends a signal; a process that is gone is not an error. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it has ended by itself
  }
}
