// One host as a crawl pod knows it: its gate, its robots.txt, who has links for it, and whether it answers at all.
import { type FetchFault, type Fetcher } from "./fetch-page.ts";
import { HostGate } from "./host-gate.ts";
import { parseRobots, type Robots } from "./robots.ts";
import { robotsTtlMs, robotsVerdict } from "./robots-fetch.ts";
import type { ShardOwner } from "./shard-owner.ts";
import { canonicalUrl } from "./url.ts";

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
  gate: HostGate;
  owners: Set<ShardOwner>;
  robots: Map<string, RobotsEntry>;
  /** The origin whose robots.txt is being fetched. */
  askingRobots: boolean;
  /** Faults in a row without any answer. */
  silentFaults: number;
  lastStartMs: number | null;
  /** Called when a request at the host ends. */
  waiting: (() => void)[];
};

export type HostPace = { gapMs: number; concurrency: number; backoffMs: number; maxBackoffMs: number };

/** A host that must not be asked before `holdUntilMs`: whoever owned it before may have asked it just now. */
export function newHost(authority: string, pace: HostPace, holdUntilMs: number): Host {
  const gate = new HostGate({ ...pace, random: Math.random });
  gate.holdUntil(holdUntilMs);
  return { authority, gate, owners: new Set(), robots: new Map(), askingRobots: false, silentFaults: 0, lastStartMs: null, waiting: [] };
}

/** Starts one request at a host; gives the gap since the one before it. */
export function startAt(host: Host, nowMs: number): number | null {
  host.gate.start(nowMs);
  const gapMs = host.lastStartMs === null ? null : nowMs - host.lastStartMs;
  host.lastStartMs = nowMs;
  return gapMs;
}

/**
 * Fetches robots.txt of an origin (RFC 9309 section 2.3.1): up to 5 redirects are followed, each spaced by `paced`, which
 * waits for the host's gate, counts the request and runs it. The rules bind the origin that was asked first.
 */
export async function askRobots(
  fetcher: Fetcher,
  origin: string,
  userAgent: string,
  productToken: string,
  tries: number,
  paced: <T>(body: () => Promise<T>) => Promise<T>,
  signal: AbortSignal,
): Promise<RobotsEntry> {
  let url = `${origin}/robots.txt`;
  for (let hop = 0; ; hop += 1) {
    const target = url;
    const answer = await paced(() => fetcher.fetch(target, { "user-agent": userAgent }, signal)).catch(
      (error: unknown) => {
        if ((error as Error).name === "FetchFault") return { fault: (error as FetchFault).message };
        throw error;
      },
    );
    const status = "status" in answer ? answer.status : 0;
    let verdict = robotsVerdict("status" in answer ? { status } : answer);
    if (verdict === "redirect" && "status" in answer) {
      const next = canonicalUrl(answer.headers["location"] ?? "", url);
      if (hop < 5 && next !== null) {
        url = next;
        continue;
      }
      verdict = "allow-all";
    }
    const untilMs = Date.now() + robotsTtlMs(verdict, status);
    if (verdict === "parse" && "status" in answer) {
      const robots = parseRobots(answer.body, productToken);
      return { state: robots.hasRules ? "rules" : "allow", robots, untilMs, tries: 0, why: "" };
    }
    if (verdict === "allow-all") return { state: "allow", robots: null, untilMs, tries: 0, why: "" };
    const why = "fault" in answer ? answer.fault : `it answers ${status}`;
    return { state: "disallow", robots: null, untilMs, tries: tries + 1, why };
  }
}
