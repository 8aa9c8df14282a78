// A scratch file that is written record by record, with backpressure: records are copied into blocks that are used again, so that
// a gigabyte of them leaves no dead buffers.
import { type FileHandle, open } from "node:fs/promises";

const blockBytes = 1024 * 1024;
/** Written when a chunk of input may not fit behind it any more. */
const flushBytes = 0.75 * blockBytes;

/** Open from {@link openLineFile} to `close`. `write` copies, and never waits: await `drained` between chunks of input. */
export class LineFile {
  readonly path: string;
  /** Calls of `write`, and the longest of them. */
  records = 0;
  longestBytes = 0;
  readonly #file: FileHandle;
  /** Blocks that are full. */
  #full: Buffer[] = [];
  #block: Buffer = Buffer.allocUnsafeSlow(blockBytes);
  #spare: Buffer | null = null;
  #usedBytes = 0;

  constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  write(record: Buffer) {
    this.records++;
    this.longestBytes = Math.max(this.longestBytes, record.length);
    if (this.#usedBytes + record.length > this.#block.length) {
      this.#full.push(this.#block.subarray(0, this.#usedBytes));
      this.#block = Buffer.allocUnsafeSlow(Math.max(blockBytes, record.length));
      this.#usedBytes = 0;
    }
    this.#block.set(record, this.#usedBytes);
    this.#usedBytes += record.length;
  }

  async drained(): Promise<void> {
    if (this.#full.length > 0 || this.#usedBytes >= flushBytes) await this.#flush();
  }

  async close(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.#file.close();
    }
  }

  async #flush() {
    const last = this.#block;
    const blocks = [...this.#full, last.subarray(0, this.#usedBytes)];
    this.#full = [];
    this.#block = this.#spare ?? Buffer.allocUnsafeSlow(blockBytes);
    this.#spare = null;
    this.#usedBytes = 0;
    // Each goes on from the current position, and writes all of the block.
    for (const block of blocks) await this.#file.writeFile(block);
    if (last.length === blockBytes) this.#spare = last;
  }
}

/** Makes or empties a file. */
export async function openLineFile(path: string): Promise<LineFile> {
  return new LineFile(path, await open(path, "w"));
}
