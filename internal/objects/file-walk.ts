// Listing a lake on disk in the order in which S3 lists: by the bytes of whole paths, folder by folder.
import type { BigIntStats, Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, tryFile } from "./file-errors.ts";
import { lockName } from "./folder-lock.ts";
import { compareBytes, temporaryPrefix } from "./object-path.ts";

const pageSize = 64;

/** A file found: its path from the root, and what `stat` (bigint) says. */
export type FoundFile = { path: string; info: BigIntStats };

/**
 * Files under `root` whose path starts with `prefix` and comes after `after`, in ascending byte order of paths. Holds the
 * names of the folders on the way down, never more. Links to files count as files; links to folders are not followed
 * (they may lead round in a circle). Files that vanish meanwhile are left out.
 */
export async function* walkFiles(
  root: string,
  prefix: string,
  after: string,
): AsyncGenerator<FoundFile> {
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  yield* walkFolder(root, folder, prefix, after);
}

async function* walkFolder(
  root: string,
  folder: string,
  prefix: string,
  after: string,
): AsyncGenerator<FoundFile> {
  // A folder sorts as "name/": that puts "a-b" before "a/x" and "a0" behind it, as the bytes of the whole paths do.
  const entries = (await namesIn(root, folder))
    .filter((entry) => !isHidden(entry.name, folder))
    .map((entry) => ({ entry, path: `${folder}${entry.name}${entry.isDirectory() ? "/" : ""}` }))
    .filter(({ path }) => path.startsWith(prefix))
    .map((found) => ({ ...found, key: Buffer.from(found.path) }))
    .sort((a, b) => Buffer.compare(a.key, b.key));
  let page: string[] = [];
  for (const { entry, path } of entries) {
    if (entry.isDirectory()) {
      yield* statPage(root, page);
      page = [];
      if (mayHoldAfter(path, after)) yield* walkFolder(root, path, prefix, after);
    } else if (after === "" || compareBytes(path, after) > 0) {
      page.push(path);
      if (page.length === pageSize) {
        yield* statPage(root, page);
        page = [];
      }
    }
  }
  yield* statPage(root, page);
}

function isHidden(name: string, folder: string): boolean {
  return name.startsWith(temporaryPrefix) || (folder === "" && name.startsWith(lockName));
}

function mayHoldAfter(folder: string, after: string): boolean {
  return after === "" || after.startsWith(folder) || compareBytes(folder, after) > 0;
}

async function namesIn(root: string, folder: string): Promise<Dirent[]> {
  const path = join(root, folder);
  return tryFile("list", path, root, async () => {
    try {
      return await readdir(path, { withFileTypes: true });
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  });
}

async function* statPage(root: string, paths: string[]): AsyncGenerator<FoundFile> {
  const infos = await Promise.all(paths.map((path) => statFile(root, path)));
  for (const [i, info] of infos.entries()) {
    const path = paths[i];
    if (info && path !== undefined) yield { path, info };
  }
}

/** What `stat` (bigint) says about the file at `path` under `root`; null when there is none, or it is no file. */
export async function statFile(root: string, path: string): Promise<BigIntStats | null> {
  const absolute = join(root, path);
  return tryFile("look at", absolute, root, async () => {
    try {
      const info = await stat(absolute, { bigint: true });
      return info.isFile() ? info : null;
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  });
}

/** Whether a fault says that there is no such file or folder. */
export function isGone(error: unknown): boolean {
  return codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
}
