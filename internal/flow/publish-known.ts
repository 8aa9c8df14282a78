// What a run learned of the pages of its web sources is there for the next run once the tables of this one are.
import { join } from "node:path";
import type { ActiveRun } from "../model/active-run.ts";
import { seenPath } from "../model/lake-paths.ts";
import type { Source } from "../model/pipeline.ts";
import type { Objects } from "../objects/objects.ts";
import { publishHighWater } from "../recrawl/high-water.ts";
import { publishState } from "../recrawl/seen-state.ts";
import type { RunView } from "./run-view.ts";

export type KnownDeps = {
  run: ActiveRun;
  sources: readonly Source[];
  lake: Objects;
  shards: number;
  /** A folder on the coordinator's own disk. */
  scratch: string;
};

/** Publishes what the committed segments of a run learned. Doing it again changes nothing. */
export async function publishKnown(
  deps: KnownDeps,
  view: RunView,
  signal: AbortSignal,
): Promise<void> {
  const { run, sources, lake, shards, scratch } = deps;
  for (const source of sources) {
    // A window of a backfill says nothing of what lies behind it.
    if (source.kind === "api" && source.incremental !== null && !run.window) {
      const high = view.high.get(source.name) ?? null;
      // Whatever was given up, or left to a later run, lies before: the next run reads it again.
      const isWhole = view.totalsOf(source.name).dead === 0 && !isDeferred(source.name, deps, view);
      if (high !== null && isWhole) await publishHighWater(lake, run, source.name, high);
    }
    const learned = view.seen.get(source.name) ?? [];
    if (source.kind !== "web" || learned.length === 0) continue;
    const segments = learned.map(({ shard, segment }) => ({
      shard,
      segment,
      path: seenPath(run.token, source.name, segment),
    }));
    const now = new Date().toISOString();
    const place = { scratch: join(scratch, "known"), now };
    await publishState(lake, { run, source, shards, segments, ...place }, signal);
  }
}

/** Whether requests of a source, or of what is fetched for each of its records, were left to a later run. */
function isDeferred(name: string, deps: Pick<KnownDeps, "sources">, view: RunView): boolean {
  if (view.totalsOf(name).deferred > 0) return true;
  return deps.sources.some(
    (child) =>
      child.kind === "api" && child.each?.from === name && isDeferred(child.name, deps, view),
  );
}
