// What one owner knows of one shard of one run: which links were ever seen, which are queued, in flight, or done but not
// yet committed. Hosts' politeness and the queue are elsewhere; the one thing outside it is the spool on the pod's disk.
//
// A link is: queued -> in flight -> (queued again for a retry) -> settled (in an open segment) -> committed.
// `pending` counts every link that is not committed yet, so it is 0 only when nothing of the shard is left to do.
//
// Memory: a fingerprint of every link ever seen (fingerprint.ts), 5 bytes for every entry not committed (entry-table.ts,
// link-spool.ts), a hundred for every host with queued links (host-queues.ts); objects only for what is in flight or failed.
import type { FrontierLink } from "../model/link.ts";
import { authorityOf } from "../url/url.ts";
import { EntryTable } from "./entry-table.ts";
import { fingerprint } from "./fingerprint.ts";
import { FingerprintTable } from "./fingerprint-table.ts";
import { type Band, HostQueues } from "./host-queues.ts";
import { isBehindFirst, linkFingerprint, requestFingerprint } from "./link-fingerprint.ts";
import { linkKinds, readHead, readLink } from "./link-record.ts";
import { LinkSpool } from "./link-spool.ts";
import type { SnapshotHeader, SnapshotParts, SnapshotSource } from "./snapshot-file.ts";
import { SourcePages } from "./source-pages.ts";

/**
 * A queued link; `attempts` that failed so far, `calm` ones that cost no retry (429, 503 with Retry-After). `renewed`: a token
 * was renewed for it.
 */
export type QueuedLink = {
  link: FrontierLink;
  attempts: number;
  calm: number;
  renewed?: boolean;
};

/** The first entry of a band of a host. */
type Head = { host: string; band: Band; ordinal: number; entry: QueuedLink };

/** What decides where a link is queued. */
type Queued = Pick<FrontierLink, "url" | "kind" | "depth" | "priority">;

/** A frontier as it was: see `capture`. */
export type FrontierCapture = {
  sources: Omit<SnapshotSource, "saved">[];
  consumedSeq: number;
  seen: number;
  links: number;
  parts: SnapshotParts;
  release: () => void;
};

const maxSources = 0x1_0000;

export class ShardFrontier {
  readonly #nowMs: () => number;
  readonly #seen = new FingerprintTable();
  readonly #spool: LinkSpool;
  readonly #entries: EntryTable;
  readonly #queues: HostQueues;
  readonly #sources: SourcePages[] = [];
  readonly #sourceNumbers = new Map<string, number>();
  /** Entries that failed before. */
  readonly #tries = new Map<number, { attempts: number; calm: number; renewed: boolean }>();
  /** Entries in flight, by the very object that was handed out. */
  readonly #flying = new Map<FrontierLink, number>();
  /** Entries settled but not committed, in that order; `level` is null for one without. */
  readonly #settled: { ordinal: number; source: number; level: number | null }[] = [];
  /** What `peek` found last: `take` hands out the same object. */
  #peeked: Head | null = null;
  #dropped = 0;
  /** Links of a snapshot that is being taken in which are still to come. */
  #toCome = 0;
  /** Numbers of the snapshot's sources here. */
  #sourceMap: number[] = [];
  /** Last sequence of the frontier log that was taken into account. */
  consumedSeq = 0;

  /** `scratch`: a folder for the spool, which is on the disk only when it is large. */
  constructor({ scratch, nowMs = Date.now }: { scratch: string; nowMs?: () => number }) {
    this.#nowMs = nowMs;
    this.#spool = new LinkSpool(scratch);
    this.#entries = new EntryTable((chunk) => this.#spool.free(chunk));
    this.#queues = new HostQueues(this.#entries);
  }

  get pending(): number {
    return this.#entries.liveCount + this.#toCome;
  }

  /** Links ever seen. */
  get seen(): number {
    return this.#seen.size;
  }

  /** Links dropped because their source's page cap was reached. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Bytes of all that grows with the number of links; names of hosts and what is in flight are not among it. */
  get sizeBytes(): number {
    return (
      this.#seen.sizeBytes +
      this.#entries.sizeBytes +
      this.#spool.sizeBytes +
      this.#queues.sizeBytes
    );
  }

  /** Sets a source's page cap, at any time; pages saved before (by earlier owners) come in by `countSaved`. */
  limitPages(source: string, max: number): void {
    this.#sourceOf(source).max = max;
  }

  /** A source's pages; its `max` and `granted` may be set at any time. */
  pagesOf(source: string): SourcePages {
    return this.#sourceOf(source);
  }

  countSaved(source: string, pages: number): void {
    this.#sourceOf(source).saved += pages;
  }

  /** Marks links that are committed already, so that they are never queued. */
  markDone(hi: number, lo: number): void {
    this.#seen.add(hi, lo);
  }

  hasSeen(hi: number, lo: number): boolean {
    return this.#seen.has(hi, lo);
  }

  /**
   * Queues a link unless it was seen before. Returns whether it was new. A page of an API that asks for what another one asked
   * is queued as a circle, so that it is reported once, whoever owns the shard by then. Throws when the spool's disk is full.
   */
  offer(link: FrontierLink, { hi, lo } = linkFingerprint(link)): boolean {
    const isNew = this.#seen.add(hi, lo);
    if (!isBehindFirst(link)) {
      if (isNew) this.queue(link);
      return isNew;
    }
    const request = requestFingerprint(link);
    // Of a page that is done, too: links are read again by the next owner.
    const isFirst = this.#seen.add(request.hi, request.lo);
    if (isNew) this.queue(isFirst ? link : { ...link, isCircle: true });
    return isNew;
  }

  /** Queues a link that counts as seen. */
  queue(link: FrontierLink): void {
    const source = this.#numberOf(link.source);
    this.#spool.append(link, source);
    const ordinal = this.#entries.add();
    if (hasLevel(link)) (this.#sources[source] as SourcePages).add(levelOf(link), 1);
    this.#push(ordinal, link, source, "end");
  }

  /** Hosts that have queued links. */
  authorities(): IterableIterator<string> {
    return this.#queues.hosts();
  }

  hasQueued(authority: string): boolean {
    return this.#queues.has(authority);
  }

  /** The next link of a host: seeds, sitemaps, then breadth first; null when there is none that may start now. */
  take(authority: string): QueuedLink | null {
    const head = this.#find(authority);
    if (head === null) return null;
    const { ordinal, entry } = head;
    this.#peeked = null;
    this.#queues.removeFirst(authority, head.band);
    this.#flying.set(entry.link, ordinal);
    if (entry.link.kind === "page") this.#sourceOf(entry.link.source).start();
    return entry;
  }

  /** The link that `take` would give. */
  peek(authority: string): QueuedLink | null {
    return this.#find(authority)?.entry ?? null;
  }

  /** Passes over pages while the page cap or their depth holds them; drops those beyond the cap. */
  #find(authority: string): Head | null {
    for (const band of this.#queues.bandsOf(authority)) {
      const group = this.#queues.groupOf(band);
      const source = this.#sources[Math.floor(group / 4)] as SourcePages;
      const depth = depthOf(this.#queues.rankOf(band));
      const isPage = linkKinds[group % 4] === "page";
      if (isPage && source.isFull) this.#drop(authority, band, source, depth);
      else if (!isPage || source.mayStart(depth)) return this.#headOf(authority, band);
    }
    return null;
  }

  #headOf(host: string, band: Band): Head {
    const ordinal = this.#queues.first(band);
    if (this.#peeked?.ordinal === ordinal) return this.#peeked;
    const link = this.#spool.read(ordinal, (source) => this.#nameOf(source));
    const { attempts = 0, calm = 0, renewed = false } = this.#tries.get(ordinal) ?? {};
    const entry = renewed ? { link, attempts, calm, renewed } : { link, attempts, calm };
    this.#peeked = { host, band, ordinal, entry };
    return this.#peeked;
  }

  #drop(host: string, band: Band, source: SourcePages, depth: number): void {
    let count = 0;
    this.#queues.clear(host, band, (ordinal) => {
      this.#tries.delete(ordinal);
      this.#entries.retire(ordinal);
      count += 1;
    });
    source.remove(depth, count);
    this.#dropped += count;
  }

  /** Puts a taken link back, for another attempt. */
  putBack({ link, attempts, calm, renewed = false }: QueuedLink): void {
    const ordinal = this.#land(link);
    this.#tries.set(ordinal, { attempts, calm, renewed });
    // Its host may have lost the band that was peeked at.
    this.#peeked = null;
    this.#push(ordinal, link, this.#numberOf(link.source), "front");
  }

  /** The link is done with (`savedPage`: a page of it was saved); it stays pending until `committed`. */
  settle(link: FrontierLink, savedPage: boolean): void {
    const ordinal = this.#land(link);
    this.#tries.delete(ordinal);
    const number = this.#numberOf(link.source);
    const source = this.#sources[number] as SourcePages;
    const level = hasLevel(link) ? levelOf(link) : null;
    this.#settled.push({ ordinal, source: number, level });
    if (level !== null) source.remove(level, 1);
    if (savedPage && link.kind === "page") source.saved += 1;
  }

  /** The first `count` links of those settled and not committed were committed. */
  committed(count: number): void {
    for (const { ordinal } of this.#settled.splice(0, count)) this.#entries.retire(ordinal);
  }

  /**
   * The frontier as of now: what is settled but not committed counts as queued. `seen` and `records` are read later, once,
   * while the frontier goes on; `release` must be called after them. One at a time.
   */
  capture(): FrontierCapture {
    const liveBits = this.#entries.liveBits();
    const spool = this.#spool;
    spool.hold();
    const sources = this.#sources.map(({ name, levels }) => ({ name, levels: [...levels] }));
    for (const { source, level } of this.#settled) {
      const levels = sources[source]?.levels ?? [];
      if (level !== null) levels[level] = (levels[level] ?? 0) + 1;
    }
    function* records() {
      for (const { chunk, bits } of liveBits) yield spool.recordsOf(chunk, bits);
    }
    return {
      sources,
      consumedSeq: this.consumedSeq,
      seen: this.#seen.size,
      links: this.#entries.liveCount,
      parts: { seen: this.#seen.freeze(), records: records() },
      release: () => {
        this.#seen.thaw();
        spool.letGo();
      },
    };
  }

  /** Begins to take a snapshot in: its fingerprints come in by `markDone`, then its records by `restore` or `skip`. */
  beginRestore({ sources, consumedSeq, links, seen }: SnapshotHeader): void {
    this.#seen.reserve(seen);
    for (const { name, levels, saved } of sources) {
      this.#sourceMap.push(this.#numberOf(name));
      this.#sourceOf(name).levels = levels;
      this.#sourceOf(name).saved += saved;
    }
    this.consumedSeq = consumedSeq;
    this.#toCome = links;
  }

  /** Queues a link of a snapshot. Gives it when it is the first of its host's queue for its source. */
  restore(bytes: Buffer, at: number): FrontierLink | null {
    const head = readHead(bytes, at);
    const source = this.#sourceMap[head.source] as number;
    this.#spool.appendRecord(bytes, at, source);
    this.#toCome -= 1;
    const isFirst = this.#push(this.#entries.add(), head, source, "end");
    return isFirst ? this.recordLink(bytes, at) : null;
  }

  /** Leaves a link of a snapshot out. */
  skip(bytes: Buffer, at: number): void {
    const head = readHead(bytes, at);
    this.#toCome -= 1;
    const source = this.#sources[this.#sourceMap[head.source] as number] as SourcePages;
    if (hasLevel(head)) source.remove(levelOf(head), 1);
  }

  /** A link of a snapshot. */
  recordLink(bytes: Buffer, at: number): FrontierLink {
    return readLink(bytes, at, (source) => this.#nameOf(this.#sourceMap[source] as number));
  }

  recordFingerprint(bytes: Buffer, at: number): { hi: number; lo: number } {
    const { source, url, hasMore } = readHead(bytes, at);
    if (hasMore) return linkFingerprint(this.recordLink(bytes, at));
    return fingerprint(`${this.#nameOf(this.#sourceMap[source] as number)}\n${url}`);
  }

  /** Removes the spool. Nothing may be asked for after this. */
  close(): void {
    this.#spool.close();
  }

  #land(link: FrontierLink): number {
    const ordinal = this.#flying.get(link);
    if (ordinal === undefined) throw new Error(`"${link.url}" is not in flight`);
    this.#flying.delete(link);
    if (link.kind === "page") this.#sourceOf(link.source).inFlight -= 1;
    return ordinal;
  }

  #push(ordinal: number, link: Queued, source: number, place: "end" | "front"): boolean {
    const group = source * 4 + linkKinds.indexOf(link.kind);
    return this.#queues.add(authorityOf(link.url), group, rankOf(link), ordinal, place);
  }

  #nameOf(source: number): string {
    return (this.#sources[source] as SourcePages).name;
  }

  #sourceOf(name: string): SourcePages {
    return this.#sources[this.#numberOf(name)] as SourcePages;
  }

  #numberOf(name: string): number {
    const known = this.#sourceNumbers.get(name);
    if (known !== undefined) return known;
    const number = this.#sources.length;
    if (number >= maxSources) throw new Error(`a run has more than ${maxSources} sources`);
    this.#sources.push(new SourcePages(name, this.#nowMs));
    this.#sourceNumbers.set(name, number);
    return number;
  }
}

/** Whether deeper pages wait for it. */
function hasLevel({ kind }: Queued): boolean {
  return kind === "page" || kind === "sitemap";
}

/** Sitemaps are like seeds: what they name has depth 1. */
function levelOf({ kind, depth }: Queued): number {
  return kind === "sitemap" ? 0 : depth;
}

/**
 * Bands in the order they are served: seeds and what the owner of another shard waits for, sitemaps, then by depth, those
 * that sitemaps name before others.
 */
function rankOf({ kind, priority, depth }: Queued): number {
  if (kind === "robots") return 0;
  if (kind === "sitemap") return 1;
  if (depth === 0) return priority === 0 ? 0 : 2;
  return 2 * depth + (priority === 2 ? 2 : 1);
}

/** The depth of all pages of a rank. */
function depthOf(rank: number): number {
  return rank <= 2 ? 0 : Math.floor((rank - 1) / 2);
}
