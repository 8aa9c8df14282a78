// File drops: which files a URL of a `files` source matches.
import type { Stats } from "node:fs";
import { glob, stat } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import picomatch from "picomatch";
import type { TaskInput } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import { UsageError } from "../std/errors.ts";

export type OpenBucket = (url: string) => Promise<Objects>;

/**
 * Files that `url` matches (`file:///abs/**` or `s3://bucket/prefix/*.json`; globs `*`, `**`, `?`, `{a,b}`, `[a-z]`), sorted
 * by URL. The etag changes whenever the file does. Throws UsageError when a URL without a glob names nothing.
 */
export async function* listDrops(url: string, openBucket: OpenBucket): AsyncGenerator<TaskInput> {
  if (url.startsWith("s3:")) yield* listBucket(url, openBucket);
  else yield* listDisk(url);
}

/** What tells a file on disk from what it was before. */
export const diskEtag = ({ size, mtimeMs }: Stats) => `${size}-${Math.floor(mtimeMs)}`;

/** Whether a URL has characters of a glob. */
export function isGlob(url: string): boolean {
  return /[*?{}[\]]/.test(url);
}

async function* listDisk(url: string): AsyncGenerator<TaskInput> {
  // Not fileURLToPath: it would refuse the `?` and decode nothing that a glob may have.
  const path = decodeURIComponent(url.replace(/^file:(\/\/)?/, ""));
  const paths: string[] = [];
  if (await isFile(path)) paths.push(path);
  else if (isGlob(path)) for await (const found of glob(path)) paths.push(found);
  else {
    const fix =
      "correct the path, or write a pattern such as file:./data/*.csv if the file comes later";
    throw new UsageError("there is no such file", path, fix);
  }
  for (const found of paths.sort()) {
    const info = await stat(found);
    if (!info.isFile()) continue;
    yield { path: pathToFileURL(found).href, sizeBytes: info.size, etag: diskEtag(info) };
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}

async function* listBucket(url: string, openBucket: OpenBucket): AsyncGenerator<TaskInput> {
  const { bucket, key } = splitBucket(url);
  const objects = await openBucket(bucket);
  try {
    const matches = isGlob(key) ? picomatch(key, { dot: true }) : (path: string) => path === key;
    const prefix = key.slice(0, Math.max(0, key.search(/[*?{}[\]]/))) || (isGlob(key) ? "" : key);
    let found = false;
    for await (const { path, sizeBytes, etag } of objects.list(prefix)) {
      if (!matches(path)) continue;
      found = true;
      yield { path: `${bucket}/${path}`, sizeBytes, etag };
    }
    if (!found && !isGlob(key))
      throw new UsageError("there is no such object", url, "correct the key, or write a pattern");
  } finally {
    await objects.close();
  }
}

/** The bucket of an object's URL, and its key. */
export function splitBucket(url: string): { bucket: string; key: string } {
  const [, bucket = "", key = ""] = /^(s3:\/\/[^/]+)\/?(.*)$/.exec(url) ?? [];
  return { bucket, key };
}
