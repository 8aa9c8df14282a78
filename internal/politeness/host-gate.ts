// The politeness of one host: when the next request to it may start. No clock and no timer of its own, so that its promises
// can be tested on a virtual one. Times are epoch milliseconds.
//
// States: open -> (a failed answer) -> blocked until a time -> open. What a failure costs climbs one of two ladders:
// "slow" for 429 without Retry-After, "fault" for 5xx and network faults. Failures that come while a block lasts belong to
// requests that were under way when it began: they are the same incident and climb nothing.
import { Fatal } from "../std/errors.ts";

/** How a request ended, as far as the host's pace is concerned. */
export type HostOutcome =
  | { kind: "ok" }
  /** The host named a time, by Retry-After, with any status. */
  | { kind: "retry-after"; afterMs: number }
  /** 5xx without Retry-After, or no answer. */
  | { kind: "fault" }
  /** 429 without Retry-After. */
  | { kind: "too-many" };

/**
 * `gapMs`: least time from start to start. `concurrency`: most requests in flight. `backoffMs`, `maxBackoffMs`: first and
 * longest wait after a fault. `random`: 0 to 1, for the jitter.
 */
export type HostGateOptions = {
  gapMs: number;
  concurrency: number;
  backoffMs: number;
  maxBackoffMs: number;
  random: () => number;
};

/** `smallestGapMs`: between two starts; null before the second. `backoffs`: incidents, each counted once. */
export type HostGateCounts = { requests: number; smallestGapMs: number | null; backoffs: number };

// The curve of NUTCH-2946 and stormcrawler#1984.
const slowBackoffMs = 60_000;
const maxSlowBackoffMs = 86_400_000;
const quietMs = 30 * 60_000;
const jitter = 0.1;

/** A ladder of waits: each step doubles the one before. Jitter only adds, and never goes past `maxMs`. */
type Ladder = { step: number; readonly baseMs: number; readonly maxMs: number };

export class HostGate {
  readonly #random: () => number;
  readonly #slow: Ladder;
  readonly #fault: Ladder;
  #gapMs: number;
  #concurrency: number;
  #inFlight = 0;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  /** End of the block that a failure began; `slow` when the host itself asked for it (429, Retry-After). */
  #blockMs = Number.NEGATIVE_INFINITY;
  #slowBlockMs = Number.NEGATIVE_INFINITY;
  #holdMs = Number.NEGATIVE_INFINITY;
  #requests = 0;
  #backoffs = 0;
  #smallestGapMs: number | null = null;

  constructor({ gapMs, concurrency, backoffMs, maxBackoffMs, random }: HostGateOptions) {
    this.#gapMs = gapMs;
    this.#concurrency = concurrency;
    this.#random = random;
    this.#slow = { step: 0, baseMs: slowBackoffMs, maxMs: maxSlowBackoffMs };
    this.#fault = { step: 0, baseMs: backoffMs, maxMs: maxBackoffMs };
  }

  /** The earliest time, `nowMs` or later, at which a request may start; Infinity until one of those in flight has ended. */
  readyAt(nowMs: number): number {
    if (this.#inFlight >= this.#concurrency) return Number.POSITIVE_INFINITY;
    return Math.max(nowMs, this.#lastStartMs + this.#gapMs, this.#blockMs, this.#holdMs);
  }

  /** Counts a request that starts now. Throws Fatal when it must not: no caller's mistake may reach the host. */
  start(nowMs: number): void {
    const readyMs = this.readyAt(nowMs);
    if (readyMs > nowMs) {
      throw new Fatal(`start a request at ${nowMs}: the host may not be asked before ${readyMs}`);
    }
    if (this.#requests > 0) {
      this.#smallestGapMs = Math.min(this.#smallestGapMs ?? Infinity, nowMs - this.#lastStartMs);
    }
    this.#lastStartMs = nowMs;
    this.#inFlight += 1;
    this.#requests += 1;
  }

  /** Counts the end of a request, at the time its answer came. Throws Fatal when none is in flight. */
  end(nowMs: number, outcome: HostOutcome): void {
    if (this.#inFlight === 0) throw new Fatal(`end a request at ${nowMs}: none is in flight`);
    this.#inFlight -= 1;
    switch (outcome.kind) {
      case "ok":
        // An answer that was under way when the block began does not say that the fault is over.
        if (nowMs >= this.#blockMs) this.#fault.step = 0;
        return;
      case "retry-after":
        if (nowMs >= this.#slowBlockMs) this.#backoffs += 1;
        this.#blockSlow(nowMs + Math.max(0, outcome.afterMs));
        return;
      case "too-many":
        // A block after a fault was our own guess: that the host now says "too many" is news.
        if (nowMs < this.#slowBlockMs) return;
        this.#backoffs += 1;
        this.#blockSlow(nowMs + this.#climb(this.#slow, nowMs));
        return;
      case "fault":
        if (nowMs < this.#blockMs) return;
        this.#backoffs += 1;
        this.#block(nowMs + this.#climb(this.#fault, nowMs));
        return;
    }
  }

  /** Slows the host down, for good: the strictest value ever given holds. */
  tighten({ gapMs, concurrency }: { gapMs?: number; concurrency?: number }): void {
    this.#gapMs = Math.max(this.#gapMs, gapMs ?? 0);
    this.#concurrency = Math.min(this.#concurrency, Math.max(1, concurrency ?? Infinity));
  }

  /** No start before that time: a block that another owner of the host left behind. Never shortens one. */
  holdUntil(untilMs: number): void {
    this.#holdMs = Math.max(this.#holdMs, untilMs);
  }

  /** The end of the present block or hold; 0 when there has been none. What the next owner of the host must be told. */
  get blockedUntil(): number {
    return Math.max(0, this.#blockMs, this.#holdMs);
  }

  get counts(): HostGateCounts {
    return {
      requests: this.#requests,
      smallestGapMs: this.#smallestGapMs,
      backoffs: this.#backoffs,
    };
  }

  /** The wait of the next step. Both ladders start anew when the last block ended 30 quiet minutes ago. */
  #climb(ladder: Ladder, nowMs: number): number {
    if (nowMs - this.#blockMs >= quietMs) {
      this.#slow.step = 0;
      this.#fault.step = 0;
    }
    const waitMs = ladder.baseMs * 2 ** ladder.step * (1 + jitter * this.#random());
    if (waitMs < ladder.maxMs) ladder.step += 1;
    return Math.min(waitMs, ladder.maxMs);
  }

  #blockSlow(untilMs: number): void {
    this.#slowBlockMs = Math.max(this.#slowBlockMs, untilMs);
    this.#block(untilMs);
  }

  #block(untilMs: number): void {
    this.#blockMs = Math.max(this.#blockMs, untilMs);
  }
}
