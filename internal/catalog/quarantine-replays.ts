// What became of quarantine files that were tried again: one record a file, made once, named by the file. The record is
// written before anything is published, and says all that is: whoever finds the file still in quarantine publishes the same
// files under the same names again. So a row that passed is in its table once, wherever a replay was cut off.
import { createHash } from "node:crypto";
import { replayFolder, replayPath } from "../model/lake-paths.ts";
import { quarantineColumns, quarantineTable } from "../model/quarantine.ts";
import type { SnapshotFile } from "../model/snapshot.ts";
import type { Objects } from "../objects/objects.ts";
import { jsonText, putUnlessLost, readJson } from "./compare-and-swap.ts";
import { readManifest } from "./run-manifest.ts";
import { latestSchema } from "./schemas.ts";
import { publishSnapshot, readSnapshot } from "./snapshots.ts";

/**
 * `input`: path of the quarantine file, `run` and `generation`: what it is of. `parts`: rows that passed. `left`: those that did
 * not, in its place.
 */
export type QuarantineReplay = {
  table: string;
  input: string;
  run: string;
  generation: number;
  parts: SnapshotFile[];
  left: SnapshotFile[];
  replayedAt: string;
};

const replayId = (input: string) => createHash("sha256").update(input).digest("hex").slice(0, 16);

const taskPrefix = "replay-";

/** The name of the task that tries a file again; part of the names of what it writes. */
export const replayTask = (input: string) => `${taskPrefix}${replayId(input)}`;

/** Whether the rows of a file of a table were in its quarantine once. */
export const isReplayed = ({ task }: SnapshotFile) => task.startsWith(taskPrefix);

/** The record of a quarantine file, or null when nothing of it ever passed. */
export async function readQuarantineReplay(
  lake: Objects,
  table: string,
  input: string,
): Promise<QuarantineReplay | null> {
  const found = await readJson(lake, replayPath(table, replayId(input)));
  return found === null ? null : (found.value as QuarantineReplay);
}

/** Notes what became of a file. Gives the record that counts: the first one, should somebody else have written one. */
export async function recordQuarantineReplay(
  lake: Objects,
  replay: QuarantineReplay,
): Promise<QuarantineReplay> {
  const path = replayPath(replay.table, replayId(replay.input));
  const won = await putUnlessLost(lake, path, jsonText(replay), { ifAbsent: true });
  const first = won === null ? await readQuarantineReplay(lake, replay.table, replay.input) : null;
  return first ?? replay;
}

/** The run's generation: a forced run is another one. 0 when the lake knows no such run. */
export async function generationOf(lake: Objects, run: string): Promise<number> {
  return (await readManifest(lake, run))?.manifest.generation ?? 0;
}

/** Whether any file of the table's quarantine was ever tried again with success. */
export async function hasQuarantineReplays(lake: Objects, table: string): Promise<boolean> {
  for await (const _ of lake.list(replayFolder(table))) return true;
  return false;
}

/**
 * Publishes records: first the rows, then the quarantine without them, so that no row is ever in neither. Where a forced run
 * replaced the input meanwhile, the rows are taken back; where another replay did, they are the same. May be repeated.
 */
export async function publishQuarantineReplays(
  lake: Objects,
  table: string,
  replays: readonly QuarantineReplay[],
  now: string,
): Promise<void> {
  if (replays.length === 0) return;
  const by = "quarantine replay";
  const columns = (await latestSchema(lake, table))?.columns ?? [];
  const parts = { table, kind: "parts", columns, by, now } as const;
  await publishSnapshot(lake, {
    ...parts,
    replace: () => false,
    add: replays.flatMap((replay) => replay.parts),
  });
  const inputs = new Set(replays.map(({ input }) => input));
  let present: QuarantineReplay[] = [];
  await publishSnapshot(lake, {
    table: quarantineTable(table),
    kind: "quarantine",
    columns: quarantineColumns,
    by,
    now,
    replace: ({ path }) => inputs.has(path),
    add: (current) => {
      const there = new Set(current.map(({ path }) => path));
      present = replays.filter(({ input }) => there.has(input));
      return present.flatMap(({ left }) => left);
    },
  });
  const gone: QuarantineReplay[] = [];
  for (const replay of replays) {
    if (present.includes(replay)) continue;
    if ((await generationOf(lake, replay.run)) !== replay.generation) gone.push(replay);
  }
  if (gone.length === 0) return;
  const unwanted = new Set(gone.flatMap((replay) => replay.parts.map(({ path }) => path)));
  await publishSnapshot(lake, { ...parts, replace: ({ path }) => unwanted.has(path), add: [] });
}

/** Publishes what was recorded and, by a crash or a run that was resumed, is in quarantine all the same. */
export async function finishQuarantineReplays(
  lake: Objects,
  table: string,
  now: string,
): Promise<void> {
  // What is left of a file is a file that may have been tried again itself.
  for (;;) {
    if (!(await hasQuarantineReplays(lake, table))) return;
    const snapshot = await readSnapshot(lake, quarantineTable(table));
    const replays: QuarantineReplay[] = [];
    for (const { path } of snapshot?.files ?? []) {
      const replay = await readQuarantineReplay(lake, table, path);
      if (replay !== null) replays.push(replay);
    }
    if (replays.length === 0) return;
    await publishQuarantineReplays(lake, table, replays, now);
  }
}
