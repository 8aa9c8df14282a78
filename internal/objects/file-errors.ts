// What a fault of the file system means for the one who has to act on it.
import { existsSync, statSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { Fatal, Permanent, RetryLater, UsageError } from "../std/errors.ts";
import { NotFound, PreconditionFailed } from "./objects.ts";

const passing = new Set(["EMFILE", "ENFILE", "EAGAIN", "EBUSY", "EINTR", "ESTALE", "ETIMEDOUT"]);
const full = new Set(["ENOSPC", "EDQUOT"]);
const denied = new Set(["EACCES", "EPERM", "EROFS"]);
const inTheWay = new Set(["ENOTDIR", "EEXIST", "EISDIR", "ENOTEMPTY"]);
const triesMax = 5;

/** The `code` of a system error, or "". */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/**
 * Runs `action`, again after 20 ms, 40 ms, ... when its fault is a passing one, five times in all.
 * Throws what {@link fileError} makes of the last fault.
 */
export async function tryFile<T>(
  doing: string,
  path: string,
  root: string,
  action: () => T | Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await action();
    } catch (error) {
      if (!passing.has(codeOf(error)) || tries === triesMax) {
        throw fileError(error, doing, path, root);
      }
      await wait(20 * 2 ** (tries - 1));
    }
  }
}

/** The error to throw when `doing` ("read", "write", ...) the file at the absolute `path` under `root` failed. */
export function fileError(error: unknown, doing: string, path: string, root: string): unknown {
  if (isOurs(error)) return error;
  const code = codeOf(error);
  const what = `${doing} "${path}"`;
  if (full.has(code)) {
    return new Fatal(`${what}: the disk is full (${code}); free some space and run it again`, {
      cause: error,
    });
  }
  // A lake whose folder is not there after it was to be made: its parent takes no folders (/proc, /sys).
  if (denied.has(code) || (code === "ENOENT" && doing === "write" && !existsSync(root))) {
    return new UsageError(
      `cannot ${what} (${code})`,
      root,
      "Give this user the right to read and write that folder, or choose another lake.",
      { cause: error },
    );
  }
  if (inTheWay.has(code)) {
    if (isFileOnTheWay(root)) {
      return new UsageError(
        `cannot ${what}: a file stands where a folder is needed`,
        root,
        "Choose a folder for the lake.",
        { cause: error },
      );
    }
    return new Permanent(`${what}: a path cannot be both an object and a folder of objects`, {
      cause: error,
    });
  }
  if (code === "ENAMETOOLONG")
    return new Permanent(`${what}: a name is too long`, { cause: error });
  return new RetryLater(`${what}: ${code || "failed"}`, 1_000, { cause: error });
}

function isOurs(error: unknown): boolean {
  return [Permanent, RetryLater, Fatal, UsageError, NotFound, PreconditionFailed].some(
    (type) => error instanceof type,
  );
}

function isFileOnTheWay(root: string): boolean {
  try {
    return !statSync(root).isDirectory();
  } catch (error) {
    return codeOf(error) === "ENOTDIR";
  }
}
