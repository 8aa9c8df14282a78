// The fetching half of a crawl pod: picks hosts as their gates open, takes links of them from the shard owners, fetches, and
// gives the answers back to the owners. It never waits in a loop: it acts when a link comes, an answer comes, or the next
// gate opens. The parts: a visit (visit.ts) is one request; a flight (fetch-link.ts, fetch-robots.ts) is what a visit, or
// some, are made for; here is the choice of the next one.

import { Tokens } from "../auth/tokens.ts";
import type { Fetcher } from "../fetch/fetch-page.ts";
import { NotSent } from "../fetch/not-sent.ts";
import type { ShardLeases } from "../frontier/shard-leases.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { FrontierLink } from "../model/link.ts";
import type { Pipeline } from "../model/pipeline.ts";
import { AddressTurns } from "../politeness/address-turns.ts";
import { type Guest, gapOf, type Host } from "../politeness/host.ts";
import { KeptHosts, takeoverGapMs } from "../politeness/kept-hosts.ts";
import type { Queue } from "../queue/queue.ts";
import { type Clock, systemClock } from "../std/clock.ts";
import { LostLease } from "../std/errors.ts";
import { authorityOf } from "../url/url.ts";
import { Alarm } from "./alarm.ts";
import { Elsewhere } from "./ask-elsewhere.ts";
import { deferLinks } from "./defer-links.ts";
import { fetchLink, type LinkJob } from "./fetch-link.ts";
import { fetchRobots, type RobotsDeps, type RobotsJob } from "./fetch-robots.ts";
import { Flights } from "./flights.ts";
import { type Crawlable, mayFetch, type Verdict } from "./may-fetch.ts";
import { SitemapOffers } from "./offer-sitemaps.ts";
import { PodHosts } from "./pod-hosts.ts";
import { settleDropped, settleRefused, settleUnfetched } from "./settle.ts";
import { byRoute } from "./source-route.ts";

export type PodOptions = {
  fetcher: Fetcher;
  leases: ShardLeases;
  queue: Queue;
  pipelineOf: (owner: ShardOwner) => Pipeline;
  userAgent: string;
  scratch: string;
  maxInFlight: number;
  /** A fetch ended, or links came: the caller may want to commit. */
  onProgress: (owner: ShardOwner) => void;
  clock?: Clock;
};

type Job = LinkJob | RobotsJob;

/** How soon a host is looked at again whose links wait for something that does not wake it. */
const lookAgainMs = 250;
/** Links settled without a fetch before others have their turn. */
const maxTurns = 1_000;

export class CrawlPod {
  readonly #options: PodOptions;
  readonly #clock: Clock;
  readonly #kept: KeptHosts;
  readonly #hosts: PodHosts;
  readonly #deps: RobotsDeps;
  readonly #addresses: AddressTurns;
  readonly #sitemaps = new SitemapOffers();
  readonly #flights: Flights;
  /** Shards that start no flight any more. */
  readonly #closing = new Set<number>();
  readonly #alarm: Alarm;
  #isPumping = false;
  #isStopping = false;

  constructor(options: PodOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#kept = new KeptHosts(options.queue, this.#clock, (shard) =>
      options.leases.isValid(shard),
    );
    this.#hosts = new PodHosts(this.#kept, this.#clock);
    this.#flights = new Flights(this.#clock);
    this.#alarm = new Alarm(this.#clock, () => this.pump());
    const onWait = (change: 1 | -1) => this.#noteWaiting(change);
    this.#addresses = new AddressTurns(this.#clock, () => options.leases.podCount, onWait);
    const isStopping = () => this.#isStopping;
    this.#deps = {
      clock: this.#clock,
      addresses: this.#addresses,
      fetcher: options.fetcher,
      leases: options.leases,
      userAgent: options.userAgent,
      scratch: options.scratch,
      tokens: new Tokens(options.queue, this.#clock),
      turnAt: (url, job, body) => this.#turnAt(url, job, body),
      elsewhere: new Elsewhere(options, this.#clock, { isStopping, onWait }),
      onChange: (host) => {
        this.#requeue(host);
        this.pump();
      },
    };
  }

  /** A shard was taken over: to be called before its first owner is opened. `gapMs`: the longest gap of any run's sources. */
  enterShard(shard: number, gapMs: number): Promise<void> {
    return this.#hosts.enter(shard, gapMs);
  }

  /** New links of an owner are queued for these hosts. */
  admit(owner: ShardOwner, links: readonly FrontierLink[]): void {
    if (owner.signal.aborted) return;
    let authority = "";
    let source = "";
    for (const link of links) {
      const next = authorityOf(link.url);
      // The links of a page mostly lead to one host.
      if (next === authority && link.source === source) continue;
      authority = next;
      source = link.source;
      const rate = () => this.#sourceOf(owner, link.source)?.rate ?? null;
      const host = this.#hosts.open(authority, owner.shard, gapOf(rate()));
      host.join(owner, source, rate);
      this.#requeue(host);
    }
    this.pump();
  }

  /** Forgets an owner. Its hosts stay as they are: whoever owns the shard next in this pod must be as polite. */
  forget(owner: ShardOwner): void {
    for (const host of this.#hosts.of(owner.shard)) {
      host.leave(owner, (guest, source) => this.#sourceOf(guest.owner, source)?.rate ?? null);
      this.#rest(host);
    }
  }

  /** Starts no fetch of a shard any more; resolves when those under way have ended, or after `graceMs`. */
  drainShard(shard: number, graceMs: number): Promise<void> {
    this.#closing.add(shard);
    return this.#flights.landedWithin(shard, graceMs);
  }

  /** Forgets the hosts of a shard that goes to another pod, and leaves word of them. */
  leaveShard(shard: number): Promise<void> {
    this.#closing.delete(shard);
    return this.#hosts.leave(shard);
  }

  /** Stops starting fetches; resolves when those in flight have ended. */
  async drain(): Promise<void> {
    this.#isStopping = true;
    this.#alarm.set(null);
    this.#addresses.close();
    for (const host of this.#hosts.all())
      for (const errand of host.errands.splice(0)) errand.cancel(new LostLease("the pod stops"));
    await this.#flights.landed(null);
  }

  /** Starts all that may start now, and sets the alarm for the next. */
  pump(): void {
    // What is started may call back at once.
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (!this.#isStopping && this.#flights.inAir < this.#options.maxInFlight) {
        const nowMs = this.#clock.steadyMs();
        const host = this.#hosts.ready.first();
        if (host === null || host.place.atMs > nowMs) {
          this.#alarm.set(host?.place.atMs ?? null);
          return;
        }
        this.#hosts.ready.remove(host);
        this.#serve(host, nowMs);
      }
    } finally {
      this.#isPumping = false;
    }
  }

  #noteWaiting(change: 1 | -1): void {
    this.#flights.waiting += change;
    if (change > 0) this.pump();
  }

  #serve(host: Host, nowMs: number): void {
    if (host.isDeferred(nowMs)) {
      const maxBlockMs = (owner: ShardOwner, name: string) =>
        this.#sourceOf(owner, name)?.rate.maxBlockMs ?? 0;
      deferLinks(host, nowMs, maxBlockMs, this.#options.onProgress);
      if (host.isWanted) this.#hosts.ready.add(host, nowMs + lookAgainMs);
      else this.#rest(host);
      return;
    }
    if (host.readyAt(nowMs) > nowMs) {
      this.#requeue(host);
      return;
    }
    const isOwned = this.#options.leases.isValid(host.shard);
    if (host.isWanted && isOwned && this.#kept.mustPrepare(host, nowMs)) {
      this.#prepare(host);
      return;
    }
    const errand = host.errands.shift();
    if (errand !== undefined) {
      errand.begin();
      this.#requeue(host);
      return;
    }
    if (host.isAskingRobots) return;
    const job = this.#nextJob(host, nowMs);
    if (job !== null) {
      this.#fly(job);
      this.#requeue(host);
    } else if (host.isWanted) {
      // Its links wait for something else than the host: a commit, a lease, pages in flight under the page cap.
      this.#hosts.ready.add(host, nowMs + lookAgainMs);
    } else this.#rest(host);
  }

  /** Puts a host where it belongs by when it may next be asked. */
  #requeue(host: Host): void {
    if (!host.isWanted) {
      this.#rest(host);
      return;
    }
    const nowMs = this.#clock.steadyMs();
    const readyMs = host.isDeferred(nowMs) ? nowMs : host.readyAt(nowMs);
    if (Number.isFinite(readyMs)) this.#hosts.ready.add(host, readyMs);
  }

  #rest(host: Host): void {
    for (const leaving of this.#hosts.rest(host))
      this.#kept.farewell(leaving).catch((error: unknown) => leaving.abandon(error));
  }

  /** The next link of a host that may be fetched, after dropping those that may not; or that robots.txt must come first. */
  #nextJob(host: Host, nowMs: number): Job | null {
    for (const guest of host.guests) {
      const { owner } = guest;
      if (!guest.wants) continue;
      if (owner.signal.aborted) guest.wants = false;
      if (owner.signal.aborted || owner.isFull || this.#closing.has(owner.shard)) continue;
      if (!this.#options.leases.isValid(owner.shard)) continue;
      const job = this.#nextOf(host, guest, nowMs);
      if (job !== null) return job;
      if (owner.frontier.hasQueued(host.authority)) continue;
      guest.wants = false;
      this.#options.onProgress(owner);
    }
    return null;
  }

  #nextOf(host: Host, guest: Guest, nowMs: number): Job | null {
    const { owner } = guest;
    const retries = this.#options.pipelineOf(owner).retries.crawl;
    for (let turn = 0; turn < maxTurns && !owner.isFull; turn += 1) {
      const head = owner.frontier.peek(host.authority);
      if (head === null) return null;
      const source = this.#sourceOf(owner, head.link.source);
      if (source === null) {
        owner.frontier.take(host.authority);
        settleDropped(owner, head.link, "no such source");
        continue;
      }
      const verdict = mayFetch(host, head, source, retries, nowMs);
      if (verdict.kind === "robots")
        return { kind: "robots", host, owner, link: head.link, source };
      if (verdict.kind === "delay") {
        host.obeyDelay(verdict.delayMs);
        if (host.readyAt(nowMs) > nowMs) return null;
        continue;
      }
      // They may come before this link.
      const isKnown = verdict.kind === "fetch" || verdict.kind === "drop";
      if (isKnown && this.#offerSitemaps(host, owner, head.link, source)) continue;
      const job = this.#take(host, guest, source, verdict);
      if (job !== null) return job;
      this.#options.onProgress(owner);
    }
    return null;
  }

  /** Takes the first link of a host: to be fetched, or (null) settled as the verdict says. */
  #take(host: Host, guest: Guest, source: Crawlable, verdict: Verdict): LinkJob | null {
    const { owner } = guest;
    const entry = owner.frontier.take(host.authority);
    if (entry === null) return null;
    if (verdict.kind !== "fetch") {
      settleRefused(owner, entry, host.authority, verdict);
      return null;
    }
    if (settleUnfetched(owner, entry, source, host.authority, this.#clock.wallMs())) return null;
    host.nextTurn(guest);
    const pipeline = this.#options.pipelineOf(owner);
    return { kind: "link", host, owner, entry, source, pipeline, robots: verdict.robots };
  }

  /** Gives whether there are any that are new. */
  #offerSitemaps(host: Host, owner: ShardOwner, link: FrontierLink, source: Crawlable): boolean {
    if (link.kind === "robots") return false;
    const pipeline = this.#options.pipelineOf(owner);
    const fresh = this.#sitemaps.offer(host, owner, link.url, source, pipeline);
    this.admit(owner, fresh);
    return fresh.length > 0;
  }

  /** Lets a flight go. Its end wakes the pod; what it throws is the end of its owner. */
  #fly(job: Job): void {
    this.#flights.begin(job.host.shard);
    const flight = job.kind === "link" ? this.#flyLink(job) : this.#flyRobots(job);
    flight
      .catch((error: unknown) => {
        // Whether a lease is lost for good, its renewal finds out.
        if (!(error instanceof LostLease || error instanceof NotSent)) job.owner.abandon(error);
      })
      .finally(() => this.#landed(job.host));
  }

  #landed(host: Host): void {
    this.#flights.end(host.shard);
    this.#requeue(host);
    this.pump();
  }

  async #flyLink(job: LinkJob): Promise<void> {
    const { host, owner } = job;
    const offered = await fetchLink(byRoute(this.#deps, job, this.#options.pipelineOf(owner)), job);
    this.#keepNews(host);
    this.admit(owner, offered);
    // It may have been put back.
    if (!owner.signal.aborted && owner.frontier.hasQueued(host.authority))
      host.join(owner, job.entry.link.source, () => job.source.rate);
    this.#options.onProgress(owner);
  }

  async #flyRobots(job: RobotsJob): Promise<void> {
    const { host, owner } = job;
    host.isAskingRobots = true;
    try {
      const deps = byRoute(this.#deps, job, this.#options.pipelineOf(owner));
      const { state } = await fetchRobots(deps, job);
      const nowMs = this.#clock.steadyMs();
      if (state === "disallow" || this.#kept.mustKeep(host, nowMs)) await this.#kept.keep(host);
      else this.#keepNews(host);
    } finally {
      host.isAskingRobots = false;
    }
    this.#options.onProgress(owner);
  }

  /** A host's turn for a request that is not a link's: at once where it is being served, else before its links. */
  #turnAt<T>(
    url: string,
    { host: asking, owner, source }: RobotsJob,
    body: (host: Host) => Promise<T>,
  ): Promise<T> {
    const host = this.#hosts.open(authorityOf(url), owner.shard, gapOf(source.rate));
    const nowMs = this.#clock.steadyMs();
    const isReady = host.readyAt(nowMs) <= nowMs && !this.#kept.mustPrepare(host, nowMs);
    if (host === asking && isReady) return body(host);
    return new Promise((resolve, reject) => {
      if (this.#isStopping) throw new LostLease("the pod stops");
      owner.signal.throwIfAborted();
      // Its host may be blocked for long.
      this.#noteWaiting(1);
      const begin = () => {
        this.#noteWaiting(-1);
        resolve(body(host));
      };
      const cancel = (reason: unknown) => {
        this.#noteWaiting(-1);
        reject(reason);
      };
      host.errands.push({ owner, begin, cancel });
      this.#requeue(host);
      this.pump();
    });
  }

  /** Writes a host's state down, and takes from its budgets, before the next request to it. */
  #prepare(host: Host): void {
    host.isKeeping = true;
    this.#flights.begin(host.shard);
    this.#kept
      .prepare(host)
      .catch((error: unknown) => host.abandon(error))
      .finally(() => {
        host.isKeeping = false;
        this.#landed(host);
      });
  }

  /** Leaves word of a block that is longer than a new owner would wait anyway, and of a pace that it would not keep. */
  #keepNews(host: Host): void {
    const nowMs = this.#clock.steadyMs();
    const isBlocked = host.blockedFor(nowMs) > takeoverGapMs;
    if (isBlocked || this.#kept.mustKeep(host, nowMs)) this.#keep(host);
  }

  #keep(host: Host): void {
    this.#kept.keep(host).catch((error: unknown) => host.abandon(error));
  }

  /** Null when the pipeline has no such source: it was taken out while its run was under way. */
  #sourceOf(owner: ShardOwner, name: string): Crawlable | null {
    const source = this.#options.pipelineOf(owner).sources.find((each) => each.name === name);
    return source === undefined || source.kind === "files" ? null : source;
  }
}
