// The bytes of a dropped file by ranges, so that a task of a part of it need not take all of it.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { TaskInput } from "../model/task.ts";
import { PreconditionFailed } from "../objects/objects.ts";
import { Permanent } from "../std/errors.ts";
import { diskEtag, type OpenBucket, splitBucket } from "./list-drops.ts";

/** `sizeBytes`: of the whole file; `bytes` gives those from `from` to before `to`. `local`: the file itself, if it is on this disk. */
export interface DropBytes {
  readonly sizeBytes: number;
  readonly local: string | null;
  bytes(from: number, to: number): AsyncGenerator<Buffer, void, void>;
  close(): Promise<void>;
}

/** Opens a drop that is a local file or in S3, else null. Throws Permanent when it is not the one that was listed any more. */
export async function openDrop(
  { path, etag }: TaskInput,
  openBucket: OpenBucket,
): Promise<DropBytes | null> {
  if (path.startsWith("s3:")) return openObject(path, etag, openBucket);
  if (!path.startsWith("file:")) return null;
  const local = fileURLToPath(path);
  const info = await stat(local);
  if (diskEtag(info) !== etag) throw changed(path);
  return {
    sizeBytes: info.size,
    local,
    async *bytes(from, to) {
      if (to > from) yield* createReadStream(local, { start: from, end: to - 1, highWaterMark });
    },
    close: async () => {},
  };
}

const highWaterMark = 1024 * 1024;

async function openObject(path: string, etag: string, openBucket: OpenBucket): Promise<DropBytes> {
  const { bucket, key } = splitBucket(path);
  const objects = await openBucket(bucket);
  const info = await objects.head(key);
  if (info?.etag !== etag) {
    await objects.close();
    throw changed(path);
  }
  return {
    sizeBytes: info.sizeBytes,
    local: null,
    async *bytes(from, to) {
      if (to <= from) return;
      try {
        yield* await objects.open(key, { from, to, etag });
      } catch (error) {
        throw error instanceof PreconditionFailed ? changed(path, error) : error;
      }
    },
    close: () => objects.close(),
  };
}

const changed = (path: string, cause?: unknown) =>
  new Permanent(
    `read "${path}": it has changed since the run listed it; run it again with --force`,
    {
      cause,
    },
  );

/** All bytes of a range, held in memory. */
export async function bytesBetween(drop: DropBytes, from: number, to: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of drop.bytes(from, to)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
