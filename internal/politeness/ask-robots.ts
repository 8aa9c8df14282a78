// Asking for robots.txt, and what is known of it afterwards (RFC 9309 section 2.3). Each request is a visit of its host.

import type { FetchFault } from "../fetch/fetch-fault.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import { parseRobots, type Robots } from "../robots/robots.ts";
import { robotsTtlMs, robotsVerdict } from "../robots/robots-fetch.ts";
import { headerUrl } from "../url/header-url.ts";
import { canonicalUrl } from "../url/url.ts";

/** What robots.txt of an origin says now. `tries`: fetches in a row that gave no answer to go by. */
export type RobotsEntry = {
  state: "allow" | "rules" | "disallow";
  robots: Robots | null;
  untilMs: number;
  tries: number;
  why: string;
};

/** What a verdict needs of an answer. */
export type RobotsAnswer = Pick<Exchange, "status" | "headers" | "body">;

/** Whose robots.txt, for which product token; `tries`: how often before without an answer to go by. */
export type RobotsQuestion = { origin: string; productToken: string; tries: number };

/**
 * Fetches robots.txt of an origin (RFC 9309 section 2.3.1): up to 5 redirects are followed, each asked for by `visit`, which
 * waits for the gate of the URL's host. The rules bind the origin that was asked first. `nowMs`: the clock of `untilMs`.
 */
export async function askRobots(
  { origin, productToken, tries }: RobotsQuestion,
  visit: (url: string) => Promise<RobotsAnswer | FetchFault>,
  nowMs: () => number,
): Promise<RobotsEntry> {
  let url = `${origin}/robots.txt`;
  for (let hop = 0; ; hop += 1) {
    const answer = await visit(url);
    const isAnswer = "status" in answer;
    const verdict = robotsVerdict(isAnswer ? answer : { fault: answer.message });
    const location = isAnswer ? headerUrl(answer.headers.location ?? "") : "";
    const next = location === "" ? null : canonicalUrl(location, url);
    if (verdict !== "redirect") return entryOf(verdict, answer, url, productToken, tries, nowMs());
    // Section 2.3.1.2: more redirects than are followed are like a file that is not there.
    if (hop >= 5 || next === null)
      return entryOf("allow-all", answer, url, productToken, tries, nowMs());
    url = next;
  }
}

function entryOf(
  verdict: "parse" | "allow-all" | "disallow-all",
  answer: RobotsAnswer | FetchFault,
  url: string,
  productToken: string,
  tries: number,
  nowMs: number,
): RobotsEntry {
  const isAnswer = "status" in answer;
  const untilMs = nowMs + robotsTtlMs(verdict, isAnswer ? answer.status : 0);
  if (verdict === "disallow-all") {
    const why = isAnswer ? `it answers ${answer.status}` : answer.message;
    return { state: "disallow", robots: null, untilMs, tries: tries + 1, why };
  }
  const robots =
    verdict === "parse" && isAnswer ? parseRobots(answer.body, productToken, url) : null;
  return { state: robots?.hasRules ? "rules" : "allow", robots, untilMs, tries: 0, why: "" };
}
