// Takes in one answer from undici's `dispatch`, which is the cheapest way to be told of it: no stream, no promise per chunk.
// States: waiting (for a connection) -> sent -> head -> (gathering | unpacking) -> ended. Whatever happens, exactly one of
// `onEnd` and `onFault` is called, and `onFree` once before it or with it.
import type { Dispatcher } from "undici";
import { codingsOf, unpackWhole } from "./content-codings.ts";
import { FetchFault } from "./fetch-fault.ts";
import { Gathering, type Spill } from "./spill.ts";
import { Unpacking } from "./unpacking.ts";

/** `body`: without its content codings, cut at `maxBytes` if `truncated`; empty when it was spilled. `firstByteAtMs` by `performance.now()`. */
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
  /** The request goes out on its connection now. What it throws ends the request, and nothing is sent. */
  onSent: () => void;
  /** Whether the body of a final answer is to be read; else it ends as cut, without any. */
  wantsBody: (status: number, headers: Record<string, string>) => boolean;
  /** The connection is not needed any more. `isClean`: it can be used again. */
  onFree: (isClean: boolean) => void;
  onEnd: (received: Received) => void;
  onFault: (error: unknown) => void;
};

/** Packed bodies up to this are unpacked when they are whole. */
const wholeBytes = 64 * 1024;

export class Receiver implements Dispatcher.DispatchHandler {
  readonly #maxBytes: number;
  readonly #events: ReceiverEvents;
  #controller: Dispatcher.DispatchController | null = null;
  #head: Omit<Received, "body" | "truncated"> | null = null;
  #codings: ReturnType<typeof codingsOf> = [];
  #unpacking: Unpacking | null = null;
  #chunks: Buffer[] = [];
  readonly #spill: Spill | null;
  /** Of a body without content codings that may be spilled. */
  #gathering: Gathering | null = null;
  #sizeBytes = 0;
  #isFree = false;
  #isEnded = false;
  #isCut = false;

  constructor(maxBytes: number, spill: Spill | null, events: ReceiverEvents) {
    this.#maxBytes = maxBytes;
    this.#spill = spill;
    this.#events = events;
  }

  get isSent(): boolean {
    return this.#controller !== null;
  }

  /** Ends it with `reason`, at once. */
  abort(reason: unknown): void {
    this.#fail(reason);
    this.#controller?.abort(new Error("stopped", { cause: reason }));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A request that a closing HTTP/2 connection left is sent once more by undici: that is for the frontier to do, when the
    // host may be asked again.
    if (this.#controller !== null) this.#fail(new Error("the connection was closed"));
    if (this.#isEnded) {
      controller.abort(new Error("ended"));
      return;
    }
    this.#controller = controller;
    try {
      this.#events.onSent();
    } catch (error) {
      this.abort(error);
    }
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText = "",
  ): void {
    // RFC 9110 section 15.2: interim answers come before the final one.
    if (this.#isEnded || status < 200) return;
    const flat = flatHeaders(headers);
    this.#head = {
      status,
      statusText,
      headers: flat,
      rawHeaders: rawPairs(controller.rawHeaders ?? []),
      firstByteAtMs: performance.now(),
    };
    if (!this.#events.wantsBody(status, flat)) {
      this.#free(false);
      this.#end(Buffer.alloc(0), true);
      controller.abort(new Error("not wanted"));
      return;
    }
    const coding = flat["content-encoding"];
    if (coding === undefined) return;
    try {
      this.#codings = codingsOf(coding);
    } catch (fault) {
      this.abort(fault);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isEnded || this.#isCut) return;
    if (this.#unpacking !== null) {
      if (!this.#unpacking.write(chunk)) controller.pause();
      return;
    }
    this.#sizeBytes += chunk.length;
    const spill = this.#spillOf();
    if (spill !== null && this.#codings.length === 0) {
      this.#gathering ??= new Gathering(spill, {
        onDrain: () => this.#controller?.resume(),
        onFault: (fault) => this.abort(fault),
      });
      this.#gather(this.#gathering, chunk, controller);
      return;
    }
    this.#chunks.push(chunk);
    if (this.#codings.length > 0) {
      if (this.#sizeBytes > wholeBytes) this.#startUnpacking();
    } else if (this.#sizeBytes > this.#maxBytes) {
      const body = joined(this.#chunks).subarray(0, this.#maxBytes);
      this.#free(false);
      this.#end(body, true);
      controller.abort(new Error("cut"));
    }
  }

  onResponseEnd(): void {
    this.#free(true);
    if (this.#isEnded) return;
    if (this.#unpacking !== null) {
      this.#unpacking.end();
      return;
    }
    if (this.#gathering !== null) {
      this.#gathering.end((body) => this.#end(body, false));
      return;
    }
    if (this.#codings.length === 0 || this.#sizeBytes === 0) {
      this.#end(joined(this.#chunks), false);
      return;
    }
    try {
      const body = unpackWhole(joined(this.#chunks), this.#codings, this.#maxBytes);
      if (body !== null) {
        this.#end(body, false);
        return;
      }
    } catch (fault) {
      this.#fail(fault);
      return;
    }
    // Too long, or a bomb: the other way cuts the one and names the other.
    this.#startUnpacking().end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
    // It was ended here, and what there is of it is being written.
    if (!this.#isCut) this.#fail(error);
  }

  #spillOf(): Spill | null {
    const status = this.#head?.status ?? 0;
    return status >= 200 && status < 300 ? this.#spill : null;
  }

  #gather(gathering: Gathering, chunk: Buffer, controller: Dispatcher.DispatchController): void {
    const overBytes = this.#sizeBytes - this.#maxBytes;
    if (overBytes <= 0) {
      if (!gathering.add(chunk)) controller.pause();
      return;
    }
    gathering.add(chunk.subarray(0, chunk.length - overBytes));
    this.#isCut = true;
    gathering.end((body) => this.#end(body, true));
    this.#free(false);
    controller.abort(new Error("cut"));
  }

  #startUnpacking(): Unpacking {
    const stop = () => {
      this.#free(false);
      this.#controller?.abort(new Error("cut"));
    };
    const unpacking = new Unpacking(this.#codings, this.#maxBytes, this.#spillOf(), {
      onDrain: () => this.#controller?.resume(),
      onEnd: (body, truncated) => {
        if (truncated) stop();
        this.#end(body, truncated);
      },
      onFault: (fault) => {
        stop();
        this.#fail(fault);
      },
    });
    this.#unpacking = unpacking;
    let goesOn = true;
    for (const chunk of this.#chunks) goesOn = unpacking.write(chunk) && goesOn;
    this.#chunks = [];
    if (!goesOn && !this.#isFree) this.#controller?.pause();
    return unpacking;
  }

  #free(isClean: boolean): void {
    if (this.#isFree) return;
    this.#isFree = true;
    this.#events.onFree(isClean);
  }

  #end(body: Buffer, truncated: boolean): void {
    if (this.#isEnded) return;
    if (this.#head === null) {
      this.#fail(new FetchFault("broken", "the answer has no head"));
      return;
    }
    this.#isEnded = true;
    this.#events.onEnd({ ...this.#head, body, truncated });
  }

  #fail(error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#unpacking?.destroy();
    this.#gathering?.destroy();
    this.#chunks = [];
    this.#free(false);
    this.#events.onFault(error);
  }
}

function joined(chunks: Buffer[]): Buffer {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
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
