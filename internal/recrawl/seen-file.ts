// A file of what is known of URLs, sorted by fingerprint: zstd frames of some hundred lines each, then an index of the frames
// in a skippable frame (RFC 8878 section 3.1.2), so that `zstd -dc` shows all lines. A line is the fingerprint as 16 hex
// digits, a space, and JSON. Only the index is in memory: 16 bytes a frame, 0.4 a URL.
import { readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { zstdDecompress, zstdDecompressSync } from "node:zlib";
import { Permanent } from "../std/errors.ts";
import { packZstd } from "../std/pack-zstd.ts";

/** `key`: 16 hex digits. `json`: without line ends. */
export type SeenLine = { key: string; json: string };

const decompress = promisify(zstdDecompress);
const frameChars = 16 * 1024;
/** No line is longer than this, and no frame unpacks to more than it and `frameChars`. */
const maxLineChars = 1024 * 1024;
const skippableMagic = 0x184d2a5e;
const entryBytes = 16;
const trailer = Buffer.from("onpoint seen v1\n");
const trailerBytes = 4 + trailer.length;

/**
 * The bytes of a file with these lines, in pieces. Throws when they are not in ascending order of their keys, each once, or
 * one is too long.
 */
export async function* seenFileChunks(
  lines: AsyncIterable<SeenLine> | Iterable<SeenLine>,
): AsyncGenerator<Buffer> {
  const index: Buffer[] = [];
  let text = "";
  let firstKey = "";
  let lastKey = "";
  let offset = 0;
  const close = async () => {
    const data = await packZstd(Buffer.from(text));
    const entry = Buffer.alloc(entryBytes);
    entry.write(firstKey, 0, 8, "hex");
    entry.writeUIntBE(offset, 8, 5);
    entry.writeUIntBE(data.length, 13, 3);
    index.push(entry);
    offset += data.length;
    text = "";
    return data;
  };
  for await (const { key, json } of lines) {
    if (key <= lastKey) throw new Error(`write seen pages: "${key}" comes after "${lastKey}"`);
    if (json.length > maxLineChars) throw new Error(`write seen pages: "${key}" is too long`);
    if (text === "") firstKey = key;
    lastKey = key;
    text += `${key} ${json}\n`;
    if (text.length >= frameChars) yield await close();
  }
  if (text !== "") yield await close();
  const count = Buffer.alloc(4);
  count.writeUInt32LE(index.length);
  const content = Buffer.concat([...index, count, trailer]);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(skippableMagic, 0);
  head.writeUInt32LE(content.length, 4);
  yield Buffer.concat([head, content]);
}

/** A file that was opened for reading. */
export class SeenFile implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #index: Buffer;
  #cached = { frame: -1, text: "" };

  private constructor(handle: FileHandle, path: string, index: Buffer) {
    this.#handle = handle;
    this.#path = path;
    this.#index = index;
  }

  /** Throws Permanent when the file is not whole. */
  static async open(path: string): Promise<SeenFile> {
    const handle = await open(path, "r");
    try {
      return new SeenFile(handle, path, await readIndex(handle, path));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Bytes it holds in memory, beside one frame. */
  get sizeBytes(): number {
    return this.#index.length;
  }

  /** The JSON of a key, or null. Reads one frame; from the disk, synchronously: it is asked once a request. */
  find(key: string): string | null {
    const frameNumber = this.#frameOf(key);
    if (frameNumber < 0) return null;
    if (this.#cached.frame !== frameNumber) {
      const { offset, length } = this.#place(frameNumber);
      const data = Buffer.allocUnsafe(length);
      if (readSync(this.#handle.fd, data, 0, length, offset) < length) throw notWhole(this.#path);
      this.#cached = { frame: frameNumber, text: `\n${zstdDecompressSync(data).toString("utf8")}` };
    }
    const { text } = this.#cached;
    const at = text.indexOf(`\n${key} `);
    return at < 0 ? null : text.slice(at + key.length + 2, text.indexOf("\n", at + 1));
  }

  /** All lines, in ascending order of their keys. */
  async *lines(): AsyncGenerator<SeenLine> {
    for await (const some of this.frames()) yield* some;
  }

  /** The same, a frame at a time. */
  async *frames(): AsyncGenerator<SeenLine[]> {
    for (let number = 0; number < this.#index.length / entryBytes; number++) {
      const { offset, length } = this.#place(number);
      const data = Buffer.allocUnsafe(length);
      const { bytesRead } = await this.#handle.read(data, 0, length, offset);
      if (bytesRead < length) throw notWhole(this.#path);
      const text = (await decompress(data)).toString("utf8");
      yield text
        .slice(0, -1)
        .split("\n")
        .map((line) => ({ key: line.slice(0, 16), json: line.slice(17) }));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  /** The last frame that begins at or before the key. */
  #frameOf(key: string): number {
    const wanted = Buffer.from(key, "hex");
    let low = 0;
    let high = this.#index.length / entryBytes;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = middle * entryBytes;
      if (this.#index.compare(wanted, 0, 8, at, at + 8) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #place(number: number): { offset: number; length: number } {
    const at = number * entryBytes + 8;
    return { offset: this.#index.readUIntBE(at, 5), length: this.#index.readUIntBE(at + 5, 3) };
  }
}

async function readIndex(handle: FileHandle, path: string): Promise<Buffer> {
  const { size } = await handle.stat();
  if (size < trailerBytes + 8) throw notWhole(path);
  const end = Buffer.alloc(trailerBytes);
  await handle.read(end, 0, trailerBytes, size - trailerBytes);
  const indexBytes = end.readUInt32LE(0) * entryBytes;
  if (!end.subarray(4).equals(trailer) || indexBytes > size) throw notWhole(path);
  const index = Buffer.alloc(indexBytes);
  await handle.read(index, 0, indexBytes, size - trailerBytes - indexBytes);
  return index;
}

function notWhole(path: string): Permanent {
  return new Permanent(`read "${path}": it is not a whole file of seen pages`);
}
