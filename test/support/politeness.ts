// Politeness as a server's log shows it.

export type Arrival = { atMs: number; host: string; status: number; retryAfterMs: number | null };

/** Clocks of two processes on one machine, and the time a request needs to arrive. */
const toleranceMs = 1;
/** A request that was on the wire when the answer with Retry-After came is no violation. */
const onTheWireMs = 100;

/** Arrivals that came sooner than `gapMs` of their host, or within an announced Retry-After; as text. */
export function violations(
  arrivals: readonly Arrival[],
  gapMs: (host: string) => number,
): string[] {
  const found: string[] = [];
  const byHost = Map.groupBy(arrivals, (arrival) => arrival.host);
  for (const [host, own] of byHost) {
    const sorted = [...own].sort((a, b) => a.atMs - b.atMs);
    let blockedUntilMs = 0;
    let blockedAtMs = 0;
    for (const [index, arrival] of sorted.entries()) {
      const before = sorted[index - 1];
      if (before !== undefined && arrival.atMs - before.atMs < gapMs(host) - toleranceMs) {
        found.push(
          `${host}: ${(arrival.atMs - before.atMs).toFixed(1)} ms after the one before, ${gapMs(host)} are allowed`,
        );
      }
      if (arrival.atMs < blockedUntilMs - toleranceMs && arrival.atMs > blockedAtMs + onTheWireMs) {
        found.push(
          `${host}: ${(blockedUntilMs - arrival.atMs).toFixed(1)} ms before Retry-After was over`,
        );
      }
      if (arrival.retryAfterMs !== null) {
        blockedAtMs = arrival.atMs;
        blockedUntilMs = Math.max(blockedUntilMs, arrival.atMs + arrival.retryAfterMs);
      }
    }
  }
  return found;
}
