// A body that is unpacked while it comes. Holds what has been unpacked, up to the limit, and never the packed bytes.
import type { Transform } from "node:stream";
import { type codingsOf, damaged, mostUnpackedBytes, unpackStream } from "./content-codings.ts";
import { FetchFault } from "./fetch-fault.ts";
import { Gathering, type Spill } from "./spill.ts";

export type UnpackingEvents = {
  /** After `write` gave false: more may come. */
  onDrain: () => void;
  /** Once. `truncated`: cut at the limit, and no more is wanted. */
  onEnd: (body: Buffer, truncated: boolean) => void;
  /** Once, instead of `onEnd`. */
  onFault: (fault: FetchFault) => void;
};

export class Unpacking {
  readonly #codings: ReturnType<typeof codingsOf>;
  readonly #maxBytes: number;
  readonly #events: UnpackingEvents;
  #streams: Transform[] = [];
  #packedBytes = 0;
  readonly #gathering: Gathering;
  #sizeBytes = 0;
  /** Nothing more is unpacked; what there is may still be on its way to where it goes. */
  #isStopped = false;
  #isEnded = false;

  /** `codings`: at least one. `spill`: where a long body goes. */
  constructor(
    codings: ReturnType<typeof codingsOf>,
    maxBytes: number,
    spill: Spill | null,
    events: UnpackingEvents,
  ) {
    this.#codings = codings;
    this.#maxBytes = maxBytes;
    this.#events = events;
    this.#gathering = new Gathering(spill, {
      onDrain: () => this.#streams.at(-1)?.resume(),
      onFault: (fault) => this.#fail(fault),
    });
  }

  /** False: wait for `onDrain`. */
  write(packed: Buffer): boolean {
    if (this.#isStopped) return true;
    this.#packedBytes += packed.length;
    if (this.#streams.length === 0) this.#open(packed);
    return this.#streams[0]?.write(packed) ?? true;
  }

  /** All has come. */
  end(): void {
    this.#streams[0]?.end();
  }

  /** Nobody wants it any more: no event follows. */
  destroy(): void {
    this.#isEnded = true;
    this.#stop();
    this.#gathering.destroy();
  }

  #stop(): void {
    this.#isStopped = true;
    for (const stream of this.#streams) stream.destroy();
  }

  #open(first: Buffer): void {
    // "deflate" inside of another coding is taken for what it should be.
    this.#streams = this.#codings.map((coding, at) =>
      unpackStream(coding, at === 0 ? first : Buffer.from([8])),
    );
    for (const [at, stream] of this.#streams.entries()) {
      stream.on("error", (error) => {
        if (!this.#isStopped) this.#fail(damaged(this.#codings[at] ?? "", error));
      });
      const next = this.#streams[at + 1];
      if (next !== undefined) stream.pipe(next);
    }
    this.#streams[0]?.on("drain", () => this.#events.onDrain());
    const last = this.#streams.at(-1);
    last?.on("data", (chunk: Buffer) => this.#take(chunk));
    last?.on("end", () => this.#finish(false));
  }

  #take(chunk: Buffer): void {
    if (this.#isStopped) return;
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > mostUnpackedBytes(this.#packedBytes)) {
      const name = [...this.#codings].reverse().join(", ");
      const why = `the ${name} body is a bomb: ${this.#packedBytes} bytes became more than ${this.#sizeBytes - chunk.length}`;
      this.#fail(new FetchFault("decode", why));
      return;
    }
    const overBytes = this.#sizeBytes - this.#maxBytes;
    const kept = overBytes > 0 ? chunk.subarray(0, chunk.length - overBytes) : chunk;
    const goesOn = this.#gathering.add(kept);
    if (overBytes > 0) this.#finish(true);
    else if (!goesOn) this.#streams.at(-1)?.pause();
  }

  #finish(truncated: boolean): void {
    if (this.#isStopped) return;
    this.#stop();
    this.#gathering.end((body) => {
      if (this.#isEnded) return;
      this.#isEnded = true;
      this.#events.onEnd(body, truncated);
    });
  }

  #fail(fault: FetchFault): void {
    if (this.#isEnded) return;
    this.destroy();
    this.#events.onFault(fault);
  }
}
