// A scratch file that is written record by record, in blocks, with backpressure.
import { type FileHandle, open } from "node:fs/promises";

const blockBytes = 1024 * 1024;

/** Open from {@link openLineFile} to `close`. `write` never waits: await `drained` between chunks of input. */
export class LineFile {
  readonly path: string;
  /** Calls of `write`, and the longest of them. */
  records = 0;
  longestBytes = 0;
  readonly #file: FileHandle;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  write(record: Buffer) {
    this.records++;
    this.longestBytes = Math.max(this.longestBytes, record.length);
    this.#waiting.push(record);
    this.#waitingBytes += record.length;
  }

  async drained(): Promise<void> {
    if (this.#waitingBytes >= blockBytes) await this.#flush();
  }

  async close(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.#file.close();
    }
  }

  async #flush() {
    const block = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    // writeFile goes on from the current position, and writes all of the block.
    await this.#file.writeFile(block);
  }
}

/** Makes or empties a file. */
export async function openLineFile(path: string): Promise<LineFile> {
  return new LineFile(path, await open(path, "w"));
}
