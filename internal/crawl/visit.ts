// A visit: one request at one host, from the start that the host's gate allowed to the end that the gate is told. Lease and
// gate are looked at twice: when the request starts and when it goes out, which can be seconds later (others have their turn
// at the address, a connection is made, or the process stalls). A request that may not go out any more is not sent.

import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Exchange, Fetcher } from "../fetch/fetch-page.ts";
import { NotSent } from "../fetch/not-sent.ts";
import { policyGapMs, rateLimitOf } from "../fetch/rate-limit.ts";
import type { ShardLeases } from "../frontier/shard-leases.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { HostCounts } from "../model/segment.ts";
import type { AddressTurn, AddressTurns } from "../politeness/address-turns.ts";
import type { Host } from "../politeness/host.ts";
import type { HostOutcome } from "../politeness/host-gate.ts";
import type { Clock } from "../std/clock.ts";
import { turnAtAddress } from "./address-turn.ts";
import type { Crawlable } from "./may-fetch.ts";

export type VisitDeps = {
  clock: Clock;
  fetcher: Fetcher;
  leases: ShardLeases;
  addresses: AddressTurns;
  /** A visit went out, or ended: the host may be asked again. */
  onChange: (host: Host) => void;
};

export type Visit = {
  host: Host;
  owner: ShardOwner;
  source: Crawlable;
  url: string;
  headers: Record<string, string>;
  /** POSTed; null or absent: a GET. */
  body?: string | null;
  wantsBody?: (status: number, headers: Record<string, string>) => boolean;
  /** For the report. */
  robots: HostCounts["robots"];
};

/**
 * Makes a request at a host that is ready, and counts it. `weigh` says what the answer, or the fault, means for the host.
 * `sentAtMs`: when it went out, or, when it broke before, when it was started; wall clock, ms since 1970. Gives null when it was not sent: by the time it could go out the lease had ended, or the host had asked to be left alone, or
 * a token was asked for in its place.
 * Throws Fatal when the host is not ready, and the reason for which the owner was abandoned.
 */
export async function visit<T extends { gate: HostOutcome }>(
  { clock, fetcher, leases, addresses, onChange }: VisitDeps,
  { host, owner, source, url, headers, body, wantsBody, robots }: Visit,
  weigh: (answer: Exchange | FetchFault) => T,
): Promise<{ answer: Exchange | FetchFault; weighed: T; sentAtMs: number } | null> {
  const flight = host.start(clock.steadyMs());
  owner.segment.countRequest(host.authority, robots, source.name);
  let turn: AddressTurn | null = null;
  let askedMs = flight.startedMs;
  let sentAtMs = clock.wallMs();
  const onSent = () => {
    const isAllowed = leases.isValid(owner.shard) && host.isCovered(flight, clock.wallMs());
    if (!isAllowed || host.gate.blockedUntil > clock.steadyMs()) {
      throw new NotSent(`${url} may not be asked for any more`);
    }
    const allowedMs = host.gapMs;
    owner.segment.countGap(host.authority, host.sent(flight, clock.steadyMs()), allowedMs);
    turn?.sent();
    sentAtMs = clock.wallMs();
    onChange(host);
  };
  const end = (answer: Exchange | FetchFault | null, outcome: HostOutcome) => {
    const nowMs = clock.steadyMs();
    const isExchange = answer !== null && "status" in answer;
    turn?.ended();
    host.ended(flight, nowMs, isExchange ? askedMs + answer.firstByteMs : null, outcome);
    if (isExchange) {
      const limit = rateLimitOf(answer.headers, clock.wallMs());
      host.gate.learn(nowMs, flight.sentMs ?? flight.startedMs, limit);
      const gapMs = limit === null ? policyGapMs(answer.headers) : null;
      if (gapMs !== null) host.heedPolicy(gapMs, nowMs);
    }
    if (outcome.kind !== "ok") owner.segment.countBackoff(host.authority);
    onChange(host);
  };
  let answer: Exchange | FetchFault;
  try {
    turn = await turnAtAddress({ fetcher, addresses }, source, url, owner.signal);
    if (turn === null) {
      end(null, { kind: "ok" });
      return null;
    }
    if (turn.waitedMs > 0) owner.segment.countAddressWait(host.authority, turn.waitedMs);
    askedMs = clock.steadyMs();
    answer = await fetcher.fetch(
      url,
      {
        headers,
        onSent,
        ...(typeof body === "string" ? { body } : {}),
        ...(wantsBody === undefined ? {} : { wantsBody }),
      },
      owner.signal,
    );
    host.silentFaults = 0;
  } catch (error) {
    if (!(error instanceof FetchFault)) {
      end(null, { kind: "ok" });
      if (error instanceof NotSent) return null;
      throw error;
    }
    if (!/^(broken|decode|refused)$/.test(error.kind)) host.silentFaults += 1;
    answer = error;
  }
  const weighed = weigh(answer);
  end(answer, weighed.gate);
  return { answer, weighed, sentAtMs };
}
