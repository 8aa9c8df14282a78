// What the coordinator knows of a run: the batches that were cut, the receipts of tasks, and the shards' ledgers. Built from
// the lake at start, kept up by the queue's logs; the lake has the last word.
import {
  deferredPrefix,
  type HostCounts,
  type RawFile,
  type SegmentRecord,
} from "../model/segment.ts";
import type { ProcessTask, TaskReceipt, TaskStage } from "../model/task.ts";
import { greatest } from "../recrawl/high-water.ts";

/** A raw file in no batch yet; `trace` is the context of the segment that brought it. */
export type LooseFile = { file: RawFile; sinceMs: number; trace: Record<string, string> };
export type SourceTotals = {
  requests: number;
  pages: number;
  bytes: number;
  rawFiles: number;
  dead: number;
  /** Links left to a later run. */
  deferred: number;
  retries: number;
};

export class RunView {
  /** Batches by task name. */
  readonly batches = new Map<string, ProcessTask>();
  /** Raw files that are in a batch. */
  readonly batchedFiles = new Set<string>();
  /** Raw files of committed segments that are in no batch yet, by source, in the order they came. */
  readonly looseFiles = new Map<string, LooseFile[]>();
  /** Segments that learned something of a source's pages, by source. */
  readonly seen = new Map<string, { shard: number; segment: string }[]>();
  /** By incremental source: the greatest value seen; null: it was not read to its end. */
  readonly high = new Map<string, string | null>();
  readonly sources = new Map<string, SourceTotals>();
  readonly #receipts = new Map<string, TaskReceipt>();
  readonly #segments = new Set<string>();
  readonly #shards = new Map<number, SegmentRecord>();

  receipt(stage: TaskStage, task: string): TaskReceipt | null {
    return this.#receipts.get(`${stage}/${task}`) ?? null;
  }

  /** Notes a receipt; the first one of a task stays. */
  addReceipt(receipt: TaskReceipt): void {
    const key = `${receipt.stage}/${receipt.task}`;
    if (!this.#receipts.has(key)) this.#receipts.set(key, receipt);
  }

  addBatch(task: ProcessTask): void {
    this.batches.set(task.task, task);
    for (const input of task.inputs) this.batchedFiles.add(input.path);
    const loose = this.looseFiles.get(task.source);
    if (loose !== undefined) {
      this.looseFiles.set(
        task.source,
        loose.filter(({ file }) => !this.batchedFiles.has(file.path)),
      );
    }
  }

  /** Notes a record of a shard's ledger; a record seen before changes nothing but the shard's latest statement. */
  addSegment(record: SegmentRecord, trace: Record<string, string>, nowMs: number): void {
    this.#shards.set(record.shard, record);
    const isStatement = record.files.length === 0 && record.done === "";
    if (!isStatement) {
      if (this.#segments.has(record.segment)) return;
      this.#segments.add(record.segment);
    }
    for (const [source, counts] of Object.entries(record.counts)) {
      const totals = this.totalsOf(source);
      totals.requests += counts.requests;
      totals.pages += counts.pages;
      totals.bytes += counts.bytes;
      totals.retries += counts.retries;
      totals.dead += counts.dead;
      for (const [reason, links] of Object.entries(counts.drops))
        if (reason.startsWith(deferredPrefix)) totals.deferred += links;
    }
    for (const [source, value] of Object.entries(record.high ?? {}))
      this.high.set(source, greatest(this.high.get(source), value));
    for (const source of record.seen ?? []) {
      const segments = this.seen.get(source) ?? [];
      segments.push({ shard: record.shard, segment: record.segment });
      this.seen.set(source, segments);
    }
    for (const file of record.files) {
      this.totalsOf(file.source).rawFiles += 1;
      if (this.batchedFiles.has(file.path)) continue;
      const loose = this.looseFiles.get(file.source) ?? [];
      loose.push({ file, sinceMs: nowMs, trace });
      this.looseFiles.set(file.source, loose);
    }
  }

  /** The latest record of each shard, as of now. */
  shardRecords(): ReadonlyMap<number, SegmentRecord> {
    return new Map(this.#shards);
  }

  /**
   * Shards whose latest record leaves nothing to do up to `lastLinks`, against all shards that have links. `records` must be
   * older than `lastLinks`: a record that came later may have put links on a log after its end was looked at.
   */
  crawlProgress(
    lastLinks: ReadonlyMap<number, number>,
    records: ReadonlyMap<number, SegmentRecord>,
  ): {
    done: number;
    shards: number;
    pending: number;
  } {
    let done = 0;
    let pending = 0;
    for (const [shard, lastSeq] of lastLinks) {
      const record = records.get(shard);
      if (record !== undefined) pending += record.pending;
      if (record !== undefined && record.pending === 0 && record.consumedSeq >= lastSeq) done += 1;
    }
    return { done, shards: lastLinks.size, pending };
  }

  hasSegment(name: string): boolean {
    return this.#segments.has(name);
  }

  totalsOf(source: string): SourceTotals {
    let totals = this.sources.get(source);
    if (totals === undefined) {
      totals = { requests: 0, pages: 0, bytes: 0, rawFiles: 0, dead: 0, deferred: 0, retries: 0 };
      this.sources.set(source, totals);
    }
    return totals;
  }
}

/** Host counts of several segments put together. */
export function mergeHosts(all: Iterable<HostCounts>): HostCounts[] {
  const merged = new Map<string, HostCounts>();
  for (const counts of all) {
    const known = merged.get(counts.host);
    if (known === undefined) {
      merged.set(counts.host, { ...counts });
      continue;
    }
    known.requests += counts.requests;
    known.backoffs += counts.backoffs;
    known.deferred += counts.deferred;
    if (counts.addressWaitMs !== undefined)
      known.addressWaitMs = (known.addressWaitMs ?? 0) + counts.addressWaitMs;
    if (counts.robots !== "none") known.robots = counts.robots;
    known.smallestGapMs = leastOf(known.smallestGapMs, counts.smallestGapMs);
    known.allowedGapMs = leastOf(known.allowedGapMs, counts.allowedGapMs);
  }
  return [...merged.values()].sort((a, b) => b.requests - a.requests || (a.host < b.host ? -1 : 1));
}

function leastOf(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
