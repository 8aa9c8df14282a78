// One measurement of the frontier, in a process of its own; prints one JSON object. See ../frontier.bench.ts.
//
// Three phases: URLs are offered until there are enough, each beside one that is known; then pages are taken, settled and committed, each of which finds one new URL among fifty; then a snapshot is
// written and taken in by a new frontier.
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { ShardFrontier } from "../../../internal/frontier/shard-frontier.ts";
import { readSnapshot, writeSnapshot } from "../../../internal/frontier/snapshot-file.ts";
import type { FrontierLink } from "../../../internal/model/link.ts";
import { authorityOf } from "../../../internal/url/url.ts";

export type FrontierSize = { urls: number; hosts: number; shards: number };
export type FrontierFigures = FrontierSize & {
  /** Bytes of what grows with the URLs, all of them queued: fingerprints, queues, offsets. */
  bytesPerUrl: number;
  /** All of the process, with what the bench itself made and V8 has not given back. */
  residentMiB: number;
  diskBytesPerUrl: number;
  checksPerCpuSecond: number;
  /** CPU time of the frontier for a page: take, 50 links found of which one is new, settle, commit. */
  pageMicros: number;
  /** Longest CPU time of twenty links offered, and as many again that are known. */
  longestPauseMs: number;
  snapshotMiB: number;
  snapshotSeconds: number;
  firstLinkSeconds: number;
  restoreSeconds: number;
};

const linksOfPage = 50;
/** Links that are made before the clock runs: making them costs more than the frontier does. */
const prepared = 10_000;
/** Calls whose CPU time is taken together, since taking it costs something too. */
const together = 20;
const scratch = mkdtempSync(join(tmpdir(), "onpoint-bench-"));
const size = JSON.parse(process.argv[2] ?? "{}") as FrontierSize;
const { urls, hosts, shards } = size;

const hostOf = (n: number) => `www.site-${n % hosts}.example.org`;
const urlOf = (n: number) =>
  `https://${hostOf(n)}/catalogue/section-${n % 97}/item-${n}/index.html`;
const linkOf = (n: number): FrontierLink => ({
  url: urlOf(n),
  source: "books",
  kind: "page",
  depth: 1,
  priority: 2,
  via: `https://${hostOf(n)}/catalogue/section-${n % 97}/`,
});
const threadMicros = () => {
  const { user, system } = process.threadCpuUsage();
  return user + system;
};

function residentBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

function diskBytes(): number {
  return readdirSync(scratch, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function main(): Promise<FrontierFigures> {
  return measure().finally(() => rmSync(scratch, { recursive: true, force: true }));
}

async function measure(): Promise<FrontierFigures> {
  const frontiers = Array.from({ length: shards }, () => new ShardFrontier({ scratch }));
  const frontierOf = (n: number) => frontiers[(n % hosts) % shards] as ShardFrontier;
  let longestPauseMs = 0;
  // 1. Warm up on another frontier, then offer.
  const other = new ShardFrontier({ scratch });
  for (let n = 0; n < 20_000; n += 1) other.offer(linkOf(n));
  other.close();
  let micros = 0;
  for (let from = 0; from < urls; from += prepared) {
    const links = linksBetween(from, Math.min(from + prepared, urls));
    const again = links.map((_, n) => linkOf((from + n) >> 1));
    const start = threadMicros();
    for (let at = 0; at < links.length; at += together) {
      const began = threadMicros();
      for (let n = at; n < Math.min(at + together, links.length); n += 1) {
        frontierOf(from + n).offer(links[n] as FrontierLink);
        const known = (from + n) >> 1;
        if (frontierOf(known).offer(again[n] as FrontierLink))
          throw new Error(`"${urlOf(known)}" was forgotten`);
      }
      longestPauseMs = Math.max(longestPauseMs, (threadMicros() - began) / 1000);
    }
    micros += threadMicros() - start;
  }
  const checksPerCpuSecond = (2 * urls * 1e6) / micros;
  await turn();
  const resident = residentBytes();
  const onDisk = diskBytes();
  const ownBytes = frontiers.reduce((sum, frontier) => sum + frontier.sizeBytes, 0);
  // 2. Pages.
  const pages = Math.min(urls / 2, 200_000);
  const pageMicros = crawl(frontierOf, pages);
  // 3. A snapshot of the first shard, and the next owner of it.
  const [first] = frontiers as [ShardFrontier];
  const file = join(scratch, "bench.snap");
  const snapshotStart = performance.now();
  const capture = first.capture();
  const { sources, consumedSeq, seen, links } = capture;
  const header = {
    run: "bench",
    shard: 0,
    ledgerSeq: 1,
    consumedSeq,
    sources: sources.map((source) => ({ ...source, saved: 0 })),
    segments: [],
    seen,
    links,
  };
  await writeSnapshot(file, header, capture.parts, new AbortController().signal);
  capture.release();
  const snapshotSeconds = (performance.now() - snapshotStart) / 1000;
  for (const frontier of frontiers) frontier.close();
  const { firstLinkSeconds, restoreSeconds } = await restore(file);
  return {
    ...size,
    bytesPerUrl: ownBytes / urls,
    residentMiB: resident / 2 ** 20,
    diskBytesPerUrl: onDisk / urls,
    checksPerCpuSecond,
    pageMicros,
    longestPauseMs,
    snapshotMiB: statSync(file).size / 2 ** 20,
    snapshotSeconds,
    firstLinkSeconds,
    restoreSeconds,
  };
}

/** Takes pages host by host, as a pod does whose hosts take turns. Gives CPU microseconds a page. */
function crawl(frontierOf: (n: number) => ShardFrontier, pages: number): number {
  let micros = 0;
  const step = prepared / linksOfPage;
  for (let from = 0; from < pages; from += step) {
    const found = Array.from({ length: step }, (_, n) => linksOn(from + n));
    const authorities = found.map((_, n) => authorityOf(urlOf(from + n)));
    const start = threadMicros();
    for (let n = 0; n < step; n += 1) {
      const frontier = frontierOf(from + n);
      const entry = frontier.take(authorities[n] as string);
      if (entry === null) throw new Error(`nothing to take at host ${authorities[n]}`);
      for (const link of found[n] as FrontierLink[]) frontier.offer(link);
      frontier.settle(entry.link, true);
      frontier.committed(1);
    }
    micros += threadMicros() - start;
  }
  return micros / pages;
}

/** Links of a page to its own host: one that is new, the others known. */
function linksOn(page: number): FrontierLink[] {
  const isKnown = (n: number) => n < urls;
  const known = Array.from({ length: linksOfPage - 1 }, (_, n) => page + (n + 1) * hosts);
  const fresh = urls + hosts - (urls % hosts) + page;
  return [...known.map((n) => (isKnown(n) ? n : page)), fresh].map(linkOf);
}

const linksBetween = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => linkOf(from + n));

/** What a new owner does: reads the snapshot once to check it, then takes it in. */
async function restore(file: string) {
  const start = performance.now();
  const ignore = () => undefined;
  await readSnapshot(file, { header: ignore, fingerprint: ignore, record: ignore, pause: turn });
  const next = new ShardFrontier({ scratch });
  let firstLinkSeconds = 0;
  await readSnapshot(file, {
    header: (header) => next.beginRestore(header),
    fingerprint: (hi, lo) => next.markDone(hi, lo),
    record: (bytes, at) => {
      const link = next.restore(bytes, at);
      if (link === null || firstLinkSeconds > 0) return;
      if (next.take(authorityOf(link.url)) !== null)
        firstLinkSeconds = (performance.now() - start) / 1000;
    },
    pause: turn,
  });
  const restoreSeconds = (performance.now() - start) / 1000;
  next.close();
  return { firstLinkSeconds, restoreSeconds };
}

process.stdout.write(JSON.stringify(await main()));
