// Whether a link may be fetched now: the source's wish, robots.txt, and whether the host answers at all. Pure.

import type { QueuedLink } from "../frontier/shard-frontier.ts";
import type { Source } from "../model/pipeline.ts";
import { deferredPrefix } from "../model/segment.ts";
import type { RobotsEntry } from "../politeness/ask-robots.ts";
import type { Host } from "../politeness/host.ts";
import { originOf } from "../url/url.ts";

export type Crawlable = Exclude<Source, { kind: "files" }>;

/** `robots`: robots.txt must be asked first. `drop`: it forbids the link. `delay`: it asks for that gap, which is news. */
export type Verdict =
  | { kind: "fetch"; robots: RobotsEntry["state"] | "none" }
  | { kind: "robots" }
  | { kind: "drop" }
  | { kind: "delay"; delayMs: number }
  /** The host wants to be left alone for longer than the source waits. */
  | { kind: "defer"; reason: string }
  | { kind: "dead"; reason: string };

/** Fetches of robots.txt without an answer before the links of a host are given up. */
const maxRobotsTries = 3;
/** Links whose attempts a host may leave without any answer before all its links are given up. */
const maxSilentLinks = 2;

/** robots.txt is read for one user agent: sources that call themselves something else have entries of their own. */
export function robotsKey(origin: string, source: Crawlable): string {
  return `${origin} ${source.kind === "web" ? (source.userAgent ?? "") : ""}`;
}

/** `retries`: attempts that a link has beyond the first. */
export function mayFetch(
  host: Host,
  { link }: QueuedLink,
  source: Crawlable,
  retries: number,
  nowMs: number,
): Verdict {
  if (host.silentFaults >= maxSilentLinks * (retries + 1)) {
    const reason = `${host.authority} did not answer ${host.silentFaults} requests in a row`;
    return { kind: "dead", reason };
  }
  if (link.kind === "robots") return { kind: "fetch", robots: "none" };
  if (source.kind === "api" || source.robots === "ignore") return { kind: "fetch", robots: "none" };
  const origin = originOf(link.url);
  const known = host.robots.get(robotsKey(origin, source));
  if (known === undefined) return { kind: "robots" };
  // The gate spaces these tries, with its back-off after faults.
  if (known.state === "disallow" && known.tries < maxRobotsTries) return { kind: "robots" };
  if (known.untilMs <= nowMs) return { kind: "robots" };
  if (known.state === "disallow") {
    return { kind: "dead", reason: `robots.txt of ${origin} cannot be had: ${known.why}` };
  }
  const allowed = known.robots === null || known.robots.allows(link.url.slice(origin.length));
  if (allowed) {
    const delayMs = known.robots?.crawlDelayMs ?? 0;
    if (delayMs > source.rate.maxCrawlDelayMs)
      return { kind: "defer", reason: `${deferredPrefix}crawl-delay` };
    if (delayMs > host.robotsGapMs) return { kind: "delay", delayMs };
  }
  return allowed ? { kind: "fetch", robots: known.state } : { kind: "drop" };
}
