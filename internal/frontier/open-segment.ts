// A segment while it is open: answers, links found, dead letters and counts of one shard of one run, in memory, bounded by
// the owner (it commits by age and by size).
import type { FrontierLink } from "../model/link.ts";
import type { RawRecord } from "../model/raw-record.ts";
import type { DeadLink, HostCounts, SegmentCounts, WalkCounts } from "../model/segment.ts";
import type { SegmentVisits } from "../recrawl/segment-visits.ts";
import type { SegmentArchive } from "../warc/segment-archive.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { FingerprintList, FingerprintTable } from "./fingerprint-table.ts";
import { LineBlocks } from "./line-blocks.ts";
import { linkFingerprint } from "./link-fingerprint.ts";
import type { SegmentBudget } from "./segment-budget.ts";

/** Links a segment is done with at most, about: 16 hex digits each in its ledger record. */
export const maxDone = 20_000;
const maxSizeBytes = 64 * 1024 * 1024;
const maxFound = 100_000;

/** Links found for one shard, each once. */
export type FoundLinks = { links: FrontierLink[]; fingerprints: FingerprintList };

export class OpenSegment {
  readonly lines = new Map<string, { text: LineBlocks; pages: number }>();
  /** By source: those that want WARC files. */
  readonly archives = new Map<string, SegmentArchive>();
  /** By source: what was learned of its pages. */
  readonly visits = new Map<string, SegmentVisits>();
  /** By incremental source: see SegmentRecord. */
  readonly high = new Map<string, string | null>();
  /** By source and walk: see SegmentReceipt. */
  readonly walks = new Map<string, Map<string, WalkCounts>>();
  readonly done = new FingerprintList();
  readonly deadLinks: DeadLink[] = [];
  readonly counts: Record<string, SegmentCounts> = {};
  readonly hosts = new Map<string, HostCounts>();
  /** Links found, by the shard that they belong to. */
  readonly found = new Map<number, FoundLinks>();
  readonly #known = new FingerprintTable(4);
  readonly #budget: SegmentBudget;
  #sizeBytes = 0;
  openedAtMs: number;

  constructor(openedAtMs: number, budget: SegmentBudget) {
    this.openedAtMs = openedAtMs;
    this.#budget = budget;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Something of that size was added to it. */
  holdMore(sizeBytes: number): void {
    this.#sizeBytes += sizeBytes;
    this.#budget.add(sizeBytes);
  }

  /** Its pages are saved, or given up. */
  release(): void {
    this.holdMore(-this.#sizeBytes);
    this.lines.clear();
    this.archives.clear();
  }

  get isEmpty(): boolean {
    return this.done.length === 0 && this.lines.size === 0 && this.found.size === 0;
  }

  /** It must be committed before more comes in: its record must fit a message, and its pages and links are in memory. */
  get isFull(): boolean {
    const { done, sizeBytes } = this;
    return done.length >= maxDone || sizeBytes >= maxSizeBytes || this.#known.size >= maxFound;
  }

  countsOf(source: string): SegmentCounts {
    this.counts[source] ??= {
      requests: 0,
      pages: 0,
      saved: 0,
      bytes: 0,
      retries: 0,
      dead: 0,
      drops: {},
    };
    return this.counts[source];
  }

  /** A request to a host starts. */
  countRequest(host: string, robots: HostCounts["robots"], source: string): void {
    this.countsOf(source).requests += 1;
    const counts = this.#host(host);
    counts.requests += 1;
    counts.robots = robots;
  }

  /** A request to a host goes out, `gapMs` after the one before it (null: the first); `allowedMs` is the least it may be. */
  countGap(host: string, gapMs: number | null, allowedMs: number): void {
    if (gapMs === null) return;
    const counts = this.#host(host);
    counts.smallestGapMs = Math.min(counts.smallestGapMs ?? Number.POSITIVE_INFINITY, gapMs);
    counts.allowedGapMs = Math.min(counts.allowedGapMs ?? Number.POSITIVE_INFINITY, allowedMs);
  }

  countDeferred(host: string): void {
    this.#host(host).deferred += 1;
  }

  countBackoff(host: string): void {
    this.#host(host).backoffs += 1;
  }

  /** A request to a host waited for its turn at the IP address. */
  countAddressWait(host: string, waitMs: number): void {
    const counts = this.#host(host);
    counts.addressWaitMs = (counts.addressWaitMs ?? 0) + waitMs;
  }

  addRecord(record: RawRecord): void {
    let file = this.lines.get(record.source);
    if (file === undefined) {
      file = { text: new LineBlocks(), pages: 0 };
      this.lines.set(record.source, file);
    }
    const lineBytes = file.text.add(JSON.stringify(record));
    file.pages += 1;
    this.holdMore(lineBytes);
    const counts = this.countsOf(record.source);
    counts.pages += 1;
    counts.bytes += lineBytes;
  }

  /** `shard`: where the link belongs. */
  addFound(link: FrontierLink, fingerprint: Fingerprint, shard: number): void {
    if (!this.#known.add(fingerprint.hi, fingerprint.lo)) return;
    let found = this.found.get(shard);
    if (found === undefined) {
      found = { links: [], fingerprints: new FingerprintList() };
      this.found.set(shard, found);
    }
    found.links.push(link);
    found.fingerprints.push(fingerprint);
  }

  countDrops(source: string, drops: Record<string, number>): void {
    const counts = this.countsOf(source);
    for (const [reason, count] of Object.entries(drops)) {
      counts.drops[reason] = (counts.drops[reason] ?? 0) + count;
    }
  }

  /** A page that counts against the source's page cap. */
  countSaved(source: string): void {
    const counts = this.countsOf(source);
    counts.saved = (counts.saved ?? 0) + 1;
  }

  /** Records of a page of a walk whose total is told. */
  countWalk(source: string, { id, told, read }: WalkCounts & { id: string }): void {
    const walks = this.walks.get(source) ?? new Map<string, WalkCounts>();
    const { told: toldBefore, read: readBefore } = walks.get(id) ?? { told: 0, read: 0 };
    walks.set(id, { told: toldBefore + told, read: readBefore + read });
    this.walks.set(source, walks);
  }

  addDone(link: FrontierLink): void {
    this.done.push(linkFingerprint(link));
  }

  #host(host: string): HostCounts {
    let counts = this.hosts.get(host);
    if (counts === undefined) {
      counts = {
        host,
        requests: 0,
        smallestGapMs: null,
        allowedGapMs: null,
        robots: "none",
        backoffs: 0,
        deferred: 0,
      };
      this.hosts.set(host, counts);
    }
    return counts;
  }
}
