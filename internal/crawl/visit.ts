// A visit: one request at one host, from the start that the host's gate allowed to the end that the gate is told. The lease
// is looked at twice: when the request starts and when it goes out, which can be seconds later (a connection is made, or the
// process stalls); without it nothing is sent.

import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Exchange, Fetcher } from "../fetch/fetch-page.ts";
import type { ShardLeases } from "../frontier/shard-leases.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { HostCounts } from "../model/segment.ts";
import type { Host } from "../politeness/host.ts";
import type { HostOutcome } from "../politeness/host-gate.ts";
import type { Clock } from "../std/clock.ts";
import { LostLease } from "../std/errors.ts";

export type VisitDeps = {
  clock: Clock;
  fetcher: Fetcher;
  leases: ShardLeases;
  /** A visit went out, or ended: the host may be asked again. */
  onChange: (host: Host) => void;
};

export type Visit = {
  host: Host;
  owner: ShardOwner;
  source: string;
  url: string;
  headers: Record<string, string>;
  /** For the report. */
  robots: HostCounts["robots"];
};

/**
 * Makes a request at a host that is ready, and counts it. `weigh` says what the answer, or the fault, means for the host.
 * Gives null when the lease had ended by the time the request could go out: it was not sent. Throws Fatal when the host is
 * not ready, and the reason for which the owner was abandoned.
 */
export async function visit<T extends { gate: HostOutcome }>(
  { clock, fetcher, leases, onChange }: VisitDeps,
  { host, owner, source, url, headers, robots }: Visit,
  weigh: (answer: Exchange | FetchFault) => T,
): Promise<{ answer: Exchange | FetchFault; weighed: T } | null> {
  const flight = host.start(clock.steadyMs());
  owner.segment.countRequest(host.authority, robots, source);
  let isRefused = false;
  const onSent = () => {
    if (!leases.isValid(owner.shard)) {
      isRefused = true;
      throw new LostLease(`the lease of shard ${owner.shard} ended before ${url} was asked for`);
    }
    const allowedMs = host.gapMs;
    owner.segment.countGap(host.authority, host.sent(flight, clock.steadyMs()), allowedMs);
    onChange(host);
  };
  const end = (answer: Exchange | FetchFault | null, outcome: HostOutcome) => {
    const nowMs = clock.steadyMs();
    const isExchange = answer !== null && "status" in answer;
    host.ended(flight, nowMs, isExchange ? flight.startedMs + answer.firstByteMs : null, outcome);
    if (outcome.kind !== "ok") owner.segment.countBackoff(host.authority);
    onChange(host);
  };
  let answer: Exchange | FetchFault;
  try {
    answer = await fetcher.fetch(url, { headers, onSent }, owner.signal);
    host.silentFaults = 0;
  } catch (error) {
    if (isRefused || !(error instanceof FetchFault)) {
      end(null, { kind: "ok" });
      if (isRefused) return null;
      throw error;
    }
    if (!/^(broken|decode|refused)$/.test(error.kind)) host.silentFaults += 1;
    answer = error;
  }
  const weighed = weigh(answer);
  end(answer, weighed.gate);
  return { answer, weighed };
}
