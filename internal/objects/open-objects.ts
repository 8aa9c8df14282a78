// Opens the objects behind a URL, by its scheme; loads only what that scheme needs.
import { UsageError } from "../std/errors.ts";
import type { Objects } from "./objects.ts";
import type { S3Options } from "./objects-s3.ts";

/** Opens `file:///absolute/folder` or `s3://bucket/prefix`. Throws UsageError for anything else. */
export async function openObjects(url: string, s3: S3Options): Promise<Objects> {
  if (url.startsWith("file:")) return (await import("./objects-file.ts")).openFileObjects(url);
  if (url.startsWith("s3:")) return (await import("./objects-s3.ts")).openS3Objects(url, s3);
  throw new UsageError(
    "not the URL of a lake",
    url,
    "Write it as file:///absolute/folder or s3://bucket/prefix.",
  );
}
