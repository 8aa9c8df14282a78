// What the answer to a request for robots.txt means: the HTTP half of RFC 9309 (section 2.3.1).

/**
 * `parse`: its body holds the rules. `allow-all`, `disallow-all`: there are none to go by. `redirect`: follow it; after more
 * than five, or without a usable Location, take it as `allow-all` (section 2.3.1.2). The rules bind the first authority.
 */
export type RobotsVerdict = "parse" | "allow-all" | "disallow-all" | "redirect";

const dayMs = 86_400_000;

/**
 * A host that cannot give its robots.txt is closed to us, so it should not stay so for long after it is back; and asking
 * costs it one small request a minute. It need not double: each failed try is a fault for the host's gate, which does.
 */
const closedMs = 60_000;

/** The client's request did not come through whole, or too early: says nothing about the file, so it is soon asked again. */
const passingStatuses = new Set([408, 425]);

/**
 * The verdict on an answer, or on a `fault` (DNS, TLS, reset, timeout) in the place of one. 429 counts as 5xx: the RFC
 * would allow everything to whoever was just told to slow down. A status that HTTP does not know closes the host.
 */
export function robotsVerdict(answer: { status: number } | { fault: string }): RobotsVerdict {
  if ("fault" in answer) return "disallow-all";
  const { status } = answer;
  if (status >= 200 && status < 300) return "parse";
  if (status >= 300 && status < 400) return "redirect";
  if (status >= 400 && status < 500 && status !== 429) return "allow-all";
  return "disallow-all";
}

/**
 * Milliseconds for which a verdict holds: at most a day (section 2.4). `status` is that of the answer, 0 when there was none.
 * A redirect is followed, not kept.
 */
export function robotsTtlMs(verdict: RobotsVerdict, status: number): number {
  if (verdict === "redirect") return 0;
  return verdict === "disallow-all" || passingStatuses.has(status) ? closedMs : dayMs;
}
