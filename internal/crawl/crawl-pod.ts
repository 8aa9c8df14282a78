// The fetching half of a crawl pod: picks hosts as their gates open, takes links of them from the shard owners, fetches, and
// gives the answers back to the owners. It never waits in a loop: it acts when a link comes, an answer comes, or the next
// gate opens.

import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Exchange, Fetcher } from "../fetch/fetch-page.ts";
import type { QueuedLink } from "../frontier/shard-frontier.ts";
import type { ShardLeases } from "../frontier/shard-leases.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { FrontierLink } from "../model/link.ts";
import type { Pipeline, Rate } from "../model/pipeline.ts";
import {
  askRobots,
  endedAt,
  type Flight,
  type Host,
  joinedBy,
  keepBlock,
  keptBlock,
  newHost,
  nextEnd,
  type RobotsEntry,
  sentAt,
  slow,
  startAt,
} from "../politeness/host.ts";
import { ReadyHosts } from "../politeness/ready-hosts.ts";
import type { Queue } from "../queue/queue.ts";
import { LostLease } from "../std/errors.ts";
import { authorityOf } from "../url/url.ts";
import { agentOf, askHeaders, askUrl, productToken, sitemapLinks } from "./ask-source.ts";
import { type Crawlable, mayFetch, robotsKey } from "./may-fetch.ts";
import { settleDead, settleDropped, settleOutcome } from "./settle.ts";
import { trapBefore } from "./watch-traps.ts";
import { type GateOutcome, type LinkOutcome, weighAnswer, weighFault } from "./weigh-answer.ts";

export type PodOptions = {
  fetcher: Fetcher;
  leases: ShardLeases;
  queue: Queue;
  pipelineOf: (owner: ShardOwner) => Pipeline;
  userAgent: string;
  maxInFlight: number;
  /** A fetch ended, or links came: the caller may want to commit. */
  onProgress: (owner: ShardOwner) => void;
};

type Job = { owner: ShardOwner; entry: QueuedLink; source: Crawlable };
/** robots.txt must be asked before `link`. */
type RobotsJob = { owner: ShardOwner; entry: null; link: FrontierLink; source: Crawlable };

/** Blocks longer than this outlive the pod. */
const keepBlockMs = 1_000;
/** How soon a host is looked at again whose links wait for something that does not wake it. */
const lookAgainMs = 250;
/** For hosts that have only links to drop. */
const unknownRate: Rate = { perSecond: 5, concurrency: 1, backoffMs: 1_000, maxBackoffMs: 60_000 };

export class CrawlPod {
  readonly #options: PodOptions;
  readonly #hosts = new Map<string, Host>();
  readonly #ready = new ReadyHosts();
  readonly #flights = new Set<Promise<void>>();
  /** Origins whose sitemaps an owner was offered. */
  readonly #sitemaps = new WeakMap<ShardOwner, Set<string>>();
  #timer: NodeJS.Timeout | null = null;
  #stopping = false;

  constructor(options: PodOptions) {
    this.#options = options;
  }

  /** New links of an owner are queued for these hosts. */
  async admit(owner: ShardOwner, links: readonly FrontierLink[]): Promise<void> {
    const nowMs = Date.now();
    for (const [authority, own] of Map.groupBy(links, (link) => authorityOf(link.url))) {
      for (const name of new Set(own.map((link) => link.source))) {
        const rate = this.#sourceOf(owner, name)?.rate ?? unknownRate;
        const host =
          this.#hosts.get(authority) ?? (await this.#openHost(authority, owner.shard, rate, nowMs));
        if (owner.signal.aborted) return;
        // The strictest of the sources that share a host counts.
        slow(host, { gapMs: 1000 / rate.perSecond, concurrency: rate.concurrency });
        joinedBy(host, owner);
        this.#ready.add(authority, host.gate.readyAt(nowMs));
      }
    }
    this.pump();
  }

  /** Forgets an owner. Its hosts stay as they are: whoever owns the shard next in this pod must be as polite. */
  forget(owner: ShardOwner): void {
    for (const host of this.#hosts.values()) host.owners.delete(owner);
  }

  /** Forgets the hosts of a shard that goes to another pod, and leaves word of those that are blocked. */
  async leaveShard(shard: number): Promise<void> {
    const nowMs = Date.now();
    for (const [authority, host] of this.#hosts) {
      if (host.shard !== shard) continue;
      this.#hosts.delete(authority);
      if (host.gate.blockedUntil > nowMs) await keepBlock(this.#options.queue, host);
    }
  }

  /** Stops starting fetches; resolves when those in flight have ended. */
  async drain(): Promise<void> {
    this.#stopping = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const host of this.#hosts.values()) for (const wake of [...host.waiting]) wake();
    while (this.#flights.size > 0) await Promise.allSettled([...this.#flights]);
  }

  /** Starts all that may start now, and sets the timer for the next. */
  pump(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (!this.#stopping && this.#flights.size < this.#options.maxInFlight) {
      const nowMs = Date.now();
      const atMs = this.#ready.nextAtMs();
      if (atMs === null) return;
      if (atMs > nowMs) {
        this.#timer = setTimeout(() => this.pump(), Math.min(atMs - nowMs, 60_000));
        return;
      }
      const host = this.#hosts.get(this.#ready.pop() as string);
      if (host !== undefined) this.#serve(host, nowMs);
    }
  }

  #serve(host: Host, nowMs: number): void {
    const readyMs = host.gate.readyAt(nowMs);
    if (readyMs > nowMs) {
      if (Number.isFinite(readyMs)) this.#ready.add(host.authority, readyMs);
      return;
    }
    if (host.askingRobots || host.unsent) return;
    const job = this.#nextJob(host, nowMs);
    if (job === null) {
      // Its links wait for something else than the host: a commit, a lease, pages in flight under the page cap.
      if (host.owners.size > 0) this.#ready.add(host.authority, nowMs + lookAgainMs);
      return;
    }
    this.#fly(host, job);
    if (host.owners.size > 0) this.#requeue(host);
  }

  #requeue(host: Host): void {
    const readyMs = host.gate.readyAt(Date.now());
    if (Number.isFinite(readyMs)) this.#ready.add(host.authority, readyMs);
  }

  /** The next link of a host that may be fetched, after dropping those that may not; or that robots.txt must come first. */
  #nextJob(host: Host, nowMs: number): Job | RobotsJob | null {
    for (const owner of host.owners) {
      if (owner.signal.aborted) host.owners.delete(owner);
      if (owner.signal.aborted || owner.isFull) continue;
      if (!this.#options.leases.isValid(owner.shard, nowMs)) continue;
      const job = this.#nextOf(host, owner, nowMs);
      if (job !== null) return job;
      if (owner.frontier.hasQueued(host.authority)) continue;
      host.owners.delete(owner);
      this.#options.onProgress(owner);
    }
    return null;
  }

  #nextOf(host: Host, owner: ShardOwner, nowMs: number): Job | RobotsJob | null {
    const { retries } = this.#options.pipelineOf(owner);
    while (!owner.isFull) {
      const head = owner.frontier.peek(host.authority);
      if (head === null) return null;
      const source = this.#sourceOf(owner, head.link.source);
      if (source === null) {
        owner.frontier.take(host.authority);
        settleDropped(owner, head.link, "no such source");
        continue;
      }
      const verdict = mayFetch(host, head, source, retries.crawl, nowMs);
      if (verdict.kind === "robots") return { owner, entry: null, link: head.link, source };
      // They may come before this link.
      if (verdict.kind !== "dead" && this.#offerSitemaps(host, owner, head.link.url, source))
        continue;
      const entry = owner.frontier.take(host.authority);
      if (entry === null) return null;
      const why =
        verdict.kind === "fetch" ? trapBefore(owner, entry, source, host.authority) : "robots";
      if (why === null) {
        // The owners of a host take turns.
        host.owners.delete(owner);
        host.owners.add(owner);
        return { owner, entry, source };
      }
      if (verdict.kind === "dead") settleDead(owner, entry, verdict.reason, 0);
      else settleDropped(owner, entry.link, why);
      this.#options.onProgress(owner);
    }
    return null;
  }

  /** Offers the sitemaps of an origin, once to each owner: robots.txt, which names them, is asked once a day for all. */
  #offerSitemaps(host: Host, owner: ShardOwner, url: string, source: Crawlable): boolean {
    if (source.kind !== "web" || !source.sitemaps) return false;
    const { origin } = new URL(url);
    const offered = this.#sitemaps.get(owner) ?? new Set();
    this.#sitemaps.set(owner, offered);
    if (offered.has(origin)) return false;
    offered.add(origin);
    const robots = host.robots.get(robotsKey(origin, source))?.robots ?? null;
    const links = sitemapLinks(this.#options.pipelineOf(owner), origin, robots);
    const fresh = owner.offerFound(links);
    // Later: admitting pumps, and a host is being served just now.
    Promise.resolve()
      .then(() => this.admit(owner, fresh))
      .catch((error: unknown) => owner.abandon(error));
    return fresh.length > 0;
  }

  #fly(host: Host, job: Job | RobotsJob): void {
    const { owner } = job;
    if (job.entry === null) host.askingRobots = true;
    const flight = (job.entry === null ? this.#flyRobots(host, job) : this.#flyLink(host, job))
      .catch((error: unknown) => owner.abandon(error))
      .finally(() => {
        this.#flights.delete(flight);
        this.#requeue(host);
        this.pump();
      });
    this.#flights.add(flight);
  }

  async #flyLink(host: Host, { owner, entry, source }: Job): Promise<void> {
    const { fetcher, pipelineOf } = this.#options;
    const { link } = entry;
    const flight = startAt(host, Date.now());
    const robots = host.robots.get(robotsKey(new URL(link.url).origin, source))?.state ?? "none";
    owner.segment.countRequest(host.authority, robots, link.source);
    const headers = askHeaders(link, source, this.#options.userAgent);
    const asked = { headers, onSent: () => this.#sent(host, owner) };
    const retries = pipelineOf(owner).retries.crawl;
    let weighed: { gate: GateOutcome; link: LinkOutcome };
    let answer: Exchange | null = null;
    const fetchedAt = new Date().toISOString();
    try {
      answer = await fetcher.fetch(askUrl(link, source), asked, owner.signal);
      host.silentFaults = 0;
      weighed = weighAnswer(answer, entry, retries, Date.now());
    } catch (error) {
      if (!(error instanceof FetchFault)) {
        this.#endAt(host, owner, flight, { kind: "ok" }, null);
        if (owner.signal.aborted) return;
        throw error;
      }
      if (error.kind !== "broken" && error.kind !== "decode") host.silentFaults += 1;
      weighed = weighFault(error, entry, retries);
    }
    this.#endAt(host, owner, flight, weighed.gate, answer);
    const { userAgent } = this.#options;
    const fetched = { source, answer, fetchedAt, userAgent, outcome: weighed.link };
    const offered = settleOutcome(owner, entry, fetched);
    if (offered.length > 0) await this.admit(owner, offered);
    if (!owner.signal.aborted) host.owners.add(owner);
    this.#options.onProgress(owner);
  }

  async #flyRobots(host: Host, { owner, link, source }: RobotsJob): Promise<void> {
    const { fetcher, userAgent } = this.#options;
    const { origin } = new URL(link.url);
    const agent = agentOf(source, userAgent);
    const key = robotsKey(origin, source);
    const tries = host.robots.get(key)?.tries ?? 0;
    try {
      // A redirect may lead to another host: its gate counts there.
      const paced = async (url: string, body: (onSent: () => void) => Promise<Exchange>) => {
        const authority = authorityOf(url);
        const at =
          this.#hosts.get(authority) ??
          (await this.#openHost(authority, owner.shard, source.rate, Date.now()));
        return this.#paced(at, owner, link.source, body);
      };
      const who = { origin, userAgent: agent, productToken: productToken(agent), tries };
      const entry = await askRobots(fetcher, who, paced, owner.signal);
      host.robots.set(key, entry);
      this.#obey(host, owner, entry);
      this.#options.onProgress(owner);
    } catch (error) {
      if (!owner.signal.aborted && !this.#stopping) throw error;
    } finally {
      host.askingRobots = false;
    }
  }

  /** Runs one request of a robots.txt fetch when the gate opens, and counts it like any other visit. */
  async #paced(
    host: Host,
    owner: ShardOwner,
    source: string,
    body: (onSent: () => void) => Promise<Exchange>,
  ): Promise<Exchange> {
    for (
      let nowMs = Date.now();
      host.unsent || host.gate.readyAt(nowMs) > nowMs;
      nowMs = Date.now()
    ) {
      owner.signal.throwIfAborted();
      if (this.#stopping) throw new LostLease("the pod is stopping");
      await nextEnd(host, Math.min(Math.max(host.gate.readyAt(nowMs) - nowMs, 1), 1_000));
    }
    // The wait may have been longer than the lease.
    if (!this.#options.leases.isValid(owner.shard, Date.now()))
      throw new LostLease(`the lease of shard ${owner.shard} has ended`);
    const flight = startAt(host, Date.now());
    owner.segment.countRequest(host.authority, "none", source);
    try {
      const answer = await body(() => this.#sent(host, owner));
      host.silentFaults = 0;
      const { gate } = weighAnswer(
        answer,
        { link: {} as FrontierLink, attempts: 0, calm: 0 },
        0,
        Date.now(),
      );
      this.#endAt(host, owner, flight, gate, answer);
      return answer;
    } catch (error) {
      this.#endAt(host, owner, flight, { kind: "fault" }, null);
      throw error;
    }
  }

  #sent(host: Host, owner: ShardOwner): void {
    owner.segment.countGap(host.authority, sentAt(host, Date.now()));
    // Before the answer: this pod may die on the way, and a crawl-delay can be longer than a lease.
    if (host.gapMs > keepBlockMs)
      keepBlock(this.#options.queue, host).catch((error: unknown) => owner.abandon(error));
    this.#requeue(host);
    this.pump();
  }

  /** Takes the crawl-delay of a robots.txt into account. */
  #obey(host: Host, owner: ShardOwner, { robots }: RobotsEntry): void {
    const delayMs = robots?.crawlDelayMs ?? null;
    if (delayMs === null) return;
    slow(host, { gapMs: delayMs, concurrency: 1 });
    host.gate.holdUntil((host.lastSentMs ?? Date.now()) + delayMs);
    if (delayMs > keepBlockMs)
      keepBlock(this.#options.queue, host).catch((error: unknown) => owner.abandon(error));
  }

  #endAt(
    host: Host,
    owner: ShardOwner,
    flight: Flight,
    outcome: GateOutcome,
    answer: Exchange | null,
  ): void {
    const nowMs = Date.now();
    host.gate.end(nowMs, outcome);
    endedAt(host, flight, answer === null ? nowMs : flight.startedMs + answer.firstByteMs);
    if (outcome.kind !== "ok") owner.segment.countBackoff(host.authority);
    const untilMs = host.gate.blockedUntil;
    if (untilMs - nowMs > keepBlockMs) {
      keepBlock(this.#options.queue, host).catch((error: unknown) => owner.abandon(error));
    }
  }

  async #openHost(authority: string, shard: number, rate: Rate, nowMs: number): Promise<Host> {
    const keptMs = await keptBlock(this.#options.queue, authority);
    const already = this.#hosts.get(authority);
    if (already !== undefined) return already;
    const pace = { ...rate, gapMs: 1000 / rate.perSecond };
    const host = newHost(authority, shard, pace, Math.max(nowMs + pace.gapMs, keptMs));
    this.#hosts.set(authority, host);
    return host;
  }

  /** Null when the pipeline has no such source: it was taken out while its run was under way. */
  #sourceOf(owner: ShardOwner, name: string): Crawlable | null {
    const source = this.#options.pipelineOf(owner).sources.find((each) => each.name === name);
    return source === undefined || source.kind === "files" ? null : source;
  }
}
