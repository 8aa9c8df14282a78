// What a shard's new owner does before it is one: it takes in the newest snapshot that counts and is whole, the ledger behind
// it, and the segments that an earlier owner saved and did not commit. The log behind the snapshot is read afterwards.
//
// Hosts are served as soon as their first link is there. Until all are, the frontier counts those to come as pending and at
// their depth, so nothing is done too early, and a record that says "nothing is left" cannot be written.
//
// The lake has the last word: when the log may be cut and no snapshot can be used, the links are those of all receipts.

import { rm } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { frontierShardFolder, receiptFolder } from "../model/lake-paths.ts";
import type { FrontierLink } from "../model/link.ts";
import type { SegmentReceipt, SegmentRecord, SnapshotRef } from "../model/segment.ts";
import type { ProcessTask } from "../model/task.ts";
import { NotFound } from "../objects/objects.ts";
import type { Headers, Lease, Queue } from "../queue/queue.ts";
import * as commit from "./commit-segment.ts";
import { fromHex } from "./fingerprint.ts";
import { FingerprintTable } from "./fingerprint-table.ts";
import { unpackLinks } from "./link-batch.ts";
import { linkFingerprint } from "./link-fingerprint.ts";
import type { ShardFrontier } from "./shard-frontier.ts";
import { readSnapshot, SnapshotDamaged, type SnapshotHeader } from "./snapshot-file.ts";

export type RestoreDeps = {
  folder: commit.LakeFolder;
  shard: number;
  queue: Queue;
  frontier: ShardFrontier;
  lease: () => Lease;
  headers: Headers;
  /** A folder on the pod's own disk. */
  scratch: string;
  /** The links of this shard that nobody found: seeds and replays. */
  roots: () => Promise<FrontierLink[]>;
  /** Links are queued for hosts that had none. */
  onLinks: (links: FrontierLink[]) => void;
  signal: AbortSignal;
};

/** What the new owner goes on from. */
export type RestoredShard = {
  /** The last record of the ledger. */
  last: SegmentRecord | null;
  snapshots: SnapshotRef[];
  /** Segments of the ledger. */
  segments: string[];
  /** Pages saved in them, by source. */
  saved: Map<string, number>;
};

type Chosen = { ref: SnapshotRef; file: string; isCopy: boolean; header: SnapshotHeader };

/** Fills an empty frontier. Throws LostLease. */
export async function restoreShard(deps: RestoreDeps): Promise<RestoredShard> {
  const { folder, shard, queue, frontier } = deps;
  // 1. The newest snapshot that counts and is whole.
  const end = await queue.lastCrawled(folder.token, shard);
  const refs = end === null ? [] : (recordIn(end.data).snapshots ?? []);
  const chosen = await firstWhole(deps, refs);
  const snapshots = chosen === null ? [] : refs.slice(refs.indexOf(chosen.ref));
  // 2. The ledger behind it, and receipts that neither knows.
  const from = (chosen?.ref.ledgerSeq ?? 0) + 1;
  const records = (await queue.readCrawled(folder.token, shard, from)).map(({ data }) =>
    recordIn(data),
  );
  const segments = [...(chosen?.header.segments ?? []), ...records.filter(isSegment).map(nameOf)];
  const unknown = await commit.unknownReceipts(folder, shard, new Set(segments), () =>
    batchedFiles(deps),
  );
  // 3. The snapshot, without what is done since; links of unknown receipts wait for their verdict.
  const held = new Map<string, FrontierLink>();
  if (chosen !== null) await takeIn(deps, chosen, tableOf(records), tableOf(unknown), held);
  for (const record of records) note(frontier, record);
  // 4. Receipts that overlap with nothing that is done are adopted; what is left of the links is queued.
  const isDone = (fp: string) => {
    const { hi, lo } = fromHex(fp);
    return frontier.hasSeen(hi, lo) && !held.has(`${hi} ${lo}`);
  };
  const adopted = commit.withoutOverlaps(unknown, isDone);
  for (const receipt of adopted) records.push(await adopt(deps, receipt, snapshots, held));
  for (const link of held.values()) frontier.queue(link);
  deps.onLinks([...held.values()]);
  // 5. Nothing to start from, and the log may be cut.
  if (chosen === null && (await mayBeCut(deps, refs))) await rebuild(deps);
  const saved = new Map(chosen?.header.sources.map((source) => [source.name, source.saved]));
  for (const { counts } of records) {
    for (const [source, { saved: pages = 0 }] of Object.entries(counts))
      saved.set(source, (saved.get(source) ?? 0) + pages);
  }
  segments.push(...adopted.map(nameOf));
  const last = records.at(-1) ?? (end === null ? null : recordIn(end.data));
  return { last, snapshots, segments, saved };
}

const recordIn = (data: Uint8Array) =>
  JSON.parse(Buffer.from(data).toString("utf8")) as SegmentRecord;
const isSegment = ({ files, done }: SegmentRecord) => files.length > 0 || done !== "";
const nameOf = ({ segment }: SegmentRecord) => segment;

function tableOf(records: readonly SegmentRecord[]): FingerprintTable {
  const table = new FingerprintTable();
  for (const record of records) {
    for (const fp of commit.doneFingerprints(record.done)) {
      const { hi, lo } = fromHex(fp);
      table.add(hi, lo);
    }
  }
  return table;
}

function note(frontier: ShardFrontier, record: SegmentRecord): void {
  for (const fp of commit.doneFingerprints(record.done)) {
    const { hi, lo } = fromHex(fp);
    frontier.markDone(hi, lo);
  }
  for (const [source, { saved = 0 }] of Object.entries(record.counts))
    frontier.countSaved(source, saved);
}

/** The first of `refs` that is in the lake and whole: read to its end, since nothing of a damaged one must be taken in. */
async function firstWhole(deps: RestoreDeps, refs: readonly SnapshotRef[]): Promise<Chosen | null> {
  const { lake } = deps.folder;
  for (const ref of refs) {
    try {
      const file = await lake.local(ref.path, deps.scratch);
      const isCopy = file.startsWith(deps.scratch);
      let header: SnapshotHeader | null = null;
      await readSnapshot(file, {
        header: (found) => {
          header = found;
        },
        fingerprint: () => undefined,
        record: () => undefined,
        pause: () => paused(deps),
      });
      if (header !== null) return { ref, file, isCopy, header };
    } catch (error) {
      if (!(error instanceof SnapshotDamaged || error instanceof NotFound)) throw error;
    }
  }
  return null;
}

async function takeIn(
  deps: RestoreDeps,
  { file, isCopy }: Chosen,
  done: FingerprintTable,
  candidates: FingerprintTable,
  held: Map<string, FrontierLink>,
): Promise<void> {
  const { frontier } = deps;
  const isAnyMarked = done.size + candidates.size > 0;
  let firsts: FrontierLink[] = [];
  await readSnapshot(file, {
    header: (header) => frontier.beginRestore(header),
    fingerprint: (hi, lo) => frontier.markDone(hi, lo),
    record: (bytes, at) => {
      if (isAnyMarked) {
        const { hi, lo } = frontier.recordFingerprint(bytes, at);
        if (done.has(hi, lo)) return frontier.skip(bytes, at);
        if (candidates.has(hi, lo)) {
          held.set(`${hi} ${lo}`, frontier.recordLink(bytes, at));
          return frontier.skip(bytes, at);
        }
      }
      const first = frontier.restore(bytes, at);
      if (first !== null) firsts.push(first);
    },
    pause: async () => {
      if (firsts.length > 0) deps.onLinks(firsts);
      firsts = [];
      await paused(deps);
    },
  });
  if (firsts.length > 0) deps.onLinks(firsts);
  if (isCopy) await rm(file, { force: true });
}

async function paused({ signal }: RestoreDeps): Promise<void> {
  await turn();
  signal.throwIfAborted();
}

async function adopt(
  { folder, shard, queue, frontier, lease, headers }: RestoreDeps,
  receipt: SegmentReceipt,
  snapshots: SnapshotRef[],
  held: Map<string, FrontierLink>,
): Promise<SegmentRecord> {
  for (const { shard: to, batch } of receipt.links)
    await queue.appendLinks(folder.token, to, Buffer.from(batch, "base64"), headers);
  const record = { ...commit.recordOf(receipt, 1, 0), snapshots };
  const data = Buffer.from(JSON.stringify(record));
  await queue.appendCrawled(folder.token, shard, data, lease(), headers);
  for (const fp of commit.doneFingerprints(receipt.done)) {
    const { hi, lo } = fromHex(fp);
    held.delete(`${hi} ${lo}`);
  }
  note(frontier, record);
  return record;
}

/** The log is cut when a second snapshot counts; the ledger may have lost what it said of that. */
async function mayBeCut(
  { folder, shard }: RestoreDeps,
  refs: readonly SnapshotRef[],
): Promise<boolean> {
  let files = 0;
  for await (const _ of folder.lake.list(frontierShardFolder(folder.token, shard))) files += 1;
  return refs.length > 1 || files > 1;
}

/** Offers roots and the links of all receipts, depth by depth: the depth that a link is first offered at is the one it has. */
async function rebuild(deps: RestoreDeps): Promise<void> {
  const { folder, shard, frontier } = deps;
  const batches: Buffer[] = [];
  for await (const { path } of folder.lake.list(receiptFolder(folder.token, "crawl"))) {
    const { body } = await folder.lake.get(path);
    const { links } = JSON.parse(body.toString("utf8")) as SegmentReceipt;
    for (const { shard: to, batch } of links)
      if (to === shard) batches.push(Buffer.from(batch, "base64"));
    await paused(deps);
  }
  const offer = (links: FrontierLink[]) =>
    deps.onLinks(links.filter((link) => frontier.offer(link, linkFingerprint(link))));
  offer(await deps.roots());
  for (let depth = 0, isDeeper = true; isDeeper; depth += 1) {
    isDeeper = false;
    for (const batch of batches) {
      const links = await unpackLinks(batch);
      isDeeper ||= links.some((link) => link.depth > depth);
      offer(links.filter((link) => link.depth === depth));
      await paused(deps);
    }
  }
}

async function batchedFiles({ folder }: RestoreDeps): Promise<ReadonlySet<string>> {
  const files = new Set<string>();
  for await (const { path } of folder.lake.list(receiptFolder(folder.token, "batch"))) {
    const { body } = await folder.lake.get(path);
    const task = JSON.parse(body.toString("utf8")) as ProcessTask;
    for (const input of task.inputs) files.add(input.path);
  }
  return files;
}
