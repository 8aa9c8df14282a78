// The body of an answer that is too long to be held: in a file on the pod's disk, packed as it comes, until it is in the lake.
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { PassThrough, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdCompress } from "node:zlib";
import { packingOf } from "../archive/unpack.ts";
import { isZip } from "../archive/zip.ts";
import { FetchFault } from "../fetch/fetch-fault.ts";
import type { BodySink, Spill } from "../fetch/spill.ts";
import { describeError } from "../std/errors.ts";

type Events = Parameters<Spill["open"]>[0];

/** Opened with a path; written once; deleted by whoever opened it. */
export class LongBody implements BodySink {
  readonly path: string;
  sizeBytes = 0;
  readonly #hash = createHash("sha256");
  readonly #events: Events;
  #stream: Transform | null = null;
  #written: Promise<void> = Promise.resolve();
  #isGivenUp = false;

  constructor(path: string, events: Events) {
    this.path = path;
    this.#events = events;
  }

  write(chunk: Buffer): boolean {
    this.sizeBytes += chunk.length;
    this.#hash.update(chunk);
    this.#stream ??= this.#open(chunk);
    return this.#stream.write(chunk);
  }

  end(done: () => void): void {
    this.#stream?.end();
    // A fault was told already.
    this.#written.then(
      () => this.#isGivenUp || done(),
      () => {},
    );
  }

  destroy(): void {
    this.#isGivenUp = true;
    this.#stream?.destroy();
  }

  /** sha256, hex, of all that was written. To be asked once, at its end. */
  digest(): string {
    return this.#hash.digest("hex");
  }

  async delete(): Promise<void> {
    this.destroy();
    await this.#written.catch(() => {});
    await rm(this.path, { force: true });
  }

  #open(first: Buffer): Transform {
    const stream =
      packingOf(first) === "none" && !isZip(first) ? createZstdCompress() : new PassThrough();
    stream.on("drain", () => this.#events.onDrain());
    this.#written = pipeline(stream, createWriteStream(this.path));
    this.#written.catch((error: unknown) => {
      if (this.#isGivenUp) return;
      this.#isGivenUp = true;
      const why = `a long body cannot be kept: ${describeError(error)}`;
      this.#events.onFault(new FetchFault("broken", why, { cause: error }));
    });
    return stream;
  }
}
