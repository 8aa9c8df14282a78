// The fetching half of a crawl pod: picks hosts as their gates open, takes links of them from the shard owners, fetches, and
// gives the answers back to the owners. It never waits in a loop: it acts when a link comes, an answer comes, or the next
// gate opens.
import type { FrontierLink } from "../model/link.ts";
import type { Pipeline, WebSource } from "../model/pipeline.ts";
import type { Queue } from "../queue/queue.ts";
import { agentOf, askHeaders, askUrl, productToken, sitemapLinks } from "./ask-source.ts";
import { type Exchange, type Fetcher, FetchFault } from "./fetch-page.ts";
import {
  askRobots,
  endedAt,
  type Flight,
  type Host,
  newHost,
  type RobotsEntry,
  sentAt,
  slow,
  startAt,
} from "./host.ts";
import { type Crawlable, mayFetch } from "./may-fetch.ts";
import { ReadyHosts } from "./ready-hosts.ts";
import { offerFound, settleAnswer, settleDead, settleDropped } from "./settle.ts";
import type { QueuedLink } from "./shard-frontier.ts";
import type { ShardLeases } from "./shard-leases.ts";
import type { ShardOwner } from "./shard-owner.ts";
import { authorityOf } from "./url.ts";
import { type GateOutcome, type LinkOutcome, weighAnswer, weighFault } from "./weigh-answer.ts";

export type PodOptions = {
  fetcher: Fetcher;
  leases: ShardLeases;
  queue: Queue;
  pipelineOf: (owner: ShardOwner) => Pipeline;
  userAgent: string;
  maxInFlight: number;
  shards: number;
  /** A fetch ended, or links came: the caller may want to commit. */
  onProgress: (owner: ShardOwner) => void;
};

type Job = { owner: ShardOwner; entry: QueuedLink; source: Crawlable };

/** Blocks longer than this outlive the pod. */
const keepBlockMs = 1_000;

export class CrawlPod {
  readonly #options: PodOptions;
  readonly #hosts = new Map<string, Host>();
  readonly #ready = new ReadyHosts();
  readonly #flights = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  #stopping = false;

  constructor(options: PodOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#flights.size;
  }

  get hosts(): number {
    return this.#hosts.size;
  }

  /** New links of an owner are queued for these hosts. */
  async admit(owner: ShardOwner, links: readonly FrontierLink[]): Promise<void> {
    const nowMs = Date.now();
    for (const authority of new Set(links.map((link) => authorityOf(link.url)))) {
      const source = this.#sourceOf(
        owner,
        links.find((link) => authorityOf(link.url) === authority) as FrontierLink,
      );
      if (source === null) continue;
      const host =
        this.#hosts.get(authority) ?? (await this.#openHost(authority, owner.shard, source, nowMs));
      // The strictest of the sources that share a host counts.
      slow(host, { gapMs: 1000 / source.rate.perSecond, concurrency: source.rate.concurrency });
      host.owners.add(owner);
      this.#ready.add(authority, host.gate.readyAt(nowMs));
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
      if (host.gate.blockedUntil > nowMs) await this.#keepBlock(host);
    }
  }

  /** Stops starting fetches; resolves when those in flight have ended. */
  async drain(): Promise<void> {
    this.#stopping = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
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
    if (job === null) return;
    this.#fly(host, job === "robots" ? null : job);
    if (host.owners.size > 0) this.#requeue(host);
  }

  #requeue(host: Host): void {
    const readyMs = host.gate.readyAt(Date.now());
    if (Number.isFinite(readyMs)) this.#ready.add(host.authority, readyMs);
  }

  /** The next link of a host that may be fetched, after dropping those that may not; or that robots.txt must come first. */
  #nextJob(host: Host, nowMs: number): Job | "robots" | null {
    for (const owner of host.owners) {
      if (!this.#options.leases.isValid(owner.shard, nowMs) || owner.signal.aborted) continue;
      const job = this.#nextOf(host, owner, nowMs);
      if (job !== null) return job;
      if (owner.frontier.hasQueued(host.authority)) continue;
      host.owners.delete(owner);
      this.#options.onProgress(owner);
    }
    return null;
  }

  #nextOf(host: Host, owner: ShardOwner, nowMs: number): Job | "robots" | null {
    const { retries } = this.#options.pipelineOf(owner);
    for (;;) {
      const head = owner.frontier.peek(host.authority);
      if (head === null) return null;
      const source = this.#sourceOf(owner, head.link);
      const verdict = source && mayFetch(host, head, source, retries.crawl, nowMs);
      if (verdict?.kind === "robots") return "robots";
      const entry = owner.frontier.take(host.authority);
      if (entry === null) return null;
      if (verdict?.kind === "fetch" && source !== null) {
        this.#rotate(host, owner);
        return { owner, entry, source };
      }
      if (verdict?.kind === "dead") settleDead(owner, entry, verdict.reason, 0);
      else settleDropped(owner, entry.link, "robots");
      this.#options.onProgress(owner);
    }
  }

  #rotate(host: Host, owner: ShardOwner): void {
    host.owners.delete(owner);
    host.owners.add(owner);
  }

  #fly(host: Host, job: Job | null): void {
    if (job === null) host.askingRobots = true;
    const owner = job?.owner ?? (host.owners.values().next().value as ShardOwner);
    const flight = (job === null ? this.#flyRobots(host, owner) : this.#flyLink(host, job))
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
    owner.segment.countRequest(host.authority, this.#robotsState(host, link), link.source);
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
    const status = answer?.status ?? 0;
    if (weighed.link.kind === "again") {
      owner.segment.countsOf(link.source).retries += 1;
      const { costs } = weighed.link;
      owner.frontier.putBack({
        link,
        attempts: entry.attempts + Number(costs),
        calm: entry.calm + Number(!costs),
      });
    } else if (weighed.link.kind === "dead" || answer === null) {
      settleDead(
        owner,
        entry,
        weighed.link.kind === "dead" ? weighed.link.reason : "no answer",
        status,
      );
    } else {
      const offered = settleAnswer(
        owner,
        entry,
        answer,
        source,
        fetchedAt,
        weighed.link.kind,
        this.#options.shards,
      );
      await this.admit(owner, offered);
    }
    host.owners.add(owner);
    this.#options.onProgress(owner);
  }

  async #flyRobots(host: Host, owner: ShardOwner): Promise<void> {
    const { fetcher, userAgent } = this.#options;
    const head = owner.frontier.peek(host.authority);
    const origin = new URL(head?.link.url ?? `http://${host.authority}`).origin;
    const source = (head === null ? null : this.#sourceOf(owner, head.link)) as WebSource | null;
    const agent = source === null ? userAgent : agentOf(source, userAgent);
    const tries = host.robots.get(origin)?.tries ?? 0;
    try {
      const paced = (body: (onSent: () => void) => Promise<Exchange>) =>
        this.#paced(host, owner, head?.link.source ?? "", body);
      const entry = await askRobots(
        fetcher,
        origin,
        agent,
        productToken(agent),
        tries,
        paced,
        owner.signal,
      );
      host.robots.set(origin, entry);
      await this.#obey(host, owner, origin, entry);
    } catch (error) {
      if (!owner.signal.aborted) throw error;
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
      await opened(host, Math.min(Math.max(host.gate.readyAt(nowMs) - nowMs, 1), 60_000));
    }
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
    this.#requeue(host);
    this.pump();
  }

  /** Takes robots.txt into account: its crawl-delay for the host, its sitemaps for the sources that want them. */
  async #obey(host: Host, owner: ShardOwner, origin: string, entry: RobotsEntry): Promise<void> {
    const delayMs = entry.robots?.crawlDelayMs ?? null;
    if (delayMs !== null) {
      slow(host, { gapMs: delayMs, concurrency: 1 });
      host.gate.holdUntil((host.lastSentMs ?? Date.now()) + delayMs);
    }
    for (const each of host.owners) {
      const links = sitemapLinks(this.#options.pipelineOf(each), origin, entry.robots);
      await this.admit(each, offerFound(each, links, this.#options.shards));
    }
    this.#options.onProgress(owner);
  }

  #endAt(host: Host, owner: ShardOwner, flight: Flight, outcome: GateOutcome, answer: Exchange | null): void {
    const nowMs = Date.now();
    host.gate.end(nowMs, outcome);
    endedAt(host, flight, answer === null ? nowMs : flight.startedMs + answer.firstByteMs);
    if (outcome.kind !== "ok") owner.segment.countBackoff(host.authority);
    const untilMs = host.gate.blockedUntil;
    if (untilMs - nowMs > keepBlockMs) {
      this.#keepBlock(host).catch((error: unknown) => owner.abandon(error));
    }
  }

  #keepBlock(host: Host): Promise<void> {
    const untilMs = Buffer.from(String(host.gate.blockedUntil));
    return this.#options.queue.putState(hostKey(host.authority), untilMs);
  }

  async #openHost(
    authority: string,
    shard: number,
    source: Crawlable,
    nowMs: number,
  ): Promise<Host> {
    const kept = await this.#options.queue.getState(hostKey(authority));
    const already = this.#hosts.get(authority);
    if (already !== undefined) return already;
    const gapMs = 1000 / source.rate.perSecond;
    const pace = { ...source.rate, gapMs };
    const untilMs = Math.max(
      nowMs + gapMs,
      kept === null ? 0 : Number(Buffer.from(kept).toString()),
    );
    const host = newHost(authority, shard, pace, untilMs);
    this.#hosts.set(authority, host);
    return host;
  }

  #robotsState(host: Host, link: FrontierLink): "none" | "allow" | "rules" | "disallow" {
    return host.robots.get(new URL(link.url).origin)?.state ?? "none";
  }

  #sourceOf(owner: ShardOwner, link: FrontierLink): Crawlable | null {
    const source = this.#options
      .pipelineOf(owner)
      .sources.find((each) => each.name === link.source);
    return source === undefined || source.kind === "files" ? null : source;
  }
}

/** Key of a host's long block in the queue's state; other characters than a key may have are written as `=hex`. */
function hostKey(authority: string): string {
  return `host/${authority.replace(/[^A-Za-z0-9_.-]/g, (char) => `=${char.charCodeAt(0).toString(16)}`)}`;
}

/** Resolves after `waitMs`, or when a request at the host ends. */
function opened(host: Host, waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, waitMs);
    host.waiting.push(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
