// Where a body goes that is too long to be held: whoever asks for a page may give its receiver such a place.
import type { FetchFault } from "./fetch-fault.ts";

/** A place that one body is written to. */
export type BodySink = {
  /** False: wait for `onDrain` before the next one. */
  write(chunk: Buffer): boolean;
  /** All has come; `done` is called when all is written. */
  end(done: () => void): void;
  /** Nobody wants it any more. */
  destroy(): void;
};

/** Bodies of more than `aboveBytes`, of answers with a status of success, are written to what `open` gives. */
export type Spill = {
  aboveBytes: number;
  open(events: { onDrain: () => void; onFault: (fault: FetchFault) => void }): BodySink;
};

/**
 * Gathers the pieces of one body: held up to `maxBytes`, or spilled above `aboveBytes`. Its owner counts what comes, and cuts
 * it.
 */
export class Gathering {
  readonly #spill: Spill | null;
  readonly #events: { onDrain: () => void; onFault: (fault: FetchFault) => void };
  #chunks: Buffer[] = [];
  #heldBytes = 0;
  #sink: BodySink | null = null;

  constructor(spill: Spill | null, events: Parameters<Spill["open"]>[0]) {
    this.#spill = spill;
    this.#events = events;
  }

  /** False: wait for `onDrain`. */
  add(chunk: Buffer): boolean {
    if (this.#sink !== null) return this.#sink.write(chunk);
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#spill === null || this.#heldBytes <= this.#spill.aboveBytes) return true;
    this.#sink = this.#spill.open(this.#events);
    let goesOn = true;
    for (const each of this.#chunks) goesOn = this.#sink.write(each) && goesOn;
    this.#chunks = [];
    return goesOn;
  }

  /** `done` is given what is held: nothing of a body that was spilled. */
  end(done: (body: Buffer) => void): void {
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#chunks = [];
    if (this.#sink === null) done(body);
    else this.#sink.end(() => done(body));
  }

  destroy(): void {
    this.#chunks = [];
    this.#sink?.destroy();
  }
}
