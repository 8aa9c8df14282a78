// One `onpoint run` at a time in a state folder: the queue's store in it belongs to one server.
//
// The lock is the kernel's (folder-lock.ts says why): it ends with its process, however that ends, and no process id that was
// given to somebody else keeps a folder locked. `run.lock` beside it only says, for the message, who has it.
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FolderLock } from "../internal/objects/folder-lock.ts";
import { describeError, UsageError } from "../internal/std/errors.ts";

const lockFile = ".onpoint-state-lock";

/** Takes the state folder until it is disposed of. Throws UsageError when another process has it, or it cannot be written. */
export async function lockState(state: string, run: string): Promise<AsyncDisposable> {
  const lock = new FolderLock(state, lockFile);
  const holderFile = join(state, "run.lock");
  try {
    if (!lock.take()) throw inUse(state, await readHolder(holderFile));
    await writeFile(holderFile, JSON.stringify({ pid: process.pid, run }));
  } catch (error) {
    lock.close();
    throw error instanceof UsageError ? error : unwritable(state, error);
  }
  return {
    [Symbol.asyncDispose]: async () => {
      await rm(holderFile, { force: true });
      lock.close();
    },
  };
}

type Holder = { pid: number; run: string };

/** What the holder wrote down; null when it has not come to it yet. */
async function readHolder(file: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Holder;
  } catch {
    return null;
  }
}

function inUse(state: string, holder: Holder | null): UsageError {
  const who =
    holder === null ? "another onpoint run" : `onpoint run ${holder.run} (process ${holder.pid})`;
  const fix = "wait for it, or set ONPOINT_STATE to another folder";
  return new UsageError(`${who} is using this state folder`, state, fix);
}

function unwritable(state: string, cause: unknown): UsageError {
  const code = (cause as NodeJS.ErrnoException).code ?? describeError(cause);
  const fix = "set ONPOINT_STATE to another folder";
  return new UsageError(`the state folder cannot be written (${code})`, state, fix, { cause });
}
