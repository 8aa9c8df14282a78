// Stage crawl: shards of the frontier in, raw segments out. One crawl pod's whole life: it shares the shards with the other
// pods by lease, fetches what its shards' hosts allow, and commits segments.
import { CrawlPod } from "../crawl/crawl-pod.ts";
import { knownLinks } from "../crawl/known-page.ts";
import type { Fetcher } from "../fetch/fetch-page.ts";
import { PageCaps } from "../frontier/page-caps.ts";
import { seedHosts } from "../frontier/seed-hosts.ts";
import { SegmentBudget } from "../frontier/segment-budget.ts";
import { SentLinks } from "../frontier/sent-links.ts";
import { shardOf } from "../frontier/shard.ts";
import { ShardLeases } from "../frontier/shard-leases.ts";
import { ShardOwner } from "../frontier/shard-owner.ts";
import { hasSharedCap } from "../frontier/shared-cap.ts";
import type { ActiveRun } from "../model/active-run.ts";
import type { FrontierLink } from "../model/link.ts";
import type { Pipeline, WebSource } from "../model/pipeline.ts";
import type { Objects } from "../objects/objects.ts";
import { gapOf } from "../politeness/host.ts";
import type { Headers, Queue } from "../queue/queue.ts";
import { KnownPages } from "../recrawl/known-pages.ts";
import { describeError, LostLease } from "../std/errors.ts";
import { pause } from "../std/pause.ts";
import type { Log } from "../telemetry/log.ts";

export type CrawlDeps = {
  worker: string;
  queue: Queue;
  fetcher: Fetcher;
  activeRuns: () => Promise<ActiveRun[]>;
  lakeOf: (run: ActiveRun) => Promise<Objects>;
  pipelineOf: (run: ActiveRun) => Pipeline;
  /** A folder on the pod's own disk. */
  scratch: string;
  /** Seeds and replays of a run. */
  rootsOf: (run: ActiveRun) => Promise<FrontierLink[]>;
  settings: {
    shards: number;
    leaseTtlMs: number;
    segmentMs: number;
    segmentBytes: number;
    userAgent: string;
    maxInFlight: number;
    snapshotLinks: number;
    snapshotMs: number;
  };
  trace: <T>(
    parent: Headers,
    owner: { shard: number; run: ActiveRun },
    body: (headers: Headers) => Promise<T>,
  ) => Promise<T>;
  onBusy: (busy: boolean) => void;
  log: Log;
};

/** A shard that has links in a run. */
type Place = { run: ActiveRun; shard: number };

const tickMs = 250;
const openSegmentsBytes = 256 * 2 ** 20;
/**
 * Segments of a pod that are committed at a time because of their age. Shards are opened together and would come of age
 * together: packing and saving them all at once would hold up the fetching of all.
 */
const commitsAtOnce = 4;
const reopenMs = 2_000;
/** What is not answered by then is asked for again by the shard's next owner. */
const handOverGraceMs = 2_000;
/** Shards that are opened at a time: each reads its snapshot and its ledger. */
const openTogether = 8;

/** Crawls until `signal` is aborted, then hands its shards over: no new fetches, all segments committed, leases released. */
export async function shardsToRaw(deps: CrawlDeps, signal: AbortSignal): Promise<void> {
  const { queue, settings, log } = deps;
  const leases = new ShardLeases(queue, deps.worker, settings.leaseTtlMs);
  const owners = new Map<string, ShardOwner>();
  const budget = new SegmentBudget(openSegmentsBytes);
  const sent = new Map<string, SentLinks>();
  const caps = new PageCaps(queue);
  /** When an owner that failed is opened again at the earliest. */
  const notBefore = new Map<string, number>();
  let committing = 0;
  /** Counted once: rounds are many, seeds may be too. */
  const hostsOf = new WeakMap<Pipeline, ReadonlyMap<number, number>>();
  const pod = new CrawlPod({
    fetcher: deps.fetcher,
    leases,
    queue,
    pipelineOf: (owner) => deps.pipelineOf(owner.run),
    userAgent: settings.userAgent,
    scratch: deps.scratch,
    maxInFlight: settings.maxInFlight,
    onProgress: (owner) => commitIfDue(owner),
  });

  const drop = async (owner: ShardOwner): Promise<void> => {
    owners.delete(ownerKey(owner.run.token, owner.shard));
    pod.forget(owner);
    await owner.close();
  };

  /** Makes room: the largest segments are committed before they are due, some at a time. */
  function commitLargest(): void {
    if (committing >= commitsAtOnce) return;
    const largest = [...owners.values()]
      .filter((owner) => !owner.isCommitting && !owner.signal.aborted)
      .reduce<ShardOwner | null>(
        (best, owner) => (owner.segment.sizeBytes > (best?.segment.sizeBytes ?? 0) ? owner : best),
        null,
      );
    if (largest !== null) commit(largest);
  }

  function commitIfDue(owner: ShardOwner): void {
    if (budget.isPressing) commitLargest();
    if (owner.isCommitting || owner.signal.aborted || !owner.hasNews) return;
    const { segment } = owner;
    if (segment.sizeBytes >= settings.segmentBytes || segment.isFull) commit(owner);
    else if (committing < commitsAtOnce && isOfAge(owner)) commit(owner);
  }

  const isOfAge = (owner: ShardOwner): boolean =>
    owner.isIdle ||
    (!owner.segment.isEmpty && Date.now() - owner.segment.openedAtMs >= settings.segmentMs);

  function commit(owner: ShardOwner): void {
    committing += 1;
    owner
      .commit()
      .catch((error: unknown) => {
        log.warn("segment.lost", {
          run: owner.run.token,
          shard: owner.shard,
          error: describeError(error),
        });
      })
      .finally(() => {
        committing -= 1;
        // Others may have waited for this.
        for (const other of owners.values()) {
          if (committing >= commitsAtOnce) break;
          commitIfDue(other);
        }
      });
  }

  async function openOwner(run: ActiveRun, shard: number): Promise<void> {
    const pipeline = deps.pipelineOf(run);
    const sources = pipeline.sources.filter((source) => source.kind === "web");
    const shared = sources.filter((source) => hasSharedCap(source, settings.shards));
    const own = sources.filter((source) => !shared.includes(source));
    const table = sent.get(run.token) ?? new SentLinks();
    sent.set(run.token, table);
    const lake = await deps.lakeOf(run);
    const web = sources.map(({ name }) => name);
    const owner = new ShardOwner({
      run,
      shard,
      shards: settings.shards,
      lake,
      openKnown: () => KnownPages.open(lake, run.token, shard, web, deps.scratch),
      queue,
      lease: () => leases.lease(shard),
      budget,
      sent: table,
      pageLimits: capsOf(own),
      sharedCaps: capsOf(shared),
      scratch: deps.scratch,
      snapshots: { links: settings.snapshotLinks, everyMs: settings.snapshotMs },
      roots: async () => {
        const roots = await deps.rootsOf(run);
        return roots.filter((link) => shardOf(link.url, settings.shards) === shard);
      },
      onSnapshotFailure: (_, error) =>
        log.warn("snapshot.lost", { run: run.token, shard, error: describeError(error) }),
      onLinks: (from, links) => {
        pod.admit(from, links);
        commitIfDue(from);
      },
      trace: (parent, body) => deps.trace(parent, { shard, run }, body),
    });
    owners.set(ownerKey(run.token, shard), owner);
    await owner.open();
    log.info("shard.opened", { run: run.token, shard, fencingToken: leases.lease(shard).token });
  }

  /** One round: share the shards, open and close owners, commit what is due. */
  async function round(): Promise<void> {
    // 1. Which shards have links, in which runs?
    const places = await placesWithLinks(deps);
    const tokens = new Set(places.map(({ run }) => run.token));
    // 2. Owners that failed, or whose run is gone, are dropped.
    const gone = [...owners.values()].filter(
      (owner) => owner.signal.aborted || !tokens.has(owner.run.token),
    );
    for (const owner of gone) await discard(owner);
    for (const token of sent.keys()) if (!tokens.has(token)) sent.delete(token);
    // 3. Take this pod's share; give back what is another pod's share now.
    const { gained, surplus } = await leases.balance(weightsOf(places));
    await Promise.all(surplus.map((shard) => pod.drainShard(shard, handOverGraceMs)));
    for (const shard of surplus) await handOver(shard);
    const gapMs = longestGapMs(places.map(({ run }) => deps.pipelineOf(run)));
    for (const shard of gained) await pod.enterShard(shard, gapMs);
    // 4. Every shard held has an owner for every run that has links in it.
    for (let at = 0; at < places.length; at += openTogether) {
      const some = places.slice(at, at + openTogether);
      await Promise.all(some.map(({ run, shard }) => openIfHeld(run, shard)));
    }
    // 5. What the owners have is committed, and pages are granted.
    await caps
      .settle(owners.values())
      .catch((error: unknown) => log.warn("caps.unsettled", { error: describeError(error) }));
    for (const owner of owners.values()) {
      commitIfDue(owner);
      if (owner.isDueForKnown) offerKnown(owner);
    }
    pod.pump();
    deps.onBusy([...owners.values()].some((owner) => owner.pending > 0));
  }

  /** The shards to be shared, by how many hosts the runs that have links in them start from. */
  function weightsOf(places: readonly Place[]): Map<number, number> {
    const weights = new Map<number, number>();
    for (const { run, shard } of places) {
      const pipeline = deps.pipelineOf(run);
      const hosts = hostsOf.get(pipeline) ?? seedHosts(pipeline.sources, settings.shards);
      hostsOf.set(pipeline, hosts);
      weights.set(shard, (weights.get(shard) ?? 0) + (hosts.get(shard) ?? 1));
    }
    return weights;
  }

  /** Queues what earlier runs knew of an owner's pages. What goes wrong is the end of the owner. */
  function offerKnown(owner: ShardOwner): void {
    const { sources } = deps.pipelineOf(owner.run);
    const links = knownLinks(
      owner,
      sources.filter((source) => source.kind === "web"),
    );
    void owner.offerKnown(links, (fresh) => pod.admit(owner, fresh));
  }

  async function openIfHeld(run: ActiveRun, shard: number): Promise<void> {
    const key = ownerKey(run.token, shard);
    if (!leases.isValid(shard) || owners.has(key)) return;
    if ((notBefore.get(key) ?? 0) > Date.now()) return;
    await openOwner(run, shard).catch((error: unknown) => owners.get(key)?.abandon(error));
  }

  async function discard(owner: ShardOwner): Promise<void> {
    const { run, shard, failure } = owner;
    // It may have been dropped with another owner of its shard.
    if (owners.get(ownerKey(run.token, shard)) !== owner) return;
    await drop(owner);
    if (failure === null) return;
    if (failure instanceof LostLease) {
      // What the shard's owners for other runs know is as old as the lease.
      for (const other of owners.values()) if (other.shard === shard) await drop(other);
      leases.drop(shard);
      await pod.leaveShard(shard);
    } else notBefore.set(ownerKey(run.token, shard), Date.now() + reopenMs);
    log.warn("shard.dropped", { run: run.token, shard, error: describeError(failure) });
  }

  async function handOver(shard: number): Promise<void> {
    for (const owner of [...owners.values()].filter((each) => each.shard === shard)) {
      await owner.commit().catch(() => undefined);
      await drop(owner);
    }
    await pod.leaveShard(shard);
    await leases.release(shard);
    log.info("shard.handed-over", { shard });
  }

  const renewals = keepRenewing(
    leases,
    (shard) => {
      for (const owner of owners.values()) {
        if (owner.shard === shard)
          owner.abandon(new LostLease(`the lease of shard ${shard} was lost`));
      }
    },
    settings.leaseTtlMs,
  );
  try {
    while (!signal.aborted) {
      await round();
      await pause(tickMs, signal);
    }
    await pod.drain();
    await leases.leave();
    for (const shard of leases.shards) await handOver(shard);
  } finally {
    renewals.stop();
    for (const owner of owners.values()) await drop(owner);
    await pod.drain();
  }
}

async function placesWithLinks({ queue, activeRuns }: CrawlDeps): Promise<Place[]> {
  const places: Place[] = [];
  for (const run of await activeRuns()) {
    for (const shard of (await queue.lastLinks(run.token)).keys()) places.push({ run, shard });
  }
  return places;
}

/** Of all runs: whoever had a shard before may have asked a host for any of them. */
function longestGapMs(pipelines: readonly Pipeline[]): number {
  const sources = pipelines.flatMap((pipeline) => pipeline.sources);
  return Math.max(
    0,
    ...sources.map((source) => (source.kind === "files" ? 0 : gapOf(source.rate))),
  );
}

const capsOf = (sources: readonly WebSource[]) =>
  Object.fromEntries(sources.map(({ name, scope }) => [name, scope.maxPages]));

const ownerKey = (token: string, shard: number) => `${token}/${shard}`;

/** Renews leases on its own clock, so that a slow round never costs one. */
function keepRenewing(
  leases: ShardLeases,
  onLost: (shard: number) => void,
  ttlMs: number,
): { stop(): void } {
  let renewing = false;
  const timer = setInterval(() => {
    if (renewing) return;
    renewing = true;
    leases
      .renew()
      .then((lost) => lost.forEach(onLost))
      .catch(() => undefined)
      .finally(() => {
        renewing = false;
      });
  }, ttlMs / 6);
  return { stop: () => clearInterval(timer) };
}
