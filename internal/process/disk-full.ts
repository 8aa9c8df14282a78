// A disk that is full, told to the one who has to make room: what was being done, where, how full it is, and what helps.
import { statfs } from "node:fs/promises";
import { RetryLater } from "../std/errors.ts";

const laterMs = 30_000;
const mib = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MiB`;

/** The error itself, or, if it says that the disk of `folder` is full, a RetryLater that says so to people. */
export async function withDiskFull(
  error: unknown,
  doing: string,
  folder: string,
): Promise<unknown> {
  if (!isDiskFull(error)) return error;
  const { bavail, blocks, bsize } = await statfs(folder);
  return new RetryLater(
    `${doing}: the disk of ${folder} is full, ${mib(bavail * bsize)} of ${mib(blocks * bsize)} are free; free some space there, set ONPOINT_SCRATCH to a folder on a larger disk, or lower ONPOINT_BATCH_BYTES`,
    laterMs,
    { cause: error },
  );
}

/** Of the file system by its code, of DuckDB by what `openDuckDb` made of its text. */
function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error) return error.code === "ENOSPC" || error.code === "EDQUOT";
  return error instanceof RetryLater && error.message.includes("the disk is full");
}
