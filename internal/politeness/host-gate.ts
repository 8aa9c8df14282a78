// The politeness of one host: when the next request to it may start. No clock and no timer of its own, so that its promises
// can be tested on a virtual one. Times are milliseconds of one clock that never goes back.
//
// States: open -> (a failed answer) -> blocked until a time -> open. What a failure costs climbs one of two ladders:
// "busy" for 429 and 503 without Retry-After, "fault" for other 5xx and network faults. Failures that come while a block
// lasts belong to requests that were under way when it began: they are the same incident and climb nothing.
import { Fatal } from "../std/errors.ts";

/** How a request ended, as far as the host's pace is concerned. */
export type HostOutcome =
  | { kind: "ok" }
  /** The host named a time, by Retry-After, with any status. */
  | { kind: "retry-after"; afterMs: number }
  /** 5xx other than 503, without Retry-After; or no answer. */
  | { kind: "fault" }
  /** 429 or 503 without Retry-After. */
  | { kind: "busy" };

/**
 * How fast a host may be asked. `gapMs`: least time from start to start. `concurrency`: most requests in flight.
 * `backoffMs`, `maxBackoffMs`: first and longest wait after a fault. `busyBackoffMs`: first wait after "busy"; the longest is
 * a day.
 */
export type HostPace = {
  gapMs: number;
  concurrency: number;
  backoffMs: number;
  maxBackoffMs: number;
  busyBackoffMs: number;
};

/** What must outlive whoever owns the host: end of its last block (-Infinity: none), and how far up its ladder it was. */
export type GateMemory = { blockedUntilMs: number; busyStep: number };

/** `smallestGapMs`: between two starts; null before the second. `backoffs`: incidents, each counted once. */
export type HostGateCounts = { requests: number; smallestGapMs: number | null; backoffs: number };

// The curve of NUTCH-2946 and stormcrawler#1984.
const maxBusyBackoffMs = 86_400_000;
export const quietMs = 30 * 60_000;
const jitter = 0.1;
/** A window may end this much sooner than told: rounded up by the host, and by us once more. */
const roundedMs = 2_000;

export class HostGate {
  readonly #random: () => number;
  #pace: HostPace;
  #busyStep = 0;
  #faultStep = 0;
  #inFlight = 0;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  /** End of the block that a failure began. */
  #blockMs = Number.NEGATIVE_INFINITY;
  /** The same for blocks that the host itself asked for (429, 503, Retry-After). */
  #busyBlockMs = Number.NEGATIVE_INFINITY;
  #holdMs = Number.NEGATIVE_INFINITY;
  /**
   * What the host last said it would take; after `untilMs` one request goes first, to hear anew. `latestEndMs`: when the last
   * window that it spoke of ends at the latest.
   */
  #allowance: { left: number; untilMs: number; latestEndMs: number } | null = null;
  #requests = 0;
  #backoffs = 0;
  #smallestGapMs: number | null = null;

  /** `random`: 0 to 1, for the jitter. */
  constructor(pace: HostPace, random: () => number) {
    this.#pace = pace;
    this.#random = random;
  }

  get pace(): HostPace {
    return this.#pace;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** The earliest time, `nowMs` or later, at which a request may start; Infinity until one of those in flight has ended. */
  readyAt(nowMs: number): number {
    if (this.#inFlight >= this.#pace.concurrency) return Number.POSITIVE_INFINITY;
    const readyMs = Math.max(nowMs, this.nextStartMs);
    const allowance = this.#allowance;
    if (allowance === null || (allowance.left > 0 && readyMs < allowance.untilMs)) return readyMs;
    return this.#inFlight > 0 ? Number.POSITIVE_INFINITY : Math.max(readyMs, allowance.untilMs);
  }

  /** The earliest time at which a request may start, whatever is in flight; -Infinity for a host that was never asked. */
  get nextStartMs(): number {
    return Math.max(this.#lastStartMs + this.#pace.gapMs, this.#blockMs, this.#holdMs);
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
    if (this.#allowance !== null) this.#allowance.left -= 1;
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
        if (nowMs >= this.#blockMs) this.#faultStep = 0;
        return;
      case "retry-after":
        if (nowMs >= this.#busyBlockMs) this.#backoffs += 1;
        this.#blockBusy(nowMs + Math.max(0, outcome.afterMs));
        return;
      case "busy":
        // A block after a fault was our own guess: that the host now says it is busy is news.
        if (nowMs < this.#busyBlockMs) return;
        this.#backoffs += 1;
        this.#forgiveIfCalm(nowMs);
        this.#blockBusy(
          nowMs + this.#wait(this.#pace.busyBackoffMs, this.#busyStep, maxBusyBackoffMs),
        );
        this.#busyStep += 1;
        return;
      case "fault":
        if (nowMs < this.#blockMs) return;
        this.#backoffs += 1;
        this.#forgiveIfCalm(nowMs);
        this.#block(
          nowMs + this.#wait(this.#pace.backoffMs, this.#faultStep, this.#pace.maxBackoffMs),
        );
        this.#faultStep += 1;
        return;
    }
  }

  /**
   * The answer to a request that was sent at `sentMs`, and has {@link end}ed, says that the host takes `remaining` more within
   * `resetMs`; null: it says nothing, and the host is asked at its pace again once its last word is over. Those in flight may
   * not have been counted by the host yet. A host that takes no more is blocked.
   */
  learn(nowMs: number, sentMs: number, limit: { remaining: number; resetMs: number } | null): void {
    const known = this.#allowance;
    // Sent after the last word was over, with nothing else in flight.
    const isFirst = known === null || sentMs >= known.untilMs;
    if (limit === null) {
      if (isFirst) this.#allowance = null;
      return;
    }
    const left = limit.remaining - this.#inFlight;
    const untilMs = nowMs + limit.resetMs;
    // Answers overtake each other: unless this is surely the next window, the least counts.
    const isNext = isFirst || sentMs + limit.resetMs - roundedMs > known.latestEndMs;
    this.#allowance = isNext
      ? { left, untilMs, latestEndMs: untilMs }
      : {
          left: Math.min(left, known.left),
          untilMs: known.untilMs,
          latestEndMs: Math.max(untilMs, known.latestEndMs),
        };
    if (limit.remaining === 0) this.#blockBusy(this.#allowance.latestEndMs);
  }

  /** Another pace from now on. The request after the last one still waits as long as it had to. */
  setPace(pace: HostPace): void {
    if (pace.gapMs < this.#pace.gapMs) this.holdUntil(this.#lastStartMs + this.#pace.gapMs);
    this.#pace = pace;
  }

  /** No start before that time. Never shortens a block or an earlier hold. */
  holdUntil(untilMs: number): void {
    this.#holdMs = Math.max(this.#holdMs, untilMs);
  }

  /** The end of the present block or hold; 0 when there has been none. */
  get blockedUntil(): number {
    return Math.max(0, this.#blockMs, this.#holdMs);
  }

  /** What the next owner of the host must know. */
  memory(nowMs: number): GateMemory {
    const busyStep = nowMs - this.#blockMs >= quietMs ? 0 : this.#busyStep;
    return { blockedUntilMs: this.#blockMs, busyStep };
  }

  /** Goes on where an earlier owner of the host stopped. */
  restore({ blockedUntilMs, busyStep }: GateMemory): void {
    this.#blockBusy(blockedUntilMs);
    this.#busyStep = Math.max(this.#busyStep, busyStep);
  }

  get counts(): HostGateCounts {
    return {
      requests: this.#requests,
      smallestGapMs: this.#smallestGapMs,
      backoffs: this.#backoffs,
    };
  }

  /** Both ladders start anew when the last block ended 30 quiet minutes ago. */
  #forgiveIfCalm(nowMs: number): void {
    if (nowMs - this.#blockMs < quietMs) return;
    this.#busyStep = 0;
    this.#faultStep = 0;
  }

  /** Doubles with each step. Jitter only adds, and never goes past `maxMs`. */
  #wait(baseMs: number, step: number, maxMs: number): number {
    const waitMs = baseMs * 2 ** Math.min(step, 40) * (1 + jitter * this.#random());
    return Math.min(waitMs, maxMs);
  }

  #blockBusy(untilMs: number): void {
    this.#busyBlockMs = Math.max(this.#busyBlockMs, untilMs);
    this.#block(untilMs);
  }

  #block(untilMs: number): void {
    this.#blockMs = Math.max(this.#blockMs, untilMs);
  }
}
