// What one owner knows of one shard of one run: which links were ever seen, which are queued, in flight, or done but not
// yet committed. Pure state; hosts' politeness and all I/O are elsewhere.
//
// A link is: queued -> in flight -> (queued again for a retry) -> settled (in an open segment) -> committed.
// `pending` counts every link that is not committed yet, so it is 0 only when nothing of the shard is left to do.
import type { FrontierLink } from "../model/link.ts";
import { FingerprintTable, fingerprint } from "./fingerprint.ts";
import { authorityOf } from "./url.ts";

/** A queued link; `attempts` that failed so far, `calm` ones that cost no retry (429, 503 with Retry-After). */
export type QueuedLink = { link: FrontierLink; attempts: number; calm: number };

/** What makes two links the same: the source, the canonical URL, and which replay it is. */
export function linkFingerprint(link: FrontierLink): { hi: number; lo: number } {
  return fingerprint(`${link.source}\n${link.url}${link.replay ? `\n${link.replay}` : ""}`);
}

type PageBudget = { saved: number; inFlight: number; max: number };

/** Entries from `head` on are queued: taking the first of a million must not move the others. */
type Band = { entries: QueuedLink[]; head: number };

export class ShardFrontier {
  readonly #seen = new FingerprintTable();
  readonly #queues = new Map<string, Band[]>();
  readonly #budgets = new Map<string, PageBudget>();
  #pending = 0;
  #dropped = 0;
  /** Last sequence of the frontier log that was taken into account. */
  consumedSeq = 0;

  get pending(): number {
    return this.#pending;
  }

  /** Links dropped because their source's page cap was reached. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Sets a source's page cap; pages saved before (by earlier owners) come in by `countSaved`. */
  limitPages(source: string, max: number): void {
    this.#budget(source).max = max;
  }

  countSaved(source: string, pages: number): void {
    this.#budget(source).saved += pages;
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

  /** The next link of a host, best priority first, then breadth first; null when there is none that may start now. */
  take(authority: string): QueuedLink | null {
    const found = this.#find(authority);
    if (found === null) return null;
    const { band, index, entry } = found;
    removeAt(band, index);
    if (entry.link.kind === "page") this.#budget(entry.link.source).inFlight += 1;
    this.#forgetIfEmpty(authority);
    return entry;
  }

  /** The link that `take` would give. */
  peek(authority: string): QueuedLink | null {
    return this.#find(authority)?.entry ?? null;
  }

  /** Skips pages that wait for the page cap (others of their source are in flight); drops those beyond it. */
  #find(authority: string): { band: Band; index: number; entry: QueuedLink } | null {
    for (const band of this.#queues.get(authority) ?? []) {
      let index = band.head;
      while (index < band.entries.length) {
        const entry = band.entries[index] as QueuedLink;
        const { saved, inFlight, max } = this.#budget(entry.link.source);
        if (entry.link.kind !== "page" || saved + inFlight < max) return { band, index, entry };
        if (saved < max) {
          index += 1;
          continue;
        }
        this.#dropPages(band, entry.link.source);
        index = band.head;
      }
    }
    this.#forgetIfEmpty(authority);
    return null;
  }

  /** Drops all pages of a source from a band, in one pass. */
  #dropPages(band: Band, source: string): void {
    const queued = band.entries.slice(band.head);
    band.entries = queued.filter(({ link }) => link.kind !== "page" || link.source !== source);
    band.head = 0;
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
    if (savedPage && link.kind === "page") this.#budget(link.source).saved += 1;
  }

  /** `count` settled links were committed. */
  committed(count: number): void {
    this.#pending -= count;
  }

  #release(link: FrontierLink): void {
    if (link.kind === "page") this.#budget(link.source).inFlight -= 1;
  }

  #push(entry: QueuedLink, front = false): void {
    const authority = authorityOf(entry.link.url);
    let bands = this.#queues.get(authority);
    if (bands === undefined) {
      bands = [];
      this.#queues.set(authority, bands);
    }
    // Bands in the order they are served: seeds, sitemap links, then links by depth.
    const { priority, depth } = entry.link;
    const band = priority === 2 ? 2 + depth : priority;
    while (bands.length <= band) bands.push({ entries: [], head: 0 });
    const { entries, head } = bands[band] as Band;
    if (!front) entries.push(entry);
    else if (head === 0) entries.unshift(entry);
    else {
      entries[head - 1] = entry;
      (bands[band] as Band).head -= 1;
    }
  }

  #forgetIfEmpty(authority: string): void {
    const bands = this.#queues.get(authority) ?? [];
    if (bands.every((band) => band.head === band.entries.length)) this.#queues.delete(authority);
  }

  #budget(source: string): PageBudget {
    let budget = this.#budgets.get(source);
    if (budget === undefined) {
      budget = { saved: 0, inFlight: 0, max: Number.POSITIVE_INFINITY };
      this.#budgets.set(source, budget);
    }
    return budget;
  }
}

/** Takes an entry out; the room of those taken before is given back when they are half of all. */
function removeAt(band: Band, index: number): void {
  if (index !== band.head) {
    band.entries.splice(index, 1);
    return;
  }
  band.head += 1;
  if (band.head < 64 || band.head * 2 < band.entries.length) return;
  band.entries = band.entries.slice(band.head);
  band.head = 0;
}
