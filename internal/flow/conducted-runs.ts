// Which runs a crawl process works for: those with a coordinator. An interrupted run stays in the queue's state until the
// same command goes on with it; until then nobody fetches for it, least of all a process of another run, whose environment
// may not have what that pipeline needs.
import { type ActiveRun, coordinatorLease, parseActiveRun } from "../model/active-run.ts";
import type { Queue } from "../queue/queue.ts";

/** A coordinator that died comes back within this time: its lease has to end first. */
const graceMs = 30_000;

/**
 * A function that gives the active runs whose coordinator has its lease, or had it when this process looked within the last
 * 30 s. `nowMs`: a monotone clock.
 */
export function conductedRuns(
  queue: Pick<Queue, "listState" | "leases">,
  nowMs = () => performance.now(),
): () => Promise<ActiveRun[]> {
  const seenMs = new Map<string, number>();
  return async () => {
    const states = await queue.listState("run/");
    const held = new Set((await queue.leases(coordinatorLease(""))).map(({ key }) => key));
    const runs = [...states.values()].map(parseActiveRun);
    for (const { token } of runs) if (held.has(coordinatorLease(token))) seenMs.set(token, nowMs());
    for (const [token, ms] of seenMs) if (nowMs() - ms > graceMs) seenMs.delete(token);
    return runs.filter(({ token }) => seenMs.has(token));
  };
}
