// What one owner knows of one shard of one run: which links were ever seen, which are queued, in flight, or done but not
// yet committed. Pure state; hosts' politeness and all I/O are elsewhere.
//
// A link is: queued -> in flight -> (queued again for a retry) -> settled (in an open segment) -> committed.
// `pending` counts every link that is not committed yet, so it is 0 only when nothing of the shard is left to do.
import type { FrontierLink } from "../model/link.ts";
import { authorityOf } from "../url/url.ts";
import { FingerprintTable, fingerprint } from "./fingerprint.ts";

/** A queued link; `attempts` that failed so far, `calm` ones that cost no retry (429, 503 with Retry-After). */
export type QueuedLink = { link: FrontierLink; attempts: number; calm: number };

/** What makes two links the same: the source, the canonical URL, and which replay it is. */
export function linkFingerprint(link: FrontierLink): { hi: number; lo: number } {
  return fingerprint(`${link.source}\n${link.url}${link.replay ? `\n${link.replay}` : ""}`);
}

/**
 * One source's pages. `levels`: links by depth that are not settled yet. A page waits until all that is less deep is settled,
 * so the depth it was found at is its true one and `maxDepth` cuts exactly; `isRelaxed` while the less deep links have not
 * moved for a minute (their host is blocked): then deeper ones go ahead.
 */
type SourceState = {
  saved: number;
  inFlight: number;
  max: number;
  levels: number[];
  movedMs: number;
  isRelaxed: boolean;
};

const patienceMs = 60_000;

/** Entries from `head` on are queued: taking the first of a million must not move the others. */
type Band = { entries: QueuedLink[]; head: number };

export class ShardFrontier {
  readonly #seen = new FingerprintTable();
  /** By host, then by source. */
  readonly #queues = new Map<string, Map<string, Band[]>>();
  readonly #sources = new Map<string, SourceState>();
  readonly #nowMs: () => number;
  #pending = 0;
  #dropped = 0;
  /** Last sequence of the frontier log that was taken into account. */
  consumedSeq = 0;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  get pending(): number {
    return this.#pending;
  }

  /** Links dropped because their source's page cap was reached. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Sets a source's page cap; pages saved before (by earlier owners) come in by `countSaved`. */
  limitPages(source: string, max: number): void {
    this.#source(source).max = max;
  }

  countSaved(source: string, pages: number): void {
    this.#source(source).saved += pages;
  }

  /** Marks links that are committed already, so that they are never queued. */
  markDone(hi: number, lo: number): void {
    this.#seen.add(hi, lo);
  }

  /** Queues a link unless it was seen before. Returns whether it was new. */
  offer(link: FrontierLink): boolean {
    const { hi, lo } = linkFingerprint(link);
    if (!this.#seen.add(hi, lo)) return false;
    this.#pending += 1;
    this.#countLevel(link, 1);
    this.#push({ link, attempts: 0, calm: 0 });
    return true;
  }

  /** Hosts that have queued links. */
  authorities(): IterableIterator<string> {
    return this.#queues.keys();
  }

  hasQueued(authority: string): boolean {
    return this.#queues.has(authority);
  }

  /** The next link of a host: seeds, sitemaps, then breadth first; null when there is none that may start now. */
  take(authority: string): QueuedLink | null {
    const found = this.#find(authority);
    if (found === null) return null;
    const { band, entry } = found;
    removeFirst(band);
    if (entry.link.kind === "page") this.#source(entry.link.source).inFlight += 1;
    this.#forgetIfEmpty(authority);
    return entry;
  }

  /** The link that `take` would give. */
  peek(authority: string): QueuedLink | null {
    return this.#find(authority)?.entry ?? null;
  }

  #find(authority: string): { band: Band; entry: QueuedLink } | null {
    let best: { band: Band; entry: QueuedLink; rank: number } | null = null;
    for (const [source, bands] of this.#queues.get(authority) ?? []) {
      const found = this.#firstOf(source, bands);
      if (found !== null && (best === null || found.rank < best.rank)) best = found;
    }
    if (best === null) this.#forgetIfEmpty(authority);
    return best;
  }

  /** Passes over pages while the page cap or their depth holds them; drops those beyond the cap. */
  #firstOf(source: string, bands: Band[]): { band: Band; entry: QueuedLink; rank: number } | null {
    const state = this.#source(source);
    for (const [rank, band] of bands.entries()) {
      const entry = band.entries[band.head];
      if (entry === undefined) continue;
      if (entry.link.kind !== "page") return { band, entry, rank };
      if (state.saved >= state.max) this.#dropPages(band);
      else if (state.saved + state.inFlight < state.max && this.#isTurnOf(entry.link, state)) {
        return { band, entry, rank };
      }
    }
    return null;
  }

  #isTurnOf(link: FrontierLink, state: SourceState): boolean {
    const lowest = state.levels.findIndex((count) => count > 0);
    if (lowest === -1 || lowest >= link.depth) return true;
    if (this.#nowMs() - state.movedMs > patienceMs) state.isRelaxed = true;
    return state.isRelaxed;
  }

  /** Drops all pages of a band, in one pass. */
  #dropPages(band: Band): void {
    const queued = band.entries.slice(band.head);
    band.entries = queued.filter(({ link }) => link.kind !== "page");
    band.head = 0;
    for (const { link } of queued) if (link.kind === "page") this.#countLevel(link, -1);
    this.#pending -= queued.length - band.entries.length;
    this.#dropped += queued.length - band.entries.length;
  }

  /** Puts a taken link back, for another attempt. */
  putBack(entry: QueuedLink): void {
    this.#release(entry.link);
    this.#push(entry, true);
  }

  /** The link is done with (`savedPage`: a page of it was saved); it stays pending until `committed`. */
  settle(link: FrontierLink, savedPage: boolean): void {
    this.#release(link);
    this.#countLevel(link, -1);
    if (savedPage && link.kind === "page") this.#source(link.source).saved += 1;
  }

  /** `count` settled links were committed. */
  committed(count: number): void {
    this.#pending -= count;
  }

  #release(link: FrontierLink): void {
    if (link.kind === "page") this.#source(link.source).inFlight -= 1;
  }

  /** Sitemaps are like seeds: what they name has depth 1. */
  #countLevel(link: FrontierLink, change: 1 | -1): void {
    if (link.kind === "api") return;
    const state = this.#source(link.source);
    const level = link.kind === "sitemap" ? 0 : link.depth;
    while (state.levels.length <= level) state.levels.push(0);
    state.levels[level] = (state.levels[level] ?? 0) + change;
    state.movedMs = this.#nowMs();
    if (change === -1 && state.levels[level] === 0) state.isRelaxed = false;
  }

  #push(entry: QueuedLink, front = false): void {
    const { link } = entry;
    const authority = authorityOf(link.url);
    const sources = this.#queues.get(authority) ?? new Map<string, Band[]>();
    this.#queues.set(authority, sources);
    const bands = sources.get(link.source) ?? [];
    sources.set(link.source, bands);
    const rank = rankOf(link);
    while (bands.length <= rank) bands.push({ entries: [], head: 0 });
    const band = bands[rank] as Band;
    if (!front) band.entries.push(entry);
    else if (band.head === 0) band.entries.unshift(entry);
    else {
      band.head -= 1;
      band.entries[band.head] = entry;
    }
  }

  #forgetIfEmpty(authority: string): void {
    for (const bands of this.#queues.get(authority)?.values() ?? []) {
      if (bands.some((band) => band.head < band.entries.length)) return;
    }
    this.#queues.delete(authority);
  }

  #source(name: string): SourceState {
    let state = this.#sources.get(name);
    if (state === undefined) {
      const max = Number.POSITIVE_INFINITY;
      state = { saved: 0, inFlight: 0, max, levels: [], movedMs: this.#nowMs(), isRelaxed: false };
      this.#sources.set(name, state);
    }
    return state;
  }
}

/** Bands in the order they are served: seeds, sitemaps, then by depth, those that sitemaps name before others. */
function rankOf({ kind, priority, depth }: FrontierLink): number {
  // A band holds one depth: its first page may start when any of them may.
  if (kind === "sitemap") return 1;
  if (depth === 0) return priority === 0 ? 0 : 2;
  return 2 * depth + (priority === 2 ? 2 : 1);
}

/** Takes the first entry out; the room of those taken before is given back when they are half of all. */
function removeFirst(band: Band): void {
  band.head += 1;
  if (band.head < 64 || band.head * 2 < band.entries.length) return;
  band.entries = band.entries.slice(band.head);
  band.head = 0;
}
