// The snapshots that a shard's owner leaves for the next one: when one is due, its file in the lake, and what goes once it counts.
//
// States of a snapshot: writing (the frontier goes on meanwhile) -> written (the file is in the lake) -> announced (a record of
// the ledger names it; only now does it count) -> one of the two newest -> removed. A crash in between leaves a file that no
// record names. The log is cut up to the older of the two, so that both of them, or either alone, can be gone on from.
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { frontierFolder, frontierShardFolder, frontierSnapshotPath } from "../model/lake-paths.ts";
import type { SnapshotRef } from "../model/segment.ts";
import type { Objects } from "../objects/objects.ts";
import type { Queue } from "../queue/queue.ts";
import type { FrontierCapture } from "./shard-frontier.ts";
import { writeSnapshot } from "./snapshot-file.ts";

/** A snapshot is due when so many links were seen or done since the last, a quarter of all at least, and so much later. */
export type SnapshotPace = { links: number; everyMs: number };

export type SnapshotDeps = {
  run: string;
  shard: number;
  lake: Objects;
  queue: Pick<Queue, "trimLinks">;
  /** A folder on the pod's own disk. */
  scratch: string;
  pace: SnapshotPace;
  nowMs: () => number;
  onFailure: (error: unknown) => void;
  signal: AbortSignal;
};

export class ShardSnapshots {
  readonly #deps: SnapshotDeps;
  #announced: SnapshotRef[] = [];
  #written: SnapshotRef | null = null;
  /** Links seen, and links done, when the last snapshot was taken. */
  #lastProgress = 0;
  #lastMs: number;
  #work: Promise<void> | null = null;

  constructor(deps: SnapshotDeps) {
    this.#deps = deps;
    this.#lastMs = deps.nowMs();
  }

  /** Those of an earlier owner; `progress` as of the newest of them. */
  goOnFrom(announced: SnapshotRef[], progress: number): void {
    this.#announced = announced;
    this.#lastProgress = progress;
  }

  /** `progress`: links seen and links done, together; grows. */
  isDue(progress: number): boolean {
    const { pace, nowMs } = this.#deps;
    if (this.#work !== null || this.#written !== null) return false;
    if (nowMs() - this.#lastMs < pace.everyMs) return false;
    return progress - this.#lastProgress >= Math.max(pace.links, this.#lastProgress / 4);
  }

  /** Writes one in the background. `ledgerSeq`: the record that it is exact for, which has just been appended. */
  take(
    ledgerSeq: number,
    progress: number,
    saved: ReadonlyMap<string, number>,
    segments: readonly string[],
    capture: FrontierCapture,
  ): void {
    const { run, shard } = this.#deps;
    this.#lastProgress = progress;
    this.#lastMs = this.#deps.nowMs();
    const { consumedSeq, seen, links } = capture;
    const sources = capture.sources.map((each) => ({ ...each, saved: saved.get(each.name) ?? 0 }));
    const header = {
      run,
      shard,
      ledgerSeq,
      consumedSeq,
      sources,
      segments: [...segments],
      seen,
      links,
    };
    this.#inBackground(async () => {
      const { lake, scratch, signal } = this.#deps;
      const file = join(scratch, `${run}-${shard}-${ledgerSeq}.snap`);
      const path = frontierSnapshotPath(run, shard, ledgerSeq);
      try {
        await writeSnapshot(file, header, capture.parts, signal);
        const { size: sizeBytes } = await stat(file);
        await lake.putFile(path, file);
        this.#written = { path, sizeBytes, ledgerSeq, consumedSeq };
      } finally {
        capture.release();
        await rm(file, { force: true });
      }
    });
  }

  /** Whether a commit has one to announce. */
  get hasNews(): boolean {
    return this.#written !== null;
  }

  /** What the next record of the ledger names. */
  toName(): SnapshotRef[] {
    return [this.#written, ...this.#announced].filter((ref) => ref !== null).slice(0, 2);
  }

  /** A record with `named` was accepted: cuts the log, and removes what is older than both. */
  wereNamed(named: SnapshotRef[]): void {
    if (this.#written === null || named[0] !== this.#written) return;
    this.#written = null;
    this.#announced = named;
    const [, older] = named;
    if (older === undefined) return;
    const { run, shard, lake, queue } = this.#deps;
    this.#inBackground(async () => {
      await queue.trimLinks(run, shard, older.consumedSeq);
      for await (const { path } of lake.list(frontierShardFolder(run, shard))) {
        if (path < older.path) await lake.delete(path);
      }
    });
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#work;
  }

  /** A snapshot that fails costs the next owner time, nothing else: it is told of, and another one is due later. */
  #inBackground(body: () => Promise<void>): void {
    const { signal, onFailure } = this.#deps;
    const work = (this.#work ?? Promise.resolve())
      .then(body)
      .catch((error: unknown) => {
        if (!signal.aborted) onFailure(error);
      })
      .finally(() => {
        if (this.#work === work) this.#work = null;
      });
    this.#work = work;
  }
}

/** Removes all snapshots of a run: its crawl is over. */
export async function removeSnapshots(lake: Objects, run: string): Promise<void> {
  for await (const { path } of lake.list(frontierFolder(run))) await lake.delete(path);
}
