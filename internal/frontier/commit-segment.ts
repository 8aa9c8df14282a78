// The commit of a segment, in the order that makes every crash a clean repeat (model/segment.ts has the states), and what a
// new owner does about segments that an earlier owner saved but may not have committed.

import {
  rawFilePath,
  receiptFolder,
  receiptPath,
  seenPath,
  warcFilePath,
} from "../model/lake-paths.ts";
import type { RawFile, SegmentReceipt, SegmentRecord } from "../model/segment.ts";
import type { Objects } from "../objects/objects.ts";
import { packZstd } from "../std/pack-zstd.ts";
import { counter } from "../telemetry/meter.ts";
import { hexOf } from "./fingerprint.ts";
import { FingerprintTable } from "./fingerprint-table.ts";
import { packBatches } from "./link-batch.ts";
import type { OpenSegment } from "./open-segment.ts";

const rawFiles = counter("onpoint.raw.files", "{file}", "Raw files saved");
const rawPages = counter("onpoint.raw.pages", "{page}", "Pages in raw files saved");

export type LakeFolder = { lake: Objects; token: string; date: string };
export type SavedSegment = {
  receipt: SegmentReceipt;
  batches: { shard: number; data: Buffer }[];
};

/** File-name safe, sorts by fencing token, then by number. */
export function segmentName(shard: number, fencingToken: number, n: number): string {
  return `${String(shard).padStart(4, "0")}-${String(fencingToken).padStart(12, "0")}-${String(n).padStart(6, "0")}`;
}

/** Batches of the links found in a segment, by shard; links that the segment itself is done with are left out. */
export async function packFound(segment: OpenSegment): Promise<SavedSegment["batches"]> {
  const done = new FingerprintTable(4);
  for (const { hi, lo } of segment.done) done.add(hi, lo);
  const batches: SavedSegment["batches"] = [];
  for (const [shard, { links, fingerprints }] of [...segment.found].sort(([a], [b]) => a - b)) {
    const isDone = [...fingerprints].map(({ hi, lo }) => done.has(hi, lo));
    const left = links.filter((_, at) => !isDone[at]);
    for (const data of await packBatches(left)) batches.push({ shard, data });
  }
  return batches;
}

/**
 * Writes the raw files, the archives, what was learned of pages, and then the receipt, all create-only. Throws PreconditionFailed when the name is taken (the
 * caller then takes the next one).
 */
export async function saveSegment(
  folder: LakeFolder,
  shard: number,
  name: string,
  segment: OpenSegment,
  batches: SavedSegment["batches"],
): Promise<SegmentReceipt> {
  const files: RawFile[] = [];
  for (const [source, { text, pages }] of segment.lines) {
    const path = rawFilePath(source, folder.date, folder.token, name);
    const body = await packZstd(...text.blocks());
    await folder.lake.put(path, body, { ifAbsent: true });
    files.push({ source, path, sizeBytes: body.length, pages });
    rawFiles(1, { source });
    rawPages(pages, { source });
  }
  const receipt: SegmentReceipt = {
    segment: name,
    shard,
    files,
    done: [...segment.done].map(hexOf).join(""),
    dead: segment.deadLinks.length,
    pending: 1,
    consumedSeq: 0,
    counts: segment.counts,
    links: batches.map(({ shard: to, data }) => ({ shard: to, batch: data.toString("base64") })),
    deadLinks: segment.deadLinks,
    ...(segment.visits.size === 0 ? {} : { seen: await saveVisits(folder, name, segment) }),
    ...(segment.archives.size === 0 ? {} : { archives: await saveArchives(folder, name, segment) }),
    ...(segment.high.size === 0 ? {} : { high: Object.fromEntries(segment.high) }),
    hosts: [...segment.hosts.values()],
    ...(segment.walks.size === 0 ? {} : { walks: walksOf(segment) }),
  };
  await folder.lake.put(receiptPath(folder.token, "crawl", name), JSON.stringify(receipt), {
    ifAbsent: true,
  });
  return receipt;
}

function walksOf({ walks }: OpenSegment): NonNullable<SegmentReceipt["walks"]> {
  return Object.fromEntries([...walks].map(([source, each]) => [source, Object.fromEntries(each)]));
}

async function saveVisits(
  { lake, date, token }: LakeFolder,
  name: string,
  segment: OpenSegment,
): Promise<string[]> {
  const sources: string[] = [];
  for (const [source, visits] of segment.visits) {
    const body = await visits.bytes(source, rawFilePath(source, date, token, name));
    if (body === null) continue;
    await lake.put(seenPath(token, source, name), body, { ifAbsent: true });
    sources.push(source);
  }
  return sources;
}

async function saveArchives(
  { lake, date, token }: LakeFolder,
  name: string,
  segment: OpenSegment,
): Promise<RawFile[]> {
  const files: RawFile[] = [];
  for (const [source, archive] of segment.archives) {
    const path = warcFilePath(source, date, token, name);
    const filename = path.slice(path.lastIndexOf("/") + 1);
    const body = await archive.bytes({ filename, run: token, source });
    await lake.put(path, body, { ifAbsent: true });
    files.push({ source, path, sizeBytes: body.length, pages: archive.count });
  }
  return files;
}

/** Of a commit without a segment: it only says how far the shard has come. */
export function emptyReceipt(
  shard: number,
  fencingToken: number,
  { counts }: OpenSegment,
): SegmentReceipt {
  return {
    segment: segmentName(shard, fencingToken, 0),
    shard,
    files: [],
    done: "",
    dead: 0,
    pending: 0,
    consumedSeq: 0,
    counts,
    links: [],
    deadLinks: [],
    hosts: [],
  };
}

/** What goes to the ledger of a receipt. */
export function recordOf(
  receipt: SegmentReceipt,
  pending: number,
  consumedSeq: number,
): SegmentRecord {
  const { segment, shard, files, done, dead, counts, seen, high } = receipt;
  const learned = {
    ...(seen === undefined ? {} : { seen }),
    ...(high === undefined ? {} : { high }),
  };
  return { segment, shard, files, done, dead, counts, ...learned, pending, consumedSeq };
}

/** Fingerprints in a record's `done`, as 16 hex digits each. */
export function* doneFingerprints(done: string): Generator<string> {
  for (let start = 0; start < done.length; start += 16) yield done.slice(start, start + 16);
}

/**
 * Receipts of a shard that its ledger does not know, in the order in which to adopt them: first those whose raw files are
 * in a committed batch (`isBatched`), then by name. A receipt with a URL that is done elsewhere is not among them: its
 * pages were fetched again by somebody whose segment counts.
 */
export async function receiptsToAdopt(
  folder: LakeFolder,
  shard: number,
  ledger: readonly SegmentRecord[],
  batchedFiles: () => Promise<ReadonlySet<string>>,
): Promise<SegmentReceipt[]> {
  const known = new Set(ledger.map((record) => record.segment));
  const done = new Set<string>();
  for (const record of ledger) for (const fp of doneFingerprints(record.done)) done.add(fp);
  const unknown = await unknownReceipts(folder, shard, known, batchedFiles);
  return withoutOverlaps(unknown, (fp) => done.has(fp));
}

/** Receipts of a shard that are not `known`, in the order in which to adopt them. */
export async function unknownReceipts(
  folder: LakeFolder,
  shard: number,
  known: ReadonlySet<string>,
  batchedFiles: () => Promise<ReadonlySet<string>>,
): Promise<SegmentReceipt[]> {
  const unknown: SegmentReceipt[] = [];
  const prefix = `${receiptFolder(folder.token, "crawl")}${segmentName(shard, 0, 0).slice(0, 5)}`;
  for await (const { path } of folder.lake.list(prefix)) {
    const name = path.slice(path.lastIndexOf("/") + 1, -".json".length);
    if (known.has(name)) continue;
    const { body } = await folder.lake.get(path);
    unknown.push(JSON.parse(body.toString("utf8")) as SegmentReceipt);
  }
  if (unknown.length === 0) return [];
  const batched = await batchedFiles();
  const isBatched = (receipt: SegmentReceipt) =>
    receipt.files.some((file) => batched.has(file.path));
  return unknown.sort(
    (a, b) => Number(isBatched(b)) - Number(isBatched(a)) || (a.segment < b.segment ? -1 : 1),
  );
}

/** Those of `receipts` that have no URL that is done elsewhere (`isDone`), or in one before them. */
export function withoutOverlaps(
  receipts: readonly SegmentReceipt[],
  isDone: (fp: string) => boolean,
): SegmentReceipt[] {
  const taken = new Set<string>();
  return receipts.filter((receipt) => {
    const own = [...doneFingerprints(receipt.done)];
    if (own.some((fp) => isDone(fp) || taken.has(fp))) return false;
    for (const fp of own) taken.add(fp);
    return true;
  });
}
