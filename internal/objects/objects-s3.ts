// Objects in S3 and stores that speak its protocol (`s3:`). objects.ts has the contract.
//
// Every write carries an id of its own in the object's metadata: the SDK sends a request again when the answer got lost,
// and the second one then fails its condition because the first one had won. The id tells that from a lost race.
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { CompletedPart, S3 } from "@aws-sdk/client-s3";
import pLimit from "p-limit";
import { Permanent, RetryLater, UsageError } from "../std/errors.ts";
import { backoffMs } from "../std/pause.ts";
import { checkObjectPath, temporaryPrefix } from "./object-path.ts";
import {
  NotFound,
  type ObjectInfo,
  type ObjectRange,
  type Objects,
  PreconditionFailed,
  type PutOptions,
} from "./objects.ts";
import { isConflict, isLost, isMissing, isUploadGone, s3Error } from "./s3-errors.ts";
import { multipartAboveBytes, type Part, partsOf } from "./s3-parts.ts";

/** `endpoint`: URL of another store than AWS, or null. `forcePathStyle`: the bucket in the path, not in the host name. */
export type S3Options = { endpoint: string | null; region: string; forcePathStyle: boolean };

const triesMax = 5;
const partsInFlight = 4;
const writeId = "onpoint-write";

/**
 * Opens `s3://bucket/prefix` with the credentials of the AWS default chain; sends no request. Throws UsageError for another
 * URL; the methods throw it for credentials, rights or a bucket that are not there.
 */
export async function openS3Objects(url: string, options: S3Options): Promise<Objects> {
  const [, bucket, prefix] = /^s3:\/\/([A-Za-z0-9._-]{3,255})(?:\/(.*?))?\/*$/.exec(url) ?? [];
  if (bucket === undefined) {
    throw new UsageError(
      "not the URL of a bucket",
      url,
      "Write it as s3://bucket or s3://bucket/prefix.",
    );
  }
  // Here and not above: who has no s3: URL must not pay for loading the SDK.
  const { S3 } = await import("@aws-sdk/client-s3");
  const client = new S3({
    region: options.region,
    forcePathStyle: options.forcePathStyle,
    maxAttempts: triesMax,
    // Checksums are set request by request: the SDK's own default breaks other stores (aws-sdk-go-v2#3007).
    requestChecksumCalculation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000 },
    ...(options.endpoint === null ? {} : { endpoint: options.endpoint }),
  });
  return new S3Objects(client, options.region, bucket, prefix ?? "");
}

type Opened = { stream: Readable; etag: string };

class S3Objects implements Objects {
  readonly url: string;
  readonly #client: S3;
  readonly #region: string;
  readonly #bucket: string;
  readonly #root: string;

  constructor(client: S3, region: string, bucket: string, prefix: string) {
    this.url = prefix === "" ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
    this.#client = client;
    this.#region = region;
    this.#bucket = bucket;
    this.#root = prefix === "" ? "" : `${prefix}/`;
  }

  async put(path: string, body: Uint8Array | string, options: PutOptions = {}) {
    checkObjectPath(path);
    return this.#sending("write", path, () => this.#putBytes(path, Buffer.from(body), options));
  }

  async putFile(path: string, localFile: string, options: PutOptions = {}) {
    checkObjectPath(path);
    return this.#sending("write", path, async () => {
      const { size } = await stat(localFile);
      if (size <= multipartAboveBytes)
        return this.#putBytes(path, await readFile(localFile), options);
      // The server decides at the end; what has lost already need not go up first.
      if (options.ifAbsent && (await this.head(path))) throw new PreconditionFailed(path);
      const file = await open(localFile, "r");
      try {
        return await this.#retryConflict(() => this.#putParts(path, file, partsOf(size), options));
      } finally {
        await file.close();
      }
    });
  }

  async get(path: string) {
    const { stream, etag } = await this.#open(path);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return { body: Buffer.concat(chunks), etag };
  }

  async open(path: string, range?: ObjectRange): Promise<Readable> {
    return (await this.#open(path, range)).stream;
  }

  async head(path: string): Promise<ObjectInfo | null> {
    checkObjectPath(path);
    return this.#sending("look at", path, async () => {
      try {
        const answer = await this.#client.headObject(this.#at(path));
        return infoOf(path, answer.ContentLength, answer.ETag, answer.LastModified);
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  async *list(prefix: string, after = ""): AsyncGenerator<ObjectInfo> {
    let token: string | undefined;
    do {
      const page = await this.#sending("list", prefix, () =>
        this.#client.listObjectsV2({
          Bucket: this.#bucket,
          Prefix: this.#root + prefix,
          ContinuationToken: token,
          ...(after === "" ? {} : { StartAfter: this.#root + after }),
        }),
      );
      for (const { Key, Size, ETag, LastModified } of page.Contents ?? []) {
        // "folder/" objects are made by consoles; they are no objects here.
        if (Key === undefined || Key.endsWith("/")) continue;
        yield infoOf(Key.slice(this.#root.length), Size, ETag, LastModified);
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async delete(path: string): Promise<void> {
    checkObjectPath(path);
    await this.#sending("delete", path, () => this.#client.deleteObject(this.#at(path)));
  }

  async local(path: string, scratch: string): Promise<string> {
    for (let tries = 1; ; tries++) {
      const info = await this.head(path);
      if (info === null) throw new NotFound(path);
      const name = createHash("sha256").update(`${this.url}\n${path}\n${info.etag}`).digest("hex");
      // The end of the name stays: readers go by its extension.
      const end = path.slice(path.lastIndexOf("/") + 1).slice(-40);
      const file = join(scratch, `${name.slice(0, 32)}-${end}`);
      if (await isFileOf(file, info.sizeBytes)) return file;
      try {
        await this.#download(path, info.etag, scratch, file);
        return file;
      } catch (error) {
        // Replaced while it was read: the new one then.
        if (!(error instanceof PreconditionFailed) || tries === triesMax) throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  #at(path: string) {
    return { Bucket: this.#bucket, Key: this.#root + path };
  }

  async #sending<T>(doing: string, path: string, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw s3Error(error, doing, { url: this.url, path, region: this.#region });
    }
  }

  async #retryConflict<T>(write: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await write();
      } catch (error) {
        if (!isConflict(error) || failures + 1 === triesMax) throw error;
        await wait(backoffMs(failures, 100, 2_000));
      }
    }
  }

  async #putBytes(path: string, Body: Buffer, options: PutOptions): Promise<{ etag: string }> {
    const id = randomUUID();
    try {
      const answer = await this.#retryConflict(() =>
        this.#client.putObject({
          ...this.#at(path),
          Body,
          ChecksumAlgorithm: "CRC32",
          Metadata: { [writeId]: id },
          ...conditionsOf(options),
        }),
      );
      return { etag: known(answer.ETag, "ETag") };
    } catch (error) {
      if (!isLost(error, options.ifMatch !== undefined)) throw error;
      return this.#ownWrite(path, id, new PreconditionFailed(path, { cause: error }));
    }
  }

  async #putParts(path: string, file: FileHandle, parts: Part[], options: PutOptions) {
    const id = randomUUID();
    const { UploadId } = await this.#client.createMultipartUpload({
      ...this.#at(path),
      ChecksumAlgorithm: "CRC32",
      Metadata: { [writeId]: id },
    });
    const upload = { ...this.#at(path), UploadId };
    try {
      const Parts = await this.#sendParts(upload, file, parts);
      const answer = await this.#client.completeMultipartUpload({
        ...upload,
        MultipartUpload: { Parts },
        ...conditionsOf(options),
      });
      return { etag: known(answer.ETag, "ETag") };
    } catch (error) {
      // Best effort: the fault that led here is the one to report, and a lifecycle rule removes what stays behind.
      await this.#client.abortMultipartUpload(upload).catch(() => undefined);
      if (isUploadGone(error)) return this.#ownWrite(path, id, error);
      if (!isLost(error, options.ifMatch !== undefined)) throw error;
      return this.#ownWrite(path, id, new PreconditionFailed(path, { cause: error }));
    }
  }

  async #sendParts(
    upload: { Bucket: string; Key: string; UploadId: string | undefined },
    file: FileHandle,
    parts: Part[],
  ): Promise<CompletedPart[]> {
    const stop = new AbortController();
    const limit = pLimit(partsInFlight);
    const send = async ({ number, start, sizeBytes }: Part): Promise<CompletedPart> => {
      stop.signal.throwIfAborted();
      const Body = Buffer.allocUnsafe(sizeBytes);
      const { bytesRead } = await file.read(Body, 0, sizeBytes, start);
      if (bytesRead !== sizeBytes) {
        throw new Permanent(`upload "${upload.Key}": the local file became shorter meanwhile`);
      }
      const answer = await this.#client.uploadPart(
        { ...upload, PartNumber: number, Body, ChecksumAlgorithm: "CRC32" },
        { abortSignal: stop.signal },
      );
      return { PartNumber: number, ETag: answer.ETag, ChecksumCRC32: answer.ChecksumCRC32 };
    };
    const sent = parts.map((part) => limit(() => send(part)));
    try {
      return await Promise.all(sent);
    } catch (error) {
      stop.abort();
      // Nothing of it may be under way when the upload is aborted: a late part would be stored, and billed, for ever.
      await Promise.allSettled(sent);
      throw error;
    }
  }

  /** The etag of the object if the write `id` made it; else throws `lost`. */
  async #ownWrite(path: string, id: string, lost: unknown): Promise<{ etag: string }> {
    try {
      const answer = await this.#client.headObject(this.#at(path));
      if (answer.Metadata?.[writeId] === id) return { etag: known(answer.ETag, "ETag") };
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    throw lost;
  }

  async #open(path: string, wanted: Partial<ObjectRange> = {}): Promise<Opened> {
    checkObjectPath(path);
    const first = await this.#read(path, wanted);
    const bytes = this.#readOn(path, first, wanted);
    const stream = Readable.from(bytes, { objectMode: false });
    // A stream that nobody reads never starts the generator, which would then not close the connection.
    stream.once("close", () => first.stream.destroy());
    return { stream, etag: first.etag };
  }

  /** The bytes of an answer; a broken connection is taken up again where it broke, as long as the object is the same. */
  async *#readOn(
    path: string,
    first: Opened & { endBytes: number },
    { from = 0, to }: Partial<ObjectRange>,
  ): AsyncGenerator<Buffer> {
    let position = from;
    let { stream } = first;
    for (let failures = 0; ; failures++) {
      try {
        for await (const chunk of stream) {
          yield chunk;
          position += chunk.length;
        }
        if (position === first.endBytes) return;
        throw new Error(`the answer ended after ${position} of ${first.endBytes} bytes`);
      } catch (error) {
        // With all bytes there it was the checksum; more of the same bytes would not help.
        if (position >= first.endBytes || failures + 1 === triesMax) {
          throw s3Error(error, "read", { url: this.url, path, region: this.#region });
        }
      } finally {
        stream.destroy();
      }
      await wait(backoffMs(failures, 200, 5_000));
      const rest = { from: position, etag: first.etag, ...(to === undefined ? {} : { to }) };
      ({ stream } = await this.#read(path, rest));
    }
  }

  async #read(path: string, { from = 0, to, etag }: Partial<ObjectRange>) {
    const isWhole = from === 0 && to === undefined;
    return this.#sending("read", path, async () => {
      try {
        const answer = await this.#client.getObject({
          ...this.#at(path),
          ...(isWhole ? {} : { Range: `bytes=${from}-${to === undefined ? "" : to - 1}` }),
          ...(etag === undefined ? {} : { IfMatch: etag }),
        });
        if (!(answer.Body instanceof Readable))
          throw new RetryLater(`read "${path}": no body`, 1_000);
        const endBytes = from + known(answer.ContentLength, "Content-Length");
        return { stream: answer.Body as Readable, etag: known(answer.ETag, "ETag"), endBytes };
      } catch (error) {
        if (isMissing(error)) throw new NotFound(path, { cause: error });
        if (isLost(error, false)) throw new PreconditionFailed(path, { cause: error });
        throw error;
      }
    });
  }

  async #download(path: string, etag: string, scratch: string, file: string): Promise<void> {
    await mkdir(scratch, { recursive: true });
    const { stream } = await this.#open(path, { etag });
    const temporary = join(
      scratch,
      `${temporaryPrefix}${process.pid}-${randomBytes(8).toString("hex")}`,
    );
    try {
      await pipeline(stream, createWriteStream(temporary, { flags: "wx", flush: true }));
      await rename(temporary, file);
    } finally {
      await rm(temporary, { force: true });
    }
  }
}

function conditionsOf(options: PutOptions): { IfNoneMatch?: string; IfMatch?: string } {
  if (options.ifMatch !== undefined) return { IfMatch: options.ifMatch };
  return options.ifAbsent ? { IfNoneMatch: "*" } : {};
}

async function isFileOf(file: string, sizeBytes: number): Promise<boolean> {
  const info = await stat(file).catch(() => null);
  return info?.size === sizeBytes;
}

function infoOf(
  path: string,
  size: number | undefined,
  etag: string | undefined,
  modified: Date | undefined,
): ObjectInfo {
  return {
    path,
    sizeBytes: known(size, "size"),
    etag: known(etag, "ETag"),
    modifiedMs: known(modified, "Last-Modified").getTime(),
  };
}

function known<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Permanent(`the S3 server's answer has no ${name}`);
  return value;
}
