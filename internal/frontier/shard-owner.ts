// The owner of one shard of one run: reads its links, keeps its frontier and its open segment, and commits segments under
// the shard's lease. Fetching is done by the crawl pod, which asks owners for links and gives them what came back.
//
// States: opening (restore-shard.ts) -> open -> closed. A commit that finds the lease lost closes
// the owner: nothing it holds counts any more, the next owner fetches it again.

import type { ActiveRun } from "../model/active-run.ts";
import type { FrontierLink } from "../model/link.ts";
import type { SegmentRecord } from "../model/segment.ts";
import { type Objects, PreconditionFailed } from "../objects/objects.ts";
import type { Headers, Lease, Queue } from "../queue/queue.ts";
import type { KnownPages } from "../recrawl/known-pages.ts";
import { LostLease } from "../std/errors.ts";
import { RecentPayloads } from "../warc/segment-archive.ts";
import * as commit from "./commit-segment.ts";
import { unpackLinks } from "./link-batch.ts";
import { linkFingerprint } from "./link-fingerprint.ts";
import { OpenSegment } from "./open-segment.ts";
import { restoreShard } from "./restore-shard.ts";
import type { SegmentBudget } from "./segment-budget.ts";
import type { SentLinks } from "./sent-links.ts";
import { shardOf } from "./shard.ts";
import { ShardFrontier } from "./shard-frontier.ts";
import { ShardSnapshots, type SnapshotPace } from "./shard-snapshots.ts";

export type OwnerOptions = {
  run: ActiveRun;
  shard: number;
  shards: number;
  lake: Objects;
  queue: Queue;
  /** The shard's current lease. Throws LostLease. */
  lease: () => Lease;
  /** Of all owners of the pod. */
  budget: SegmentBudget;
  /** Links this pod has put on the log of the run already. */
  sent: SentLinks;
  /** Page caps of sources whose pages are all in this shard. */
  pageLimits: Record<string, number>;
  /** Page caps of the others: no page is fetched before `PageCaps` grants it. */
  sharedCaps?: Record<string, number>;
  /** What earlier runs knew of the shard's pages; the owner closes it. */
  openKnown?: () => Promise<KnownPages>;
  /** A folder on the pod's own disk. */
  scratch: string;
  /** How often it leaves a snapshot for its next owner. */
  snapshots: SnapshotPace;
  /** The links of this shard that nobody found: seeds and replays. */
  roots: () => Promise<FrontierLink[]>;
  /** A snapshot could not be written. */
  onSnapshotFailure: (owner: ShardOwner, error: unknown) => void;
  /** New links are queued for these hosts. */
  onLinks: (owner: ShardOwner, links: FrontierLink[]) => void;
  /** Wraps a commit for tracing: `parent` is the context of the links that started it. */
  trace: <T>(parent: Headers, body: (headers: Headers) => Promise<T>) => Promise<T>;
};

export class ShardOwner {
  readonly run: ActiveRun;
  readonly shard: number;
  readonly frontier: ShardFrontier;
  segment: OpenSegment;
  readonly snapshots: ShardSnapshots;
  known: KnownPages | null = null;
  /** The pages that earlier runs knew wait until nothing else is left to do: links, sitemaps and seeds know more of them. */
  #areKnownOffered = true;
  #offering: Promise<void> | null = null;
  readonly recentPayloads = new RecentPayloads();
  readonly #options: OwnerOptions;
  readonly #abort = new AbortController();
  #committing: Promise<void> | null = null;
  #nextNumber = 1;
  #stated = { pending: -1, consumedSeq: -1 };
  #parent: Headers;
  #reading: Promise<void> = Promise.resolve();
  /** The fencing token it was opened under: its state is worth nothing under a later one. */
  #token: number | null = null;
  #consumed: (() => void)[] = [];
  #isOpen = false;
  /** What the ledger says: its segments, and the pages saved in them by source. */
  readonly #segments: string[] = [];
  readonly #saved = new Map<string, number>();
  /** Links that this owner has committed. */
  #committedLinks = 0;
  /** Set when the reader or a commit failed: the pod must give the shard up. */
  failure: unknown = null;

  constructor(options: OwnerOptions) {
    this.#options = options;
    this.run = options.run;
    this.shard = options.shard;
    this.segment = new OpenSegment(Date.now(), options.budget);
    this.#parent = options.run.trace;
    this.frontier = new ShardFrontier({ scratch: options.scratch });
    this.snapshots = new ShardSnapshots({
      run: options.run.token,
      shard: options.shard,
      lake: options.lake,
      queue: options.queue,
      scratch: options.scratch,
      pace: options.snapshots,
      nowMs: Date.now,
      onFailure: (error) => options.onSnapshotFailure(this, error),
      signal: this.#abort.signal,
    });
    for (const [source, max] of Object.entries(options.pageLimits))
      this.frontier.limitPages(source, max);
    for (const source of Object.keys(this.sharedCaps)) this.frontier.pagesOf(source).granted = 0;
  }

  get lake(): Objects {
    return this.#options.lake;
  }

  get sharedCaps(): Record<string, number> {
    return this.#options.sharedCaps ?? {};
  }

  /** The fencing token it was opened under; null until all that earlier owners left is taken over. */
  get openToken(): number | null {
    return this.#isOpen ? this.#token : null;
  }

  /** Pages of a source in committed segments of the shard. */
  committedPages(source: string): number {
    return this.#saved.get(source) ?? 0;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isCommitting(): boolean {
    return this.#committing !== null;
  }

  /** Takes over what earlier owners left, and starts to read links. Hosts may be served before it resolves. */
  async open(): Promise<void> {
    const { queue, run, shard, lake, scratch, roots, onLinks } = this.#options;
    this.#lease();
    this.known = (await this.#options.openKnown?.()) ?? null;
    this.#areKnownOffered = this.known === null || this.known.isEmpty;
    const { last, snapshots, segments, saved } = await restoreShard({
      folder: { lake, token: run.token, date: run.date },
      shard,
      queue,
      frontier: this.frontier,
      lease: () => this.#lease(),
      headers: this.#parent,
      scratch,
      roots,
      onLinks: (links) => onLinks(this, links),
      signal: this.#abort.signal,
    });
    this.#segments.push(...segments);
    for (const [source, pages] of saved) this.#saved.set(source, pages);
    if (last !== null) this.#stated = { pending: last.pending, consumedSeq: last.consumedSeq };
    this.snapshots.goOnFrom(snapshots, snapshots.length > 0 ? this.#progress : 0);
    this.#isOpen = true;
    this.#reading = this.#readLinks().catch((error: unknown) => this.#fail(error));
  }

  /** Whether a commit would tell the coordinator something it does not know. */
  get hasNews(): boolean {
    if (!this.#isOpen) return false;
    return (
      !this.segment.isEmpty ||
      this.snapshots.hasNews ||
      (this.frontier.consumedSeq > 0 &&
        (this.#stated.pending !== this.pending ||
          this.#stated.consumedSeq !== this.frontier.consumedSeq))
    );
  }

  /** What comes in now would have no bound: the segment is full, and the one before it is not committed yet. */
  get isFull(): boolean {
    return (this.isCommitting && this.segment.isFull) || this.#options.budget.isSpent;
  }

  /** Nothing is queued or in flight: whatever is pending waits for a commit. */
  get isIdle(): boolean {
    return this.frontier.pending <= this.segment.done.length;
  }

  /** The shard whose owner alone may ask for a canonical URL. */
  shardOf(url: string): number {
    return shardOf(url, this.#options.shards);
  }

  /** Queues links of its own shard that are new, and keeps those of others for the commit. Gives the new ones of its own. */
  offerFound(links: readonly FrontierLink[]): FrontierLink[] {
    const { sent, shards } = this.#options;
    const fresh: FrontierLink[] = [];
    for (const link of links) {
      const fingerprint = linkFingerprint(link);
      const shard = shardOf(link.url, shards);
      if (shard !== this.shard) {
        if (sent.has(fingerprint.hi, fingerprint.lo)) continue;
      } else if (this.frontier.offer(link, fingerprint)) fresh.push(link);
      else continue;
      this.segment.addFound(link, fingerprint, shard);
    }
    return fresh;
  }

  /** Links that are not committed, and 1 while there may be pages of earlier runs to look at. */
  get pending(): number {
    return this.frontier.pending + Number(!this.#areKnownOffered);
  }

  /** Everything that was found is done, and it is time for the pages of earlier runs. */
  get isDueForKnown(): boolean {
    return this.#isOpen && !this.#areKnownOffered && this.#offering === null && this.isIdle;
  }

  /** Queues the pages of earlier runs, which come in parts; `admit` is told of those that nobody found in this run. */
  async offerKnown(
    parts: AsyncIterable<FrontierLink[]>,
    admit: (links: FrontierLink[]) => void | Promise<void>,
  ): Promise<void> {
    this.#offering = (async () => {
      for await (const links of parts) {
        if (this.#abort.signal.aborted) return;
        await admit(links.filter((link) => this.frontier.offer(link)));
      }
      this.#areKnownOffered = true;
    })().catch((error: unknown) => this.#fail(error));
    await this.#offering;
  }

  /** Commits the open segment; joins a commit that is under way. Throws LostLease. */
  async commit(): Promise<void> {
    while (this.#committing !== null) await this.#committing;
    if (!this.hasNews || this.#abort.signal.aborted) return;
    this.#committing = this.#commitOnce().finally(() => {
      this.#committing = null;
    });
    await this.#committing;
  }

  /** Gives up: nothing it holds counts any more. */
  abandon(error: unknown): void {
    this.#fail(error);
  }

  /**
   * Stops reading. What is not committed is left to the next owner. A commit under way has ended when this resolves: the
   * next owner may be of this pod, under the same lease, and must not read the ledger before.
   */
  async close(): Promise<void> {
    this.#abort.abort(new LostLease(`shard ${this.shard} of run ${this.run.token} was closed`));
    this.#wake();
    await this.#reading;
    await this.#committing?.catch(() => undefined);
    await this.snapshots.settled();
    this.segment.release();
    this.frontier.close();
  }

  /** The lease it was opened under. Throws LostLease. */
  #lease(): Lease {
    const lease = this.#options.lease();
    this.#token ??= lease.token;
    if (lease.token !== this.#token)
      throw new LostLease(`shard ${this.shard} was lost and taken again since it was opened`);
    return lease;
  }

  async #commitOnce(): Promise<void> {
    const { queue, run, shard, trace } = this.#options;
    const closing = this.segment;
    this.segment = new OpenSegment(Date.now(), this.#options.budget);
    try {
      await trace(this.#parent, async (headers) => {
        let saved: {
          name: string;
          receipt: Awaited<ReturnType<typeof commit.saveSegment>>;
        } | null = null;
        if (!closing.isEmpty) saved = await this.#save(closing, headers);
        const receipt = saved?.receipt ?? commit.emptyReceipt(shard, this.#lease().token, closing);
        if (this.#abort.signal.aborted) throw this.#abort.signal.reason;
        this.frontier.committed(closing.done.length);
        const { pending } = this;
        const { consumedSeq } = this.frontier;
        const snapshots = this.snapshots.toName();
        const record = { ...commit.recordOf(receipt, pending, consumedSeq), snapshots };
        const data = jsonBytes(record);
        const seq = await queue.appendCrawled(run.token, shard, data, this.#lease(), headers);
        this.#stated = { pending, consumedSeq };
        this.snapshots.wereNamed(snapshots);
        if (saved !== null) this.#noteCommitted(saved.receipt, closing);
        this.#snapshotIfDue(seq);
      });
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      closing.release();
    }
  }

  async #save(closing: OpenSegment, headers: Headers) {
    const { queue, run, shard, lake } = this.#options;
    const folder = { lake, token: run.token, date: run.date };
    const batches = await commit.packFound(closing);
    for (;;) {
      const name = commit.segmentName(shard, this.#lease().token, this.#nextNumber);
      this.#nextNumber += 1;
      try {
        const receipt = await commit.saveSegment(folder, shard, name, closing, batches);
        for (const batch of batches) {
          const seq = await queue.appendLinks(run.token, batch.shard, batch.data, headers);
          if (batch.shard === shard) await this.#consumedThrough(seq);
        }
        this.#noteSent(closing);
        return { name, receipt };
      } catch (error) {
        // A name of ours from before the queue lost its state: take the next one.
        if (!(error instanceof PreconditionFailed)) throw error;
      }
    }
  }

  #noteCommitted({ segment }: SegmentRecord, { counts, done }: OpenSegment): void {
    this.#segments.push(segment);
    this.#committedLinks += done.length;
    for (const [source, { saved = 0 }] of Object.entries(counts))
      this.#saved.set(source, (this.#saved.get(source) ?? 0) + saved);
  }

  /** `seq`: the record that was appended just now, before anything else could happen. */
  #snapshotIfDue(seq: number): void {
    const progress = this.#progress;
    // What is not in the ledger after the last commit of a crawl is not worth keeping.
    if (this.frontier.pending === 0 || !this.snapshots.isDue(progress)) return;
    const capture = this.frontier.capture();
    this.snapshots.take(seq, progress, this.#saved, this.#segments, capture);
  }

  get #progress(): number {
    return this.frontier.seen + this.#committedLinks;
  }

  #noteSent({ found }: OpenSegment): void {
    for (const [shard, { fingerprints }] of found) {
      if (shard === this.shard) continue;
      for (const { hi, lo } of fingerprints) this.#options.sent.add(hi, lo);
    }
  }

  async #readLinks(): Promise<void> {
    const { queue, run, shard, onLinks } = this.#options;
    const from = this.frontier.consumedSeq + 1;
    for await (const message of queue.readLinks(run.token, shard, from, this.#abort.signal)) {
      if (Object.keys(message.headers).length > 0) this.#parent = message.headers;
      const fresh: FrontierLink[] = [];
      for (const link of await unpackLinks(message.data))
        if (this.frontier.offer(link)) fresh.push(link);
      this.frontier.consumedSeq = message.seq;
      this.#wake();
      onLinks(this, fresh);
    }
  }

  async #consumedThrough(seq: number): Promise<void> {
    while (this.frontier.consumedSeq < seq) {
      if (this.#abort.signal.aborted) throw this.#abort.signal.reason;
      await new Promise<void>((resolve) => this.#consumed.push(resolve));
    }
  }

  #wake(): void {
    const waiting = this.#consumed;
    this.#consumed = [];
    for (const resolve of waiting) resolve();
  }

  #fail(error: unknown): void {
    this.failure ??= error;
    this.#abort.abort(error);
    this.#wake();
  }
}

function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
