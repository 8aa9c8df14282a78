// Requests to one IP address, whatever hosts share it: thousands of small sites stand on one server, and what each of them
// allows is too much for it when all are asked at once. A turn is: waited for -> taken -> sent -> ended; at an address one
// at a time is unsent, so that a gap is one on the wire, too.
//
// All pods together keep an address's pace: each keeps its part of it, by the number of pods it knows of.
import type { AddressPace } from "../model/pipeline.ts";
import type { Clock } from "../std/clock.ts";

/** The leave to send one request, after `waitedMs`. Both may be called again, to no effect. */
export type AddressTurn = { readonly waitedMs: number; sent(): void; ended(): void };

type Waiter = { pace: AddressPace; sinceMs: number; grant: (turn: AddressTurn | null) => void };
type Shared = {
  lastSentMs: number;
  lastGapMs: number;
  inFlight: number;
  hasUnsent: boolean;
  waiting: Waiter[];
  callOff: (() => void) | null;
};

/** Added to every gap: the network is not equally slow for every request. */
const marginMs = 2;
/** Addresses remembered, about, beyond those in use. */
const maxAddresses = 20_000;

export class AddressTurns {
  readonly #clock: Clock;
  readonly #podCount: () => number;
  readonly #onWait: (change: 1 | -1) => void;
  readonly #shared = new Map<string, Shared>();
  #isClosed = false;

  /** `podCount`: pods that crawl, this one included. `onWait`: one more, or one less, waits for its turn. */
  constructor(clock: Clock, podCount: () => number, onWait: (change: 1 | -1) => void) {
    this.#clock = clock;
    this.#podCount = podCount;
    this.#onWait = onWait;
  }

  /** The next turn at an address, in the order in which they are asked for; null once this is closed. Throws the signal's reason. */
  take(address: string, pace: AddressPace, signal: AbortSignal): Promise<AddressTurn | null> {
    signal.throwIfAborted();
    if (this.#isClosed) return Promise.resolve(null);
    const shared = this.#of(address);
    return new Promise((resolve, reject) => {
      this.#onWait(1);
      const leave = () => {
        signal.removeEventListener("abort", abort);
        this.#onWait(-1);
      };
      const abort = () => {
        shared.waiting = shared.waiting.filter((each) => each !== waiter);
        leave();
        reject(signal.reason);
      };
      const grant = (turn: AddressTurn | null) => {
        leave();
        resolve(turn);
      };
      const waiter = { pace, sinceMs: this.#clock.steadyMs(), grant };
      shared.waiting.push(waiter);
      signal.addEventListener("abort", abort);
      this.#serve(shared);
    });
  }

  /** Nobody gets a turn any more. */
  close(): void {
    this.#isClosed = true;
    for (const shared of this.#shared.values()) {
      shared.callOff?.();
      for (const { grant } of shared.waiting.splice(0)) grant(null);
    }
  }

  #of(address: string): Shared {
    let shared = this.#shared.get(address);
    if (shared === undefined) {
      if (this.#shared.size >= maxAddresses) this.#forgetQuiet();
      shared = {
        lastSentMs: Number.NEGATIVE_INFINITY,
        lastGapMs: 0,
        inFlight: 0,
        hasUnsent: false,
        waiting: [],
        callOff: null,
      };
      this.#shared.set(address, shared);
    }
    return shared;
  }

  #serve(shared: Shared): void {
    const [first] = shared.waiting;
    if (first === undefined || shared.hasUnsent || this.#isClosed) return;
    const pods = Math.max(1, this.#podCount());
    const { perSecond, concurrency } = first.pace;
    if (shared.inFlight >= Math.max(1, Math.floor(concurrency / pods))) return;
    const gapMs = (1_000 / perSecond) * pods + marginMs;
    const nowMs = this.#clock.steadyMs();
    const waitMs = shared.lastSentMs + Math.max(gapMs, shared.lastGapMs) - nowMs;
    shared.callOff?.();
    shared.callOff = null;
    if (waitMs > 0) {
      shared.callOff = this.#clock.setTimer(() => {
        shared.callOff = null;
        this.#serve(shared);
      }, waitMs);
      return;
    }
    shared.waiting.shift();
    shared.inFlight += 1;
    shared.hasUnsent = true;
    first.grant(this.#turn(shared, gapMs, nowMs - first.sinceMs));
  }

  #turn(shared: Shared, gapMs: number, waitedMs: number): AddressTurn {
    let state: "taken" | "sent" | "ended" = "taken";
    return {
      waitedMs,
      sent: () => {
        if (state !== "taken") return;
        state = "sent";
        shared.hasUnsent = false;
        shared.lastSentMs = this.#clock.steadyMs();
        shared.lastGapMs = gapMs;
        this.#serve(shared);
      },
      ended: () => {
        if (state === "ended") return;
        if (state === "taken") shared.hasUnsent = false;
        state = "ended";
        shared.inFlight -= 1;
        this.#serve(shared);
      },
    };
  }

  #forgetQuiet(): void {
    const nowMs = this.#clock.steadyMs();
    for (const [address, shared] of this.#shared) {
      const isQuiet = shared.inFlight === 0 && shared.waiting.length === 0;
      if (isQuiet && shared.lastSentMs + shared.lastGapMs <= nowMs) this.#shared.delete(address);
    }
  }
}
