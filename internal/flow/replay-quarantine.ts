// `onpoint quarantine replay`: a table's quarantined rows tried again with today's schema, file by file. What passes is
// published through catalog/quarantine-replays.ts, which says why a row is in the table once.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  finishQuarantineReplays,
  generationOf,
  isReplayed,
  publishQuarantineReplays,
  type QuarantineReplay,
  recordQuarantineReplay,
  replayTask,
} from "../catalog/quarantine-replays.ts";
import { registerSchema } from "../catalog/schemas.ts";
import { readSnapshot } from "../catalog/snapshots.ts";
import { quarantineFolder } from "../model/lake-paths.ts";
import { quarantineTable } from "../model/quarantine.ts";
import type { SnapshotFile } from "../model/snapshot.ts";
import type { Objects } from "../objects/objects.ts";
import { replayRows } from "../process/replay-rows.ts";
import { storeFiles } from "../process/store-files.ts";
import type { TableSettings } from "../process/table-settings.ts";
import { mergeReplayed } from "./merge-replayed.ts";

/** `settingsOf`: of the table as a source writes it. `run`: only files of this run. `scratch`: a folder of its own. */
export type ReplayDeps = {
  lake: Objects;
  settingsOf: (source: string) => Promise<TableSettings>;
  run: string | null;
  scratch: string;
  memoryLimitMb: number;
  signal: AbortSignal;
};

/**
 * Rows of the quarantine that were looked at, that fit the table now, and that stay. `replaced`: rows that gave way to newer
 * ones with the same key, replayed or not.
 */
export type ReplayCounts = {
  rows: number;
  passed: number;
  left: number;
  replaced: number;
  files: number;
};

/** Records published together: each publication writes a snapshot that lists all files of the table. */
const publishedAtOnce = 50;

/** Throws Permanent for a file that is damaged; what was done before it stays done. */
export async function replayQuarantine(deps: ReplayDeps, table: string): Promise<ReplayCounts> {
  const { lake, run, signal } = deps;
  const now = new Date().toISOString();
  // 1. What an earlier replay had decided and could not publish.
  await finishQuarantineReplays(lake, table, now);
  const snapshot = await readSnapshot(lake, quarantineTable(table));
  const files = (snapshot?.files ?? []).filter((file) => run === null || file.run === run);
  const counts = { rows: 0, passed: 0, left: 0, replaced: 0, files: files.length };
  let waiting: QuarantineReplay[] = [];
  for (const file of files) {
    signal.throwIfAborted();
    // 2. Try a file again; one of which nothing passes stays as it is.
    const replay = await tryFile(deps, table, file, now);
    const passed = replay?.parts.reduce((sum, { rows }) => sum + rows, 0) ?? 0;
    counts.rows += file.rows;
    counts.passed += passed;
    counts.left += file.rows - passed;
    if (replay !== null) waiting.push(replay);
    // 3. Publish.
    if (waiting.length < publishedAtOnce) continue;
    await publishQuarantineReplays(lake, table, waiting, now);
    waiting = [];
  }
  await publishQuarantineReplays(lake, table, waiting, now);
  // 4. A table with a key has each once, also where an earlier replay did not get this far.
  const replayed = (await readSnapshot(lake, table))?.files.find(isReplayed);
  const key = replayed === undefined ? null : (await deps.settingsOf(replayed.source)).key;
  if (key !== null) counts.replaced = await mergeReplayed({ ...deps, now }, table, key);
  return counts;
}

async function tryFile(
  deps: ReplayDeps,
  table: string,
  file: SnapshotFile,
  now: string,
): Promise<QuarantineReplay | null> {
  const { lake, memoryLimitMb, signal } = deps;
  const task = replayTask(file.path);
  const scratch = join(deps.scratch, task);
  await rm(scratch, { recursive: true, force: true });
  try {
    const generation = await generationOf(lake, file.run);
    const written = await replayRows({
      settings: await deps.settingsOf(file.source),
      local: await lake.local(file.path, `${scratch}-input`),
      task,
      runDate: file.date,
      scratch,
      memoryLimitMb,
      registerSchema: (name, columns, merge) => registerSchema(lake, name, columns, merge),
      signal,
    });
    if (written.rowsOut === 0) return null;
    const { run, date, source } = file;
    const about = { run, date, source, task };
    const parts = await storeFiles(lake, `parts/${table}/`, written.files);
    const left = await storeFiles(lake, quarantineFolder(table, date), written.quarantineFiles);
    return await recordQuarantineReplay(lake, {
      table,
      input: file.path,
      run: file.run,
      generation,
      parts: parts.map((part) => ({ ...part, ...about })),
      left: left.map((part) => ({ ...part, ...about })),
      replayedAt: now,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await rm(`${scratch}-input`, { recursive: true, force: true });
  }
}
