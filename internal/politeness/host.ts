// One host (host:port) as a crawl pod knows it: who has links for it, how fast it may be asked, its robots.txt, and whether
// it answers at all. Times are of the pod's steady clock.
//
// Its pace is the strictest of all sources of all runs that have links for it, of its robots.txt, and of how slowly it
// answers. A request is: started (counted by the gate) -> sent (on its connection) -> ended; at most one is unsent.

import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { Budget, Rate } from "../model/pipeline.ts";
import type { RobotsEntry } from "./ask-robots.ts";
import type { HostGrant } from "./host-budgets.ts";
import { HostGate, type HostOutcome, type HostPace } from "./host-gate.ts";
import { noPlace } from "./ready-hosts.ts";

/** One request on its way. `grant`: of the host's budgets, if it has any. */
export type Flight = {
  readonly startedMs: number;
  sentMs: number | null;
  readonly grant: HostGrant | null;
};

/** An owner that has had links for the host. `wants`: some may be queued. */
export type Guest = { readonly owner: ShardOwner; readonly sources: Set<string>; wants: boolean };

/** A request that waits for its turn at the host, before all links: robots.txt of another host redirects to here. */
export type Errand = { readonly owner: ShardOwner; begin(): void; cancel(reason: unknown): void };

/** Added to every gap: the network is not equally slow for every request. */
const marginMs = 2;
/**
 * A request is thought to have reached the server this much late at most, and so many gaps: on a crowded machine it happens;
 * beyond that the server takes its time, which is no reason to wait.
 */
const maxLateMs = 250;
const maxLateGaps = 3;
const knownAnswers = 5;
/** Whoever answers within this is not slow. */
const promptMs = 250;
const latencyWeight = 0.2;
const maxSlowGapMs = 30_000;
/** What the sources that share a host ask for together. */
type SourceLimits = HostPace & Pick<Rate, "slowFactor" | "maxBlockMs" | "budgets">;

const noBudgets: readonly Budget[] = [];

/** For hosts that have only links to drop. */
const unhurried: HostPace = {
  gapMs: 200,
  concurrency: 1,
  backoffMs: 1_000,
  maxBackoffMs: 60_000,
  busyBackoffMs: 60_000,
};

export class Host {
  readonly authority: string;
  readonly shard: number;
  readonly place = noPlace();
  readonly gate: HostGate;
  readonly robots = new Map<string, RobotsEntry>();
  readonly errands: Errand[] = [];
  /** robots.txt of one of its origins is being asked for. */
  isAskingRobots = false;
  /** Its state is being written down: nothing may start before that is done. */
  isKeeping = false;
  /** What was written down of its pace, and until when that holds. */
  kept = { gapMs: 0, robotsGapMs: 0, untilMs: Number.NEGATIVE_INFINITY };
  /** Faults in a row without any answer. */
  silentFaults = 0;
  #guests: Guest[] = [];
  #sources: SourceLimits | null = null;
  /** Asked for by robots.txt, of this owner of the host or one before. */
  #robotsGapMs = 0;
  /** Asked for by a policy of the host: so many requests in a window. */
  #policyGapMs = 0;
  /** The request that was started but is not on the wire yet (its connection is being made). */
  #unsent: Flight | null = null;
  #lastSentMs: number | null = null;
  /** The last request that was sent, while it has no answer. */
  #unanswered: Flight | null = null;
  /** Least time from a request's being sent to its answer's first byte. */
  #quickestMs = Number.POSITIVE_INFINITY;
  #answers = 0;
  /** Mean time to the first byte, the last answers counting most. */
  #usualMs = 0;
  #slowGapMs = 0;
  #grant: HostGrant | null = null;
  /** No start before that: its budget is used up. */
  #budgetMs = Number.NEGATIVE_INFINITY;

  constructor(authority: string, shard: number) {
    this.authority = authority;
    this.shard = shard;
    this.gate = new HostGate(unhurried, Math.random);
  }

  get guests(): readonly Guest[] {
    return this.#guests;
  }

  /** Links may be queued for it, or an errand is. */
  get isWanted(): boolean {
    return this.errands.length > 0 || this.#guests.some((guest) => guest.wants);
  }

  /** Nothing is to be done and nothing is under way. */
  get isIdle(): boolean {
    return !this.isWanted && this.gate.inFlight === 0 && !this.isAskingRobots && !this.isKeeping;
  }

  /** How long it must be left alone because of what it answered, or because its budget is used up. */
  blockedFor(nowMs: number): number {
    return Math.max(0, this.gate.memory(nowMs).blockedUntilMs - nowMs, this.budgetWaitFor(nowMs));
  }

  /** How long it must be left alone because its budget is used up. */
  budgetWaitFor(nowMs: number): number {
    return this.budgets.length === 0 ? 0 : Math.max(0, this.#budgetMs - nowMs);
  }

  /** The smallest of its sources, for each period. */
  get budgets(): readonly Budget[] {
    return this.#sources?.budgets ?? noBudgets;
  }

  /** Whether a request is left of what was taken from its budgets, at this time of the wall. */
  hasGrant(wallMs: number): boolean {
    return this.#grant !== null && this.#grant.left > 0 && wallMs < this.#grant.untilMs;
  }

  get isGranted(): boolean {
    return this.#grant !== null && this.#grant.left > 0;
  }

  /** Gives up what was taken from its budgets. */
  dropGrant(): HostGrant | null {
    const grant = this.#grant;
    this.#grant = null;
    return grant;
  }

  /** Requests were taken from `budgets`: those that it had when they were asked for. */
  takeGrant(grant: HostGrant, budgets: readonly Budget[]): void {
    this.#grant = budgets === this.budgets ? grant : { ...grant, untilMs: 0 };
  }

  waitForBudget(untilMs: number): void {
    this.#budgetMs = untilMs;
  }

  /** Whether a request that was started may still go out, as far as budgets are concerned. */
  isCovered({ grant }: Flight, wallMs: number): boolean {
    return this.budgets.length === 0 || (grant !== null && wallMs < grant.untilMs);
  }

  /** It must be left alone for longer than some source would wait. */
  isDeferred(nowMs: number): boolean {
    return this.#sources !== null && this.blockedFor(nowMs) > this.#sources.maxBlockMs;
  }

  get gapMs(): number {
    return this.gate.pace.gapMs;
  }

  /** The earliest time at which a request may start; Infinity while that depends on something that is under way. */
  readyAt(nowMs: number): number {
    if (this.#unsent !== null || this.isKeeping) return Number.POSITIVE_INFINITY;
    const readyMs = Math.max(this.gate.readyAt(nowMs), nowMs + this.budgetWaitFor(nowMs));
    // A quick host has not answered in its gap: the request may have come late, and so the next one must.
    if (this.#unanswered === null || this.#knownQuickestMs >= this.gapMs) return readyMs;
    const sentMs = this.#unanswered.sentMs as number;
    return Math.max(readyMs, sentMs + this.gapMs + this.#mostLateMs + marginMs);
  }

  get #mostLateMs(): number {
    return Math.min(maxLateGaps * this.gapMs, maxLateMs);
  }

  /** Until a few answers have shown what is quick, all of a latency may be lateness. */
  get #knownQuickestMs(): number {
    return this.#answers >= knownAnswers ? this.#quickestMs : 0;
  }

  /**
   * An owner has links of a source for it. `rateOf` is asked once for each: null for a source that is no more. To an owner
   * that comes new it does not matter that the host was silent for another.
   */
  join(owner: ShardOwner, source: string, rateOf: () => Rate | null): void {
    let guest = this.#guests.find((each) => each.owner === owner);
    if (guest === undefined) {
      guest = { owner, sources: new Set(), wants: true };
      this.#guests.push(guest);
      this.silentFaults = 0;
      for (const entry of this.robots.values()) entry.tries = 0;
    }
    guest.wants = true;
    if (guest.sources.has(source)) return;
    guest.sources.add(source);
    const rate = rateOf();
    if (rate === null) return;
    const { budgets } = this;
    this.#sources = stricter(this.#sources, rate);
    this.#heedBudgets(budgets);
    this.#setPace();
  }

  /** The owners of a host take turns. */
  nextTurn(guest: Guest): void {
    if (this.#guests.length === 1) return;
    this.#guests = [...this.#guests.filter((each) => each !== guest), guest];
  }

  /** An owner is no more. What its sources asked for binds nobody else. `rateOf` a guest's source. */
  leave(owner: ShardOwner, rateOf: (guest: Guest, source: string) => Rate | null): void {
    for (const errand of this.errands.filter((each) => each.owner === owner)) {
      this.errands.splice(this.errands.indexOf(errand), 1);
      errand.cancel(owner.signal.reason);
    }
    const left = this.#guests.filter((guest) => guest.owner !== owner);
    if (left.length === this.#guests.length) return;
    this.#guests = left;
    const { budgets } = this;
    this.#sources = null;
    for (const guest of left) {
      for (const source of guest.sources) {
        const rate = rateOf(guest, source);
        if (rate !== null) this.#sources = stricter(this.#sources, rate);
      }
    }
    this.#heedBudgets(budgets);
    this.#setPace();
  }

  /** What its next owner must know cannot be told: nothing more is asked of it for those who have links for it now. */
  abandon(error: unknown): void {
    for (const errand of this.errands.splice(0)) errand.cancel(error);
    for (const guest of this.#guests) {
      guest.owner.abandon(error);
      guest.wants = false;
    }
  }

  /** robots.txt asks for this much between two requests: counts from the last request on. */
  obeyDelay(delayMs: number): void {
    this.#robotsGapMs = Math.max(this.#robotsGapMs, delayMs);
    this.#setPace();
    if (this.#lastSentMs !== null) this.gate.holdUntil(this.#lastSentMs + delayMs + marginMs);
  }

  /**
   * The host's answers name a policy that allows a request in so long. Those that were made before it was known count: the next
   * one comes as if they had kept to it.
   */
  heedPolicy(gapMs: number, nowMs: number): void {
    if (gapMs <= this.#policyGapMs) return;
    const isFirst = this.#policyGapMs === 0;
    this.#policyGapMs = gapMs;
    this.#setPace();
    this.gate.holdUntil(nowMs + gapMs * (isFirst ? Math.max(1, this.gate.counts.requests) : 1));
  }

  get policyGapMs(): number {
    return this.#policyGapMs;
  }

  get robotsGapMs(): number {
    return this.#robotsGapMs;
  }

  /** Starts one request; the next one may start when this one is sent and its gap is over. */
  start(nowMs: number): Flight {
    this.gate.start(nowMs);
    const isGranted = this.budgets.length > 0 && this.#grant !== null && this.#grant.left > 0;
    const grant = isGranted ? this.#grant : null;
    if (grant !== null) grant.left -= 1;
    this.#unsent = { startedMs: nowMs, sentMs: null, grant };
    return this.#unsent;
  }

  /** The request goes out; gives the gap since the one before it. */
  sent(flight: Flight, nowMs: number): number | null {
    flight.sentMs = nowMs;
    if (this.#unsent === flight) this.#unsent = null;
    const gapMs = this.#lastSentMs === null ? null : nowMs - this.#lastSentMs;
    this.#lastSentMs = nowMs;
    this.#unanswered = flight;
    this.gate.holdUntil(nowMs + this.gapMs + marginMs);
    return gapMs;
  }

  /**
   * A request ended at `nowMs`, perhaps without having been sent; `answeredMs`: when the answer began, null: none came. The server got the
   * request as much later than it was sent as the answer was later than this host's quickest: a gap that the server, too,
   * would measure begins there. A host that is evenly slow loses nothing by it.
   */
  ended(flight: Flight, nowMs: number, answeredMs: number | null, outcome: HostOutcome): void {
    if (this.#unsent === flight) this.#unsent = null;
    if (this.#unanswered === flight) this.#unanswered = null;
    this.gate.end(nowMs, outcome);
    if (flight.sentMs === null) {
      if (flight.grant !== null) flight.grant.left += 1;
      return;
    }
    const latencyMs = Math.max(0, (answeredMs ?? nowMs) - flight.sentMs);
    const lateMs = Math.min(latencyMs - this.#knownQuickestMs, this.#mostLateMs);
    if (answeredMs !== null) {
      this.#answers += 1;
      this.#quickestMs = Math.min(this.#quickestMs, latencyMs);
      this.#heedLatency(latencyMs);
    }
    this.gate.holdUntil(flight.sentMs + Math.max(0, lateMs) + this.gapMs + marginMs);
  }

  /** A slow host gets slower requests, in steps. */
  #heedLatency(latencyMs: number): void {
    const isFirst = this.#answers === 1;
    this.#usualMs = isFirst
      ? latencyMs
      : this.#usualMs + (latencyMs - this.#usualMs) * latencyWeight;
    const wantedMs =
      this.#usualMs > promptMs ? this.#usualMs * (this.#sources?.slowFactor ?? 0) : 0;
    const slowGapMs = Math.min(Math.ceil(wantedMs / 10) * 10, maxSlowGapMs);
    if (slowGapMs === this.#slowGapMs) return;
    this.#slowGapMs = slowGapMs;
    this.#setPace();
  }

  /** Other budgets: what was taken from those before, and found of them, is asked for anew. */
  #heedBudgets(before: readonly Budget[]): void {
    if (this.budgets === before) return;
    if (this.#grant !== null) this.#grant = { ...this.#grant, untilMs: 0 };
    this.#budgetMs = Number.NEGATIVE_INFINITY;
  }

  #setPace(): void {
    const pace = this.#sources ?? unhurried;
    this.gate.setPace({
      ...pace,
      gapMs: Math.max(pace.gapMs, this.#robotsGapMs, this.#policyGapMs, this.#slowGapMs),
      concurrency: this.#robotsGapMs > 0 ? 1 : pace.concurrency,
    });
  }
}

/** Least time between two requests that a source allows; null: a source that is no more. */
export function gapOf(rate: Rate | null): number {
  return rate === null ? unhurried.gapMs : 1000 / rate.perSecond;
}

/** The smallest of both, for each period. The same list where nothing changes: what was taken from it still counts. */
function smaller(some: readonly Budget[], more: readonly Budget[]): readonly Budget[] {
  const news = more.filter(({ per, requests }) =>
    some.every((each) => each.per !== per || each.requests > requests),
  );
  if (news.length === 0) return some;
  return [...some.filter(({ per }) => news.every((each) => each.per !== per)), ...news];
}

/** The strictest of both. */
function stricter(pace: SourceLimits | null, rate: Rate): SourceLimits {
  return {
    slowFactor: Math.max(pace?.slowFactor ?? 0, rate.slowFactor),
    maxBlockMs: Math.min(pace?.maxBlockMs ?? Number.POSITIVE_INFINITY, rate.maxBlockMs),
    budgets: smaller(pace?.budgets ?? [], rate.budgets),
    gapMs: Math.max(pace?.gapMs ?? 0, gapOf(rate)),
    concurrency: Math.min(pace?.concurrency ?? Number.POSITIVE_INFINITY, rate.concurrency),
    backoffMs: Math.max(pace?.backoffMs ?? 0, rate.backoffMs),
    maxBackoffMs: Math.max(pace?.maxBackoffMs ?? 0, rate.maxBackoffMs),
    busyBackoffMs: Math.max(pace?.busyBackoffMs ?? 0, rate.busyBackoffMs),
  };
}
