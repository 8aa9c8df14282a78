// A crawl pod as a process on a virtual clock: the real CrawlPod, leases, gates and frontiers on a shared queue in memory. Of
// the stage around them (internal/flow/shards-to-raw.ts) only what it does with leases is here; segments go nowhere, and what
// is committed is remembered by the world.
import { tmpdir } from "node:os";
import { CrawlPod } from "../../internal/crawl/crawl-pod.ts";
import { hexOf } from "../../internal/frontier/fingerprint.ts";
import { linkFingerprint } from "../../internal/frontier/link-fingerprint.ts";
import { OpenSegment } from "../../internal/frontier/open-segment.ts";
import { SegmentBudget } from "../../internal/frontier/segment-budget.ts";
import { ShardFrontier } from "../../internal/frontier/shard-frontier.ts";
import { ShardLeases } from "../../internal/frontier/shard-leases.ts";
import type { ShardOwner } from "../../internal/frontier/shard-owner.ts";
import type { FrontierLink } from "../../internal/model/link.ts";
import type { Pipeline } from "../../internal/model/pipeline.ts";
import { gapOf } from "../../internal/politeness/host.ts";
import type { Queue } from "../../internal/queue/queue.ts";
import { LostLease } from "../../internal/std/errors.ts";
import { VirtualProcess, type VirtualTime } from "./virtual-time.ts";
import type { VirtualWeb } from "./virtual-web.ts";

/** What is to be crawled. `shardOf`: of a URL. `done`: `<run>/<fingerprint>` of what was committed. */
export type VirtualCrawl = {
  time: VirtualTime;
  queue: Queue;
  web: VirtualWeb;
  shards: number;
  shardOf: (url: string) => number;
  runs: ReadonlyMap<string, { pipeline: Pipeline; links: FrontierLink[] }>;
  done: Set<string>;
  scratch: string;
};

type Owner = Pick<ShardOwner, "run" | "shard" | "frontier" | "signal" | "isFull"> & {
  segment: OpenSegment;
  abort: AbortController;
  failure: unknown;
};

const leaseTtlMs = 6_000;
const roundMs = 250;

export class VirtualPod {
  readonly process: VirtualProcess;
  readonly #crawl: VirtualCrawl;
  readonly #leases: ShardLeases;
  readonly #pod: CrawlPod;
  readonly #owners = new Map<string, Owner>();
  #cutOffUntilMs = 0;
  #isBusy = false;
  #isLeaving = false;

  constructor(name: string, crawl: VirtualCrawl) {
    this.#crawl = crawl;
    this.process = new VirtualProcess(crawl.time);
    const { clock } = this.process;
    const queue = this.#cutOff(crawl.queue);
    this.#leases = new ShardLeases(queue, name, leaseTtlMs, clock);
    this.#pod = new CrawlPod({
      clock,
      queue,
      leases: this.#leases,
      // What a pod hears that nobody can hear from, the next owner cannot know.
      fetcher: crawl.web.clientOf(
        this.process,
        (url) => this.#leases.isValid(crawl.shardOf(url)) && !this.#isCutOff,
      ),
      pipelineOf: (owner) => crawl.runs.get(owner.run.token)?.pipeline as Pipeline,
      userAgent: "onpoint",
      scratch: tmpdir(),
      maxInFlight: 20,
      onProgress: () => undefined,
    });
    this.#every(leaseTtlMs / 6, () => this.#renew());
    this.#every(roundMs, () => this.#round());
  }

  /** The queue does not answer this pod for so long. */
  cutOff(forMs: number): void {
    this.#cutOffUntilMs = this.#crawl.time.nowMs + forMs;
  }

  /** As at SIGTERM: no new fetches, all committed, shards handed over. */
  leave(): void {
    this.#isLeaving = true;
  }

  #every(everyMs: number, body: () => Promise<void>): void {
    this.process.clock.setTimer(() => {
      body().catch(() => undefined);
      this.#every(everyMs, body);
    }, everyMs);
  }

  async #renew(): Promise<void> {
    for (const shard of await this.#leases.renew()) {
      for (const owner of this.#owners.values())
        if (owner.shard === shard) abandon(owner, new LostLease("lost"));
    }
  }

  async #round(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (const owner of [...this.#owners.values()])
        if (owner.signal.aborted) await this.#discard(owner);
      if (this.#isLeaving) {
        await this.#pod.drain();
        await this.#leases.leave();
        for (const shard of this.#leases.shards) await this.#handOver(shard);
        this.process.isDead = true;
        return;
      }
      const all = new Map(Array.from({ length: this.#crawl.shards }, (_, shard) => [shard, 1]));
      const { gained, surplus } = await this.#leases.balance(all);
      for (const shard of surplus) await this.#handOver(shard);
      for (const shard of gained) await this.#pod.enterShard(shard, longestGapMs(this.#crawl));
      for (const shard of this.#leases.shards)
        for (const run of this.#crawl.runs.keys()) this.#open(run, shard);
      for (const owner of this.#owners.values()) await this.#commit(owner);
      this.#pod.pump();
    } finally {
      this.#isBusy = false;
    }
  }

  #open(run: string, shard: number): void {
    const key = `${run}/${shard}`;
    if (this.#owners.has(key) || !this.#leases.isValid(shard)) return;
    const abort = new AbortController();
    const frontier = new ShardFrontier({
      scratch: this.#crawl.scratch,
      nowMs: () => this.process.clock.wallMs(),
    });
    const owner: Owner = {
      run: { token: run } as ShardOwner["run"],
      shard,
      frontier,
      segment: newSegment(),
      signal: abort.signal,
      abort,
      isFull: false,
      failure: null,
    };
    Object.assign(owner, {
      known: null,
      abandon: (error: unknown) => abandon(owner, error),
      offerFound: () => [],
      shardOf: this.#crawl.shardOf,
    });
    this.#owners.set(key, owner);
    const links = (this.#crawl.runs.get(run)?.links ?? []).filter(
      (link) =>
        this.#crawl.shardOf(link.url) === shard &&
        !this.#crawl.done.has(`${run}/${hexOf(linkFingerprint(link))}`),
    );
    const fresh = links.filter((link) => frontier.offer(link));
    this.#pod.admit(owner as unknown as ShardOwner, fresh);
  }

  async #commit(owner: Owner): Promise<void> {
    if (owner.segment.done.length === 0 || owner.signal.aborted) return;
    const { token } = owner.run;
    const { segment } = owner;
    owner.segment = newSegment();
    try {
      const lease = this.#leases.lease(owner.shard);
      await this.#crawl.queue.appendCrawled(token, owner.shard, Buffer.from("x"), lease, {});
      for (const fingerprint of segment.done)
        this.#crawl.done.add(`${token}/${hexOf(fingerprint)}`);
      owner.frontier.committed(segment.done.length);
    } catch (error) {
      abandon(owner, error);
    }
  }

  async #handOver(shard: number): Promise<void> {
    for (const owner of [...this.#owners.values()].filter((each) => each.shard === shard)) {
      await this.#commit(owner);
      this.#drop(owner);
    }
    await this.#pod.leaveShard(shard);
    await this.#leases.release(shard);
  }

  async #discard(owner: Owner): Promise<void> {
    this.#drop(owner);
    if (!(owner.failure instanceof LostLease)) return;
    for (const other of [...this.#owners.values()])
      if (other.shard === owner.shard) this.#drop(other);
    this.#leases.drop(owner.shard);
    await this.#pod.leaveShard(owner.shard);
  }

  #drop(owner: Owner): void {
    this.#owners.delete(`${owner.run.token}/${owner.shard}`);
    this.#pod.forget(owner as unknown as ShardOwner);
    abandon(owner, new LostLease("closed"));
    owner.frontier.close();
  }

  get #isCutOff(): boolean {
    return this.#cutOffUntilMs > this.#crawl.time.nowMs;
  }

  /** The queue as this pod sees it. */
  #cutOff(queue: Queue): Queue {
    return new Proxy(queue, {
      get: (target, name: keyof Queue) =>
        this.#isCutOff
          ? () => Promise.reject(new Error("the queue does not answer"))
          : target[name],
    });
  }
}

function abandon(owner: Owner, error: unknown): void {
  owner.failure ??= error;
  owner.abort.abort(error);
}

function newSegment(): OpenSegment {
  return new OpenSegment(0, new SegmentBudget(Number.MAX_SAFE_INTEGER));
}

function longestGapMs({ runs }: VirtualCrawl): number {
  const sources = [...runs.values()].flatMap(({ pipeline }) => pipeline.sources);
  return Math.max(...sources.map((source) => (source.kind === "files" ? 0 : gapOf(source.rate))));
}
