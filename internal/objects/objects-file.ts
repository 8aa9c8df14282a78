// Objects on disk (`file:`). objects.ts has the contract; durable-file.ts and folder-lock.ts have what makes it hold.
import { type BigIntStats, linkSync, renameSync, statSync, unlinkSync, utimesSync } from "node:fs";
import { access, open, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { UsageError } from "../std/errors.ts";
import {
  etagOf,
  type FileBody,
  makeFolder,
  stampAfter,
  syncFolder,
  writeTemporary,
} from "./durable-file.ts";
import { codeOf, tryFile } from "./file-errors.ts";
import { isGone, statFile, walkFiles } from "./file-walk.ts";
import { FolderLock } from "./folder-lock.ts";
import { checkObjectPath } from "./object-path.ts";
import {
  NotFound,
  type ObjectInfo,
  type ObjectRange,
  type Objects,
  PreconditionFailed,
  type PutOptions,
} from "./objects.ts";

/**
 * Opens the folder of a `file:///absolute/folder` URL; the first write creates it. Throws UsageError for another URL, and
 * a write throws it for a folder that cannot be written.
 */
export async function openFileObjects(url: string): Promise<Objects> {
  return new FileObjects(folderOf(url));
}

function folderOf(url: string): string {
  if (!url.startsWith("file:/")) throw notAFolder(url);
  try {
    const folder = fileURLToPath(url);
    return folder.length > 1 ? folder.replace(/\/+$/, "") : folder;
  } catch (error) {
    throw notAFolder(url, error);
  }
}

function notAFolder(url: string, cause?: unknown): UsageError {
  const fix = "Write it as file:///absolute/folder.";
  return new UsageError("not the absolute URL of a local folder", url, fix, { cause });
}

class FileObjects implements Objects {
  readonly url: string;
  readonly #root: string;
  readonly #lock: FolderLock;
  readonly #synced = new Set<string>();

  constructor(root: string) {
    this.url = pathToFileURL(root).href;
    this.#root = root;
    this.#lock = new FolderLock(root);
  }

  async put(path: string, body: Uint8Array | string, options: PutOptions = {}) {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    return this.#write(path, { bytes }, options);
  }

  async putFile(path: string, localFile: string, options: PutOptions = {}) {
    await tryFile("read", localFile, this.#root, () => access(localFile));
    return this.#write(path, { localFile }, options);
  }

  async get(path: string) {
    return this.#reading(path, async (absolute) => {
      // Stat and bytes of one open file: a path could have been swapped between the two.
      const file = await open(absolute, "r");
      try {
        const info = await file.stat({ bigint: true });
        return { body: await file.readFile(), etag: etagOf(info) };
      } finally {
        await file.close();
      }
    });
  }

  async open(path: string, range?: ObjectRange): Promise<Readable> {
    return this.#reading(path, async (absolute) => {
      const file = await open(absolute, "r");
      const info = await file.stat({ bigint: true });
      const isOther = range?.etag !== undefined && range.etag !== etagOf(info);
      if (info.isFile() && !isOther) return file.createReadStream(bytesIn(range));
      await file.close();
      throw isOther ? new PreconditionFailed(path) : new NotFound(path);
    });
  }

  async head(path: string): Promise<ObjectInfo | null> {
    checkObjectPath(path);
    const info = await statFile(this.#root, path);
    return info && infoOf(path, info);
  }

  async *list(prefix: string, after = ""): AsyncGenerator<ObjectInfo> {
    if (prefix !== "") checkObjectPath(prefix.replace(/\/$/, ""));
    for await (const { path, info } of walkFiles(this.#root, prefix, after)) {
      yield infoOf(path, info);
    }
  }

  async delete(path: string): Promise<void> {
    if ((await this.head(path)) === null) return;
    const absolute = join(this.#root, path);
    const doing = () =>
      this.#lock.hold(() => {
        if (statOrNull(absolute)) unlinkSync(absolute);
      });
    await tryFile("delete", absolute, this.#root, doing);
    await this.#syncFolderOf(absolute);
  }

  async local(path: string): Promise<string> {
    if ((await this.head(path)) === null) throw new NotFound(path);
    return join(this.#root, path);
  }

  async close(): Promise<void> {
    this.#lock.close();
  }

  async #reading<T>(path: string, read: (absolute: string) => Promise<T>): Promise<T> {
    checkObjectPath(path);
    const absolute = join(this.#root, path);
    return tryFile("read", absolute, this.#root, async () => {
      try {
        return await read(absolute);
      } catch (error) {
        if (isGone(error) || codeOf(error) === "EISDIR") throw new NotFound(path, { cause: error });
        throw error;
      }
    });
  }

  async #write(path: string, body: FileBody, options: PutOptions): Promise<{ etag: string }> {
    checkObjectPath(path);
    const absolute = join(this.#root, path);
    const folder = dirname(absolute);
    const temporary = await tryFile("write", absolute, this.#root, () =>
      this.#writeBeside(folder, body),
    );
    try {
      const etag =
        (options.ifMatch === undefined && (await this.#create(path, temporary, options))) ||
        (await this.#replace(path, temporary, options));
      await this.#syncFolderOf(absolute);
      return { etag };
    } finally {
      await unlink(temporary).catch((error: unknown) => {
        if (!isGone(error)) throw error;
      });
    }
  }

  /** Writes into a folder that is there as a rule: only when it is not is it made. */
  async #writeBeside(folder: string, body: FileBody): Promise<string> {
    if (this.#synced.has(folder)) {
      try {
        return await writeTemporary(folder, body);
      } catch (error) {
        if (!isGone(error)) throw error;
        this.#synced.clear();
      }
    }
    await makeFolder(this.#root, folder, this.#synced);
    return writeTemporary(folder, body);
  }

  /** Gives the new file its name if that is free (link(2) decides a race); null when it is not and that is allowed. */
  async #create(path: string, temporary: string, options: PutOptions): Promise<string | null> {
    const absolute = join(this.#root, path);
    return tryFile("write", absolute, this.#root, () => {
      const etag = etagOf(statSync(temporary, { bigint: true }));
      try {
        linkSync(temporary, absolute);
        return etag;
      } catch (error) {
        if (codeOf(error) !== "EEXIST" || isFolder(absolute)) throw error;
        if (options.ifAbsent) throw new PreconditionFailed(path, { cause: error });
        return null;
      }
    });
  }

  /** Puts the new file in the place of the old one, if that is still the one that is meant. */
  async #replace(path: string, temporary: string, options: PutOptions): Promise<string> {
    const absolute = join(this.#root, path);
    const doing = () =>
      this.#lock.hold(() => {
        const old = statOrNull(absolute);
        if (options.ifMatch !== undefined && (!old || etagOf(old) !== options.ifMatch)) {
          throw new PreconditionFailed(path);
        }
        const stampSeconds = stampAfter(old ? Number(old.mtimeNs / 1_000_000n) : 0) / 1_000;
        utimesSync(temporary, stampSeconds, stampSeconds);
        const etag = etagOf(statSync(temporary, { bigint: true }));
        renameSync(temporary, absolute);
        return etag;
      });
    return tryFile("write", absolute, this.#root, doing);
  }

  async #syncFolderOf(absolute: string): Promise<void> {
    await tryFile("sync the folder of", absolute, this.#root, () => syncFolder(dirname(absolute)));
  }
}

function infoOf(path: string, info: BigIntStats): ObjectInfo {
  return {
    path,
    sizeBytes: Number(info.size),
    etag: etagOf(info),
    modifiedMs: Number(info.mtimeNs / 1_000_000n),
  };
}

/** Options of a read stream, which counts the last byte in. */
const bytesIn = (range: ObjectRange | undefined) =>
  range === undefined ? {} : { start: range.from, end: range.to - 1 };

function statOrNull(absolute: string): BigIntStats | null {
  return statSync(absolute, { bigint: true, throwIfNoEntry: false }) ?? null;
}

function isFolder(absolute: string): boolean {
  return statOrNull(absolute)?.isDirectory() ?? false;
}
