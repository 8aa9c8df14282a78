// One `onpoint run` at a time in a state folder: the queue's store in it belongs to one server.
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../internal/std/errors.ts";

/** Takes `<state>/run.lock`, also over from a process that has gone. Throws UsageError when a living one has it. */
export async function lockState(state: string, run: string): Promise<AsyncDisposable> {
  const file = join(state, "run.lock");
  for (;;) {
    try {
      await writeFile(file, JSON.stringify({ pid: process.pid, run }), { flag: "wx" });
      return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unwritable(state, error);
    }
    const holder = await readHolder(file);
    if (holder !== null && isAlive(holder.pid)) {
      const fix = `wait for it, or set ONPOINT_STATE to another folder`;
      throw new UsageError(
        `onpoint run ${holder.run} (process ${holder.pid}) is using this state folder`,
        state,
        fix,
      );
    }
    await rm(file, { force: true });
  }
}

async function readHolder(file: string): Promise<{ pid: number; run: string } | null> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as { pid: number; run: string };
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function unwritable(state: string, cause: unknown): UsageError {
  const what = `the state folder cannot be written (${(cause as NodeJS.ErrnoException).code})`;
  return new UsageError(what, state, "set ONPOINT_STATE to another folder", { cause });
}
