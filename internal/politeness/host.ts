// One host as a crawl pod knows it: its gate, its robots.txt, who has links for it, and whether it answers at all.

import type { FetchFault } from "../fetch/fetch-fault.ts";
import type { Exchange, Fetcher } from "../fetch/fetch-page.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { Queue } from "../queue/queue.ts";
import { parseRobots, type Robots } from "../robots/robots.ts";
import { robotsTtlMs, robotsVerdict } from "../robots/robots-fetch.ts";
import { canonicalUrl } from "../url/url.ts";
import { HostGate } from "./host-gate.ts";

/** What robots.txt of an origin says now. `tries`: fetches in a row that gave no answer to go by. */
export type RobotsEntry = {
  state: "allow" | "rules" | "disallow";
  robots: Robots | null;
  untilMs: number;
  tries: number;
  why: string;
};

export type Host = {
  authority: string;
  shard: number;
  gate: HostGate;
  owners: Set<ShardOwner>;
  robots: Map<string, RobotsEntry>;
  /** The origin whose robots.txt is being fetched. */
  askingRobots: boolean;
  /** Faults in a row without any answer. */
  silentFaults: number;
  /** The request that was started but is not on the wire yet (its connection is being made). */
  unsent: Flight | null;
  lastSentMs: number | null;
  /** Least time from a request's being sent to its answer's first byte. */
  quickestMs: number;
  answers: number;
  /** Least time between two requests: the strictest of its sources' and its robots.txt's. */
  gapMs: number;
  /** Called when a request at the host ends. */
  waiting: Set<() => void>;
  /** Owners that have had links for it. */
  greeted: WeakSet<ShardOwner>;
};

/** One request on its way. */
export type Flight = { startedMs: number; sentMs: number | null };

export type HostPace = {
  gapMs: number;
  concurrency: number;
  backoffMs: number;
  maxBackoffMs: number;
};

/** Added to every gap: clocks tick in whole milliseconds, and the network is not equally slow for every request. */
const marginMs = 2;
const knownAnswers = 5;

/** A host that must not be asked before `holdUntilMs`: whoever owned it before may have asked it just now. */
export function newHost(
  authority: string,
  shard: number,
  pace: HostPace,
  holdUntilMs: number,
): Host {
  const gate = new HostGate({ ...pace, random: Math.random });
  gate.holdUntil(holdUntilMs);
  return {
    authority,
    shard,
    gate,
    owners: new Set(),
    robots: new Map(),
    askingRobots: false,
    silentFaults: 0,
    unsent: null,
    lastSentMs: null,
    quickestMs: Number.POSITIVE_INFINITY,
    answers: 0,
    gapMs: pace.gapMs,
    waiting: new Set(),
    greeted: new WeakSet(),
  };
}

/** An owner has links for a host. To one that comes new it does not matter that the host was silent for another. */
export function joinedBy(host: Host, owner: ShardOwner): void {
  host.owners.add(owner);
  if (host.greeted.has(owner)) return;
  host.greeted.add(owner);
  host.silentFaults = 0;
  for (const entry of host.robots.values()) entry.tries = 0;
}

/** Key of a host's long block in the queue's state; other characters than a key may have are written as `=hex`. */
function hostKey(authority: string): string {
  return `host/${authority.replace(/[^A-Za-z0-9_.-]/g, (char) => `=${char.charCodeAt(0).toString(16)}`)}`;
}

/** Leaves word of a host's block for its next owner. */
export function keepBlock(queue: Queue, host: Host): Promise<void> {
  return queue.putState(hostKey(host.authority), Buffer.from(String(host.gate.blockedUntil)));
}

/** The time before which an earlier owner said that the host must not be asked; 0: none. */
export async function keptBlock(queue: Queue, authority: string): Promise<number> {
  const kept = await queue.getState(hostKey(authority));
  return kept === null ? 0 : Number(Buffer.from(kept).toString());
}

/** Resolves after `waitMs`, or when a request at the host ends. */
export function nextEnd(host: Host, waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      host.waiting.delete(done);
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    host.waiting.add(done);
  });
}

/** Makes a host at least this slow. */
export function slow(host: Host, pace: { gapMs: number; concurrency: number }): void {
  host.gapMs = Math.max(host.gapMs, pace.gapMs);
  host.gate.tighten(pace);
}

/** Starts one request at a host; the next one may start when this one is sent and its gap is over. */
export function startAt(host: Host, nowMs: number): Flight {
  host.gate.start(nowMs);
  host.unsent = { startedMs: nowMs, sentMs: null };
  return host.unsent;
}

/**
 * A request ended, perhaps without having been sent; `answeredMs`: when the answer began. The server got the request as much
 * later than it was sent as the answer was later than this host's quickest: a gap that the server, too, would measure begins
 * there. A host that is evenly slow loses nothing by it.
 */
export function endedAt(host: Host, flight: Flight, answeredMs: number): void {
  if (host.unsent === flight) host.unsent = null;
  if (flight.sentMs !== null) {
    const latencyMs = Math.max(0, answeredMs - flight.sentMs);
    // Until a few answers have shown what is quick, all of it may be lateness.
    const isKnown = host.answers >= knownAnswers;
    const lateMs = isKnown ? Math.max(0, latencyMs - host.quickestMs) : latencyMs;
    host.answers += 1;
    host.quickestMs = Math.min(host.quickestMs, latencyMs);
    host.gate.holdUntil(flight.sentMs + Math.min(lateMs, host.gapMs) + host.gapMs + marginMs);
  }
  for (const wake of [...host.waiting]) wake();
}

/** The request just started goes out; gives the gap since the one before it. */
export function sentAt(host: Host, nowMs: number): number | null {
  if (host.unsent !== null) host.unsent.sentMs = nowMs;
  host.unsent = null;
  const gapMs = host.lastSentMs === null ? null : nowMs - host.lastSentMs;
  host.lastSentMs = nowMs;
  host.gate.holdUntil(nowMs + host.gapMs + marginMs);
  return gapMs;
}

/** Whose robots.txt, asked as whom; `tries`: how often before without an answer to go by. */
export type RobotsQuestion = {
  origin: string;
  userAgent: string;
  productToken: string;
  tries: number;
};

/**
 * Fetches robots.txt of an origin (RFC 9309 section 2.3.1): up to 5 redirects are followed, each spaced by `paced`, which
 * waits for the gate of the URL's host, counts the request and runs it. The rules bind the origin that was asked first.
 */
export async function askRobots(
  fetcher: Fetcher,
  { origin, userAgent, productToken, tries }: RobotsQuestion,
  paced: (url: string, body: (onSent: () => void) => Promise<Exchange>) => Promise<Exchange>,
  signal: AbortSignal,
): Promise<RobotsEntry> {
  let url = `${origin}/robots.txt`;
  for (let hop = 0; ; hop += 1) {
    const target = url;
    const ask = (onSent: () => void) =>
      fetcher.fetch(target, { headers: { "user-agent": userAgent }, onSent }, signal);
    const answer = await paced(target, ask).catch(asFault);
    const next = "status" in answer ? canonicalUrl(answer.headers.location ?? "", url) : null;
    const status = "status" in answer ? answer.status : 0;
    const verdict = robotsVerdict("status" in answer ? { status } : answer);
    if (verdict !== "redirect") return robotsEntry(verdict, answer, target, productToken, tries);
    // Section 2.3.1.2: more redirects than are followed are like a file that is not there.
    if (hop >= 5 || next === null)
      return robotsEntry("allow-all", answer, target, productToken, tries);
    url = next;
  }
}

function asFault(error: unknown): { fault: string } {
  if ((error as Error).name === "FetchFault") return { fault: (error as FetchFault).message };
  throw error;
}

function robotsEntry(
  verdict: "parse" | "allow-all" | "disallow-all",
  answer: Exchange | { fault: string },
  url: string,
  productToken: string,
  tries: number,
): RobotsEntry {
  const status = "status" in answer ? answer.status : 0;
  const untilMs = Date.now() + robotsTtlMs(verdict, status);
  if (verdict === "disallow-all") {
    const why = "fault" in answer ? answer.fault : `it answers ${status}`;
    return { state: "disallow", robots: null, untilMs, tries: tries + 1, why };
  }
  const robots =
    verdict === "parse" && "body" in answer ? parseRobots(answer.body, productToken, url) : null;
  return { state: robots?.hasRules ? "rules" : "allow", robots, untilMs, tries: 0, why: "" };
}
