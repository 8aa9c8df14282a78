// Names of objects: what may be one, how they sort, and which names on disk are never objects.
import { Permanent } from "../std/errors.ts";

/** Names of unfinished writes start with this; `list` never shows them. */
export const temporaryPrefix = ".tmp-";

/**
 * Throws {@link Permanent} unless `path` may name an object: `/`-separated segments, none of them empty, `.`, `..` or
 * an unfinished write's name; no NUL; at most 1024 bytes (the S3 limit of a key, Amazon S3 user guide, "Naming objects").
 */
export function checkObjectPath(path: string): void {
  const problem = problemOf(path);
  if (problem) throw new Permanent(`use "${path}" as the path of an object: ${problem}`);
}

function problemOf(path: string): string | null {
  if (path === "") return "it is empty";
  if (path.includes("\0")) return "it holds a NUL";
  if (Buffer.byteLength(path) > 1024) return "it is longer than 1024 bytes";
  for (const segment of path.split("/")) {
    if (segment === "") return "it has an empty segment";
    if (segment === "." || segment === "..") return `it has a "${segment}" segment`;
    if (segment.startsWith(temporaryPrefix)) return `"${temporaryPrefix}" is for unfinished writes`;
  }
  return null;
}

/** Ascending order of the UTF-8 bytes, which is the order in which S3 lists keys; for `sort`. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
