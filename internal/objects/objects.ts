// Objects: a flat tree of immutable-or-swapped byte objects, on disk (`file:`) or in S3 (`s3:`).
//
// Contract, the same for every implementation (objects.contract.ts):
// - A path is relative to the root, `/`-separated, without `.` or `..` segments, and never both an object and a prefix
//   of another object's path.
// - `put` and `putFile` are atomic: a reader sees the old object, the new one, or none; never a part. They are durable
//   when they return (fsync on disk).
// - `ifAbsent` lets exactly one of any number of racing writers win; the others throw {@link PreconditionFailed}. So
//   does `ifMatch` with an etag that is not the object's (or when there is no object).
// - `list` yields all objects under a prefix in ascending byte order of paths, in pages, never all in memory.
// - `open` with a range gives its bytes only; with an etag that is not the object's it throws {@link PreconditionFailed}.
// - A missing object: `head` gives null, `get` and `open` throw {@link NotFound}, `delete` does nothing.
// - Every method retries passing faults a bounded number of times, and then throws with the path and the cause.
import type { Readable } from "node:stream";

/** `sizeBytes` and `modifiedMs` (epoch) of an object; `etag` changes whenever its bytes do. */
export type ObjectInfo = { path: string; sizeBytes: number; etag: string; modifiedMs: number };

/** `ifAbsent`: only create. `ifMatch`: only replace the object with this etag. */
export type PutOptions = { ifAbsent?: boolean; ifMatch?: string };

/** Bytes of an object from `from`, counted from 0, to before `to`, which is not behind its end; `etag`: only of that one. */
export type ObjectRange = { from: number; to: number; etag?: string };

export interface Objects {
  /** `file:///abs/path` or `s3://bucket/prefix`, without a trailing slash. */
  readonly url: string;
  put(path: string, body: Uint8Array | string, options?: PutOptions): Promise<{ etag: string }>;
  /** Uploads a local file; the local file stays. */
  putFile(path: string, localFile: string, options?: PutOptions): Promise<{ etag: string }>;
  get(path: string): Promise<{ body: Buffer; etag: string }>;
  open(path: string, range?: ObjectRange): Promise<Readable>;
  head(path: string): Promise<ObjectInfo | null>;
  /** `after`: only paths that come after it in byte order; so a reader can skip a whole folder. */
  list(prefix: string, after?: string): AsyncIterable<ObjectInfo>;
  delete(path: string): Promise<void>;
  /** A local file with the object's bytes: the file itself on disk, a copy in `scratch` (kept by etag) from S3. */
  local(path: string, scratch: string): Promise<string>;
  close(): Promise<void>;
}

/** The object was not as the writer expected; `path` says which. */
export class PreconditionFailed extends Error {
  override name = "PreconditionFailed";
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`write "${path}": another writer was first`, options);
    this.path = path;
  }
}

/** There is no such object. */
export class NotFound extends Error {
  override name = "NotFound";
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`read "${path}": no such object`, options);
    this.path = path;
  }
}
