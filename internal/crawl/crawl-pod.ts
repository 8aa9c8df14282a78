// The fetching half of a crawl pod: picks hosts as their gates open, takes links of them from the shard owners, fetches, and
// gives the answers back to the owners. It never waits in a loop: it acts when a link comes, an answer comes, or the next
// gate opens.
import type { FrontierLink } from "../model/link.ts";
import type { Pipeline, Source, WebSource } from "../model/pipeline.ts";
import type { Queue } from "../queue/queue.ts";
import { authHeaders, withQueryAuth } from "./api-page.ts";
import { type Exchange, FetchFault, type Fetcher } from "./fetch-page.ts";
import { askRobots, type Host, newHost, type RobotsEntry, startAt } from "./host.ts";
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

type Crawlable = Exclude<Source, { kind: "files" }>;
type Job = { owner: ShardOwner; entry: QueuedLink; source: Crawlable };

/** Fetches of robots.txt without an answer before the links of a host are given up. */
const maxRobotsTries = 3;
/** Links whose attempts a host may leave without any answer before all its links are given up. */
const maxSilentLinks = 2;
/** Blocks longer than this outlive the pod. */
const keepBlockMs = 2_000;

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
      let host = this.#hosts.get(authority);
      if (host === undefined) {
        const source = this.#sourceOf(owner, links.find((link) => authorityOf(link.url) === authority) as FrontierLink);
        if (source === null) continue;
        host = await this.#openHost(authority, source, nowMs);
      }
      host.owners.add(owner);
      this.#ready.add(authority, host.gate.readyAt(nowMs));
    }
    this.pump();
  }

  /** Forgets an owner, and the hosts that only it had. */
  forget(owner: ShardOwner): void {
    for (const [authority, host] of this.#hosts) {
      host.owners.delete(owner);
      if (host.owners.size === 0) this.#hosts.delete(authority);
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
    if (host.askingRobots) return;
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
      for (let head = owner.frontier.peek(host.authority); head !== null; head = owner.frontier.peek(host.authority)) {
        const source = this.#sourceOf(owner, head.link);
        const { retries } = this.#options.pipelineOf(owner);
        const maxSilent = maxSilentLinks * (retries.crawl + 1);
        const verdict = source === null ? "drop" : this.#mayFetch(host, head, source, maxSilent, nowMs);
        if (verdict === "robots") return "robots";
        const entry = owner.frontier.take(host.authority);
        if (entry === null) break;
        if (verdict === "fetch" && source !== null) {
          this.#rotate(host, owner);
          return { owner, entry, source };
        }
        if (verdict === "drop") settleDropped(owner, entry.link, "robots");
        else settleDead(owner, entry, verdict, 0);
        this.#options.onProgress(owner);
      }
      if (!owner.frontier.hasQueued(host.authority)) {
        host.owners.delete(owner);
        this.#options.onProgress(owner);
      }
    }
    return null;
  }

  /** `fetch`, `drop` (robots forbid it), `robots` (ask first), or the reason why it is dead. */
  #mayFetch(host: Host, entry: QueuedLink, source: Crawlable, maxSilent: number, nowMs: number): string {
    if (host.silentFaults >= maxSilent) return `${host.authority} did not answer ${host.silentFaults} requests in a row`;
    if (source.kind === "api" || source.robots === "ignore") return "fetch";
    const { origin, pathname, search } = new URL(entry.link.url);
    const known = host.robots.get(origin);
    if (known === undefined) return "robots";
    // The gate spaces these tries, with its back-off after faults.
    if (known.state === "disallow" && known.tries < maxRobotsTries) return "robots";
    if (known.untilMs <= nowMs) return "robots";
    if (known.state === "disallow") return `robots.txt of ${origin} cannot be had: ${known.why}`;
    return known.robots === null || known.robots.allows(pathname + search) ? "fetch" : "drop";
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
    const gapMs = startAt(host, Date.now());
    const { link } = entry;
    owner.segment.countRequest(host.authority, gapMs, this.#robotsState(host, link), link.source);
    const retries = pipelineOf(owner).retries.crawl;
    let weighed: { gate: GateOutcome; link: LinkOutcome };
    let answer: Exchange | null = null;
    const fetchedAt = new Date().toISOString();
    try {
      answer = await fetcher.fetch(this.#urlOf(link, source), this.#headersOf(link, source), owner.signal);
      host.silentFaults = 0;
      weighed = weighAnswer(answer, entry, retries, Date.now());
    } catch (error) {
      if (!(error instanceof FetchFault)) {
        this.#endAt(host, owner, { kind: "ok" });
        if (owner.signal.aborted) return;
        throw error;
      }
      if (error.kind !== "broken" && error.kind !== "decode") host.silentFaults += 1;
      weighed = weighFault(error, entry, retries);
    }
    this.#endAt(host, owner, weighed.gate);
    const status = answer?.status ?? 0;
    if (weighed.link.kind === "again") {
      owner.segment.countsOf(link.source).retries += 1;
      const { costs } = weighed.link;
      owner.frontier.putBack({ link, attempts: entry.attempts + Number(costs), calm: entry.calm + Number(!costs) });
    } else if (weighed.link.kind === "dead" || answer === null) {
      settleDead(owner, entry, weighed.link.kind === "dead" ? weighed.link.reason : "no answer", status);
    } else {
      const offered = settleAnswer(owner, entry, answer, source, fetchedAt, weighed.link.kind, this.#options.shards);
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
    const agent = source?.userAgent ?? userAgent;
    const tries = host.robots.get(origin)?.tries ?? 0;
    try {
      const paced = <T>(body: () => Promise<T>) => this.#paced(host, owner, head?.link.source ?? "", body);
      const entry = await askRobots(fetcher, origin, agent, productToken(agent), tries, paced, owner.signal);
      host.robots.set(origin, entry);
      await this.#obey(host, owner, origin, entry);
    } catch (error) {
      if (!owner.signal.aborted) throw error;
    } finally {
      host.askingRobots = false;
    }
  }

  /** Runs one request of a robots.txt fetch when the gate opens, and counts it like any other visit. */
  async #paced<T>(host: Host, owner: ShardOwner, source: string, body: () => Promise<T>): Promise<T> {
    for (let nowMs = Date.now(); host.gate.readyAt(nowMs) > nowMs; nowMs = Date.now()) {
      await opened(host, Math.min(host.gate.readyAt(nowMs) - nowMs, 60_000));
    }
    const gapMs = startAt(host, Date.now());
    owner.segment.countRequest(host.authority, gapMs, "none", source);
    try {
      const result = await body();
      host.silentFaults = 0;
      const answer = result as Exchange;
      const { gate } = weighAnswer(answer, { link: {} as FrontierLink, attempts: 0, calm: 0 }, 0, Date.now());
      this.#endAt(host, owner, gate);
      return result;
    } catch (error) {
      this.#endAt(host, owner, { kind: "fault" });
      throw error;
    }
  }

  /** Takes robots.txt into account: its crawl-delay for the host, its sitemaps for the sources that want them. */
  async #obey(host: Host, owner: ShardOwner, origin: string, entry: RobotsEntry): Promise<void> {
    const delayMs = entry.robots?.crawlDelayMs ?? null;
    if (delayMs !== null) {
      host.gate.tighten({ gapMs: delayMs, concurrency: 1 });
      host.gate.holdUntil((host.lastStartMs ?? Date.now()) + delayMs);
    }
    for (const each of host.owners) {
      const links: FrontierLink[] = [];
      for (const source of this.#options.pipelineOf(each).sources) {
        if (source.kind !== "web" || !source.sitemaps || !source.seeds.some((seed) => new URL(seed).origin === origin)) continue;
        const declared = entry.robots?.sitemaps ?? [];
        for (const url of declared.length > 0 ? declared : [`${origin}/sitemap.xml`]) {
          const via = declared.length > 0 ? `${origin}/robots.txt` : undefined;
          links.push({ url, source: source.name, kind: "sitemap", depth: 0, priority: 1, ...(via ? { via } : {}) });
        }
      }
      await this.admit(each, offerFound(each, links, this.#options.shards));
    }
    this.#options.onProgress(owner);
  }

  #endAt(host: Host, owner: ShardOwner, outcome: GateOutcome): void {
    const nowMs = Date.now();
    host.gate.end(nowMs, outcome);
    for (const wake of host.waiting.splice(0)) wake();
    if (outcome.kind !== "ok") owner.segment.countBackoff(host.authority);
    const untilMs = host.gate.blockedUntil;
    if (untilMs - nowMs > keepBlockMs) {
      const kept = this.#options.queue.putState(`host/${host.authority}`, Buffer.from(String(untilMs)));
      kept.catch((error: unknown) => owner.abandon(error));
    }
  }

  async #openHost(authority: string, source: Crawlable, nowMs: number): Promise<Host> {
    const kept = await this.#options.queue.getState(`host/${authority}`);
    const already = this.#hosts.get(authority);
    if (already !== undefined) return already;
    const gapMs = 1000 / source.rate.perSecond;
    const pace = { ...source.rate, gapMs };
    const untilMs = Math.max(nowMs + gapMs, kept === null ? 0 : Number(Buffer.from(kept).toString()));
    const host = newHost(authority, pace, untilMs);
    this.#hosts.set(authority, host);
    return host;
  }

  #robotsState(host: Host, link: FrontierLink): "none" | "allow" | "rules" | "disallow" {
    return host.robots.get(new URL(link.url).origin)?.state ?? "none";
  }

  #sourceOf(owner: ShardOwner, link: FrontierLink): Crawlable | null {
    const source = this.#options.pipelineOf(owner).sources.find((each) => each.name === link.source);
    return source === undefined || source.kind === "files" ? null : source;
  }

  #urlOf(link: FrontierLink, source: Crawlable): string {
    return this.#isOwn(link, source) && source.auth !== null ? withQueryAuth(link.url, source.auth) : link.url;
  }

  #headersOf(link: FrontierLink, source: Crawlable): Record<string, string> {
    const agent = (source.kind === "web" ? source.userAgent : null) ?? this.#options.userAgent;
    const own = this.#isOwn(link, source) ? { ...source.headers, ...authHeaders(source.auth) } : {};
    return { "user-agent": agent, ...own };
  }

  /** Credentials go only to the origins that the pipeline names. */
  #isOwn(link: FrontierLink, source: Crawlable): boolean {
    const { origin } = new URL(link.url);
    const named = source.kind === "api" ? [source.url] : source.seeds;
    return named.some((url) => new URL(url).origin === origin);
  }
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

/** RFC 9309 section 2.2.1: the product token is the first word of the User-Agent. */
function productToken(userAgent: string): string {
  return /^[A-Za-z_-]+/.exec(userAgent)?.[0] ?? "onpoint";
}
