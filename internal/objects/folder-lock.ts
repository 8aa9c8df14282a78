// One at a time in a folder, over all processes: a lake on disk, where compare-and-swap needs "look, then rename" to be one
// step, and a state folder for as long as a run lasts.
//
// The lock is the kernel's (fcntl, taken by SQLite on an otherwise empty database file), because Node has no call for it
// and a lock file made by hand outlives a killed holder: whoever then breaks it can break its successor's instead. The
// kernel drops this one with the process, and a stopped holder (SIGSTOP, a sleeping laptop) keeps it. What runs under
// `hold` is synchronous, so it is held for microseconds and never across a turn of the event loop.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { RetryLater, UsageError } from "../std/errors.ts";
import { makeFoldersSync } from "../std/make-folders.ts";

/** The lock's file at the root of a lake, and what SQLite may put beside it, start with this. */
export const lockName = ".onpoint-lock";

const patienceMs = 30_000;
// SQLITE_BUSY (https://www.sqlite.org/rescode.html#busy); extended codes carry it in the low byte.
const busy = 5;
// SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN.
const denied = new Set([3, 8, 14]);

export class FolderLock {
  readonly #folder: string;
  readonly #name: string;
  #database: DatabaseSync | null = null;

  constructor(folder: string, name = lockName) {
    this.#folder = folder;
    this.#name = name;
  }

  /** Runs `critical` while nobody else does, in any process. Throws {@link RetryLater} after 30 s of waiting. */
  async hold<T>(critical: () => T): Promise<T> {
    const deadline = performance.now() + patienceMs;
    while (!this.take()) {
      if (performance.now() > deadline) {
        throw new RetryLater(`lock "${this.#folder}": another process holds it`, 1_000);
      }
      await wait(1 + Math.random() * 4);
    }
    try {
      return critical();
    } finally {
      this.#database?.exec("ROLLBACK");
    }
  }

  /** Takes it until `close`, if nobody has it. Throws UsageError where the folder cannot be written. */
  take(): boolean {
    try {
      this.#database ??= this.#open();
      this.#database.exec("BEGIN EXCLUSIVE");
      return true;
    } catch (error) {
      const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
      if (code === busy) return false;
      if (denied.has(code)) {
        throw lockDenied(this.#folder, this.#name, error);
      }
      throw error;
    }
  }

  #open(): DatabaseSync {
    makeFoldersSync(this.#folder);
    return new DatabaseSync(join(this.#folder, this.#name), { timeout: 0 });
  }

  close(): void {
    this.#database?.close();
    this.#database = null;
  }
}

function lockDenied(folder: string, name: string, cause: unknown): UsageError {
  return new UsageError(
    `cannot lock "${join(folder, name)}"`,
    folder,
    "Give this user the right to write that file, or choose another folder.",
    { cause },
  );
}
