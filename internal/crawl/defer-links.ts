// A host that must be left alone for longer than its sources wait is deferred: what is queued for it is left out of the run
// and counted, so that a run ends although a host has closed, or its budget is used up, for a day.

import { FetchFault } from "../fetch/fetch-fault.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import { deferredPrefix } from "../model/segment.ts";
import type { Host } from "../politeness/host.ts";
import { settleDeferred } from "./settle.ts";

/** Settles the links of a blocked host whose sources do not wait for it; those of more patient sources stay. */
export function deferLinks(
  host: Host,
  nowMs: number,
  maxBlockMsOf: (owner: ShardOwner, source: string) => number,
  onProgress: (owner: ShardOwner) => void,
): void {
  const blockedMs = host.blockedFor(nowMs);
  const isBudget = host.budgetWaitFor(nowMs) === blockedMs;
  const reason = `${deferredPrefix}${isBudget ? "budget used up" : "blocked"}`;
  for (const errand of host.errands.splice(0))
    errand.cancel(new FetchFault("connect", `${host.authority} must be left alone for long`));
  for (const guest of host.guests) {
    const { owner } = guest;
    if (!guest.wants || owner.signal.aborted) continue;
    while (!owner.isFull) {
      const head = owner.frontier.peek(host.authority);
      if (head === null || blockedMs <= maxBlockMsOf(owner, head.link.source)) break;
      owner.frontier.take(host.authority);
      settleDeferred(owner, head.link, host.authority, reason);
    }
    if (!owner.frontier.hasQueued(host.authority)) guest.wants = false;
    onProgress(owner);
  }
}
