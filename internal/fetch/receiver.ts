// Takes in one answer from undici's `dispatch`, which is the cheapest way to be told of it: no stream, no promise per chunk.
import type { Dispatcher } from "undici";

/** What came over the wire: the body still in its codings, cut at `maxBytes` if `truncated`. Times in ms of `performance.now()`. */
export type Received = {
  status: number;
  statusText: string;
  headers: Record<string, string>;
  rawHeaders: [name: string, value: string][];
  body: Buffer;
  truncated: boolean;
  firstByteAtMs: number;
};

export type ReceiverEvents = {
  /** The request goes out on its connection now. */
  onSent: () => void;
  /** Called once. `isClean`: the connection can be used again. */
  onEnd: (received: Received, isClean: boolean) => void;
  /** Called once, instead of `onEnd`. */
  onFault: (error: unknown) => void;
};

export class Receiver implements Dispatcher.DispatchHandler {
  readonly #maxBytes: number;
  readonly #events: ReceiverEvents;
  #controller: Dispatcher.DispatchController | null = null;
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  #head: Omit<Received, "body" | "truncated"> | null = null;
  #isEnded = false;

  constructor(maxBytes: number, events: ReceiverEvents) {
    this.#maxBytes = maxBytes;
    this.#events = events;
  }

  /** Ends it with `error`, at once. */
  abort(error: Error): void {
    this.#fail(error);
    this.#controller?.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Sent again by itself after a connection was closed on it: that is for the frontier to do, when the host may be asked.
    if (this.#controller !== null) this.#fail(new Error("the connection was closed"));
    if (this.#isEnded) {
      controller.abort(new Error("ended"));
      return;
    }
    this.#controller = controller;
    this.#events.onSent();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText = "",
  ): void {
    // RFC 9110 section 15.2: interim answers come before the final one.
    if (status < 200) return;
    this.#head = {
      status,
      statusText,
      headers: flatHeaders(headers),
      rawHeaders: rawPairs(controller.rawHeaders ?? []),
      firstByteAtMs: performance.now(),
    };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isEnded) return;
    this.#sizeBytes += chunk.length;
    const overBytes = this.#sizeBytes - this.#maxBytes;
    if (overBytes <= 0) {
      this.#chunks.push(chunk);
      return;
    }
    this.#chunks.push(chunk.subarray(0, chunk.length - overBytes));
    this.#end(true);
    controller.abort(new Error("cut"));
  }

  onResponseEnd(): void {
    this.#end(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
    this.#fail(error);
  }

  #end(truncated: boolean): void {
    if (this.#isEnded || this.#head === null) return;
    this.#isEnded = true;
    const [first] = this.#chunks;
    const body =
      first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    this.#events.onEnd({ ...this.#head, body, truncated }, !truncated);
  }

  #fail(error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#events.onFault(error);
  }
}

function flatHeaders(
  headers: Record<string, string | string[] | undefined>,
): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined)
      flat[name.toLowerCase()] = typeof value === "string" ? value : value.join(", ");
  }
  return flat;
}

/** Names and values as they came; a character is a byte (Latin-1). Of HTTP/2, where all names are lower-case, in their order. */
function rawPairs(
  raw: NonNullable<Dispatcher.DispatchController["rawHeaders"]>,
): [string, string][] {
  const pairs: [string, string][] = [];
  if (Array.isArray(raw)) {
    for (let at = 0; at + 1 < raw.length; at += 2)
      pairs.push([latin1(raw[at] ?? ""), latin1(raw[at + 1] ?? "")]);
    return pairs;
  }
  for (const [name, value] of Object.entries(raw)) {
    for (const each of Array.isArray(value) ? value : [value ?? ""]) pairs.push([name, each]);
  }
  return pairs;
}

function latin1(text: Buffer | string): string {
  return typeof text === "string" ? text : text.toString("latin1");
}
