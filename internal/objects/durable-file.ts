// Writing on disk so that a power failure leaves the old file, the new one or none: write beside, fsync, link or rename,
// fsync the folder. (A rename alone may come back as an empty file.)
import { randomBytes } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { chmod, copyFile, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolders } from "../std/make-folders.ts";
import { temporaryPrefix } from "./object-path.ts";

/** Bytes to write: from memory, or from a local file. */
export type FileBody = { bytes: Uint8Array } | { localFile: string };

/**
 * The etag of a file. Size and inode alone repeat (the inode of a replaced file is handed out again at once) and kernels
 * stamp files by a clock of some milliseconds, so writers set a modification time that no earlier version had.
 */
export function etagOf(info: BigIntStats): string {
  return `${info.size.toString(16)}-${info.mtimeNs.toString(16)}-${info.ino.toString(16)}`;
}

/** A modification time (epoch, ms with fraction) for a new version: after `previousMs`, and random below 1 ms. */
export function stampAfter(previousMs: number): number {
  return Math.max(Date.now(), Math.floor(previousMs) + 1) + Math.random();
}

/** A new file with these bytes in `folder`, on the medium when it returns; its name is a temporary one. */
export async function writeTemporary(folder: string, body: FileBody): Promise<string> {
  const path = join(folder, `${temporaryPrefix}${process.pid}-${randomBytes(8).toString("hex")}`);
  try {
    if ("localFile" in body) {
      await copyFile(body.localFile, path, constants.COPYFILE_FICLONE);
      // A copy has the mode of what it was copied from: perhaps read-only, perhaps for one user.
      await chmod(path, 0o644);
    }
    const handle = await open(path, "localFile" in body ? "r+" : "wx");
    try {
      if ("bytes" in body) await handle.writeFile(body.bytes);
      const stampSeconds = stampAfter(0) / 1_000;
      await handle.utimes(stampSeconds, stampSeconds);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return path;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Makes what was created, renamed or removed in `folder` last. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Creates `folder` and those above it; the names of all folders from `root` down to it are on the medium then. */
export async function makeFolder(root: string, folder: string, synced: Set<string>): Promise<void> {
  await makeFolders(folder);
  // Another process may have created a folder and not have come to sync its name: existence proves nothing.
  for (let at = folder; at !== root && !synced.has(at); at = dirname(at)) {
    await syncFolder(dirname(at));
    if (synced.size >= 10_000) synced.clear();
    synced.add(at);
  }
}
