// `onpoint dead ls|show|drop|replay`: what a run gave up, and what is to become of it.
import {
  type DeadLetter,
  readDeadLetters,
  replayDecision,
} from "../internal/catalog/dead-letters.ts";
import { reopenRun } from "../internal/catalog/open-run.ts";
import {
  type QuarantinedRow,
  type QuarantinedRows,
  readQuarantinedRows,
} from "../internal/catalog/quarantined-rows.ts";
import { readReplays, writeReplay } from "../internal/catalog/replays.ts";
import { type RunManifest, runToken } from "../internal/model/run.ts";
import { UsageError } from "../internal/std/errors.ts";
import { chooseIds } from "./choose-ids.ts";
import type { CommandResult } from "./command-result.ts";
import { factsText, listText } from "./dead-text.ts";
import { findRun, type LakeOptions, type OpenLake, withLake } from "./open-lake.ts";
import { readProgress } from "./read-progress.ts";
import { withScratch } from "./scratch-folder.ts";

const rowsMax = 2_000;
const listedRawChars = 200;
const shownRawChars = 100_000;
/** A coordinator writes its progress down every 5 s; after this long without, it is gone. */
const aliveMs = 30_000;

type Found = { manifest: RunManifest; token: string; letters: DeadLetter[]; bad: QuarantinedRows };

/** JSON: `{ run, letters, quarantined: { total, rows } }`; at most 2,000 rows are listed. */
export function deadListCommand(
  run: string | undefined,
  options: LakeOptions,
): Promise<CommandResult> {
  return withLake(options, async (lake) => {
    const { manifest, letters, bad } = await find(lake, run, listedRawChars);
    const json = { run: manifest.run, letters, quarantined: { total: bad.total, rows: bad.rows } };
    return { text: listText(manifest.run, letters, bad), json, exitCode: 0 };
  });
}

/** JSON: the letter, or the row with its raw text. Throws UsageError for an id that is not (or no longer) there. */
export function deadShowCommand(
  run: string,
  id: string,
  options: LakeOptions,
): Promise<CommandResult> {
  return withLake(options, async (lake) => {
    const { letters, bad } = await find(lake, run, shownRawChars);
    const [chosen] = chooseIds<DeadLetter | QuarantinedRow>([...letters, ...bad.rows], [id], run);
    if (chosen === undefined)
      throw new UsageError("no id is given", "dead show", "`onpoint dead ls` tells the ids");
    return { text: factsText(chosen), json: chosen, exitCode: 0 };
  });
}

/** Settles letters and rows for good: they are not told again. The run's verdict stays. JSON: `{ run, dropped }`. */
export function deadDropCommand(
  run: string,
  ids: readonly string[],
  options: LakeOptions & { all?: boolean },
): Promise<CommandResult> {
  return withLake(options, async (lake) => {
    if ((options.all ?? false) === ids.length > 0) {
      throw new UsageError(
        "say what to drop: ids or --all",
        "dead drop",
        `\`onpoint dead ls ${run}\` tells the ids`,
      );
    }
    const { manifest, token, letters, bad } = await find(lake, run, 1);
    const everything = [...letters, ...bad.files];
    const chosen = options.all
      ? everything
      : chooseIds<{ id: string }>([...letters, ...bad.rows], ids, run);
    const dropped = chosen.map(({ id }) => id);
    const rows = options.all
      ? bad.total
      : dropped.length - letters.filter(({ id }) => dropped.includes(id)).length;
    const count = options.all ? letters.length : dropped.length - rows;
    if (dropped.length > 0) {
      await writeReplay(lake.objects, token, {
        decidedAt: new Date().toISOString(),
        ids: dropped,
        links: [],
        tasks: [],
      });
    }
    const text = `${manifest.run}: dropped ${count} dead letters and ${rows} quarantined rows (the rows stay in the quarantine tables)`;
    return { text, json: { run: manifest.run, dropped }, exitCode: 0 };
  });
}

/** Has letters tried again by the next `onpoint run`; without ids all of them. JSON: `{ run, replayed }`. */
export function deadReplayCommand(
  run: string,
  ids: readonly string[],
  options: LakeOptions,
): Promise<CommandResult> {
  return withLake(options, async (lake) => {
    const manifest = await findRun(lake, run);
    await refuseRunning(lake, manifest);
    const token = runToken(manifest.run, manifest.generation);
    const letters = await readDeadLetters(lake.objects, manifest);
    const chosen = ids.length === 0 ? letters : chooseIds(letters, ids, run);
    const replayed = chosen.map(({ id }) => id);
    if (replayed.length === 0) {
      return {
        text: `${manifest.run}: no dead letters to replay`,
        json: { run: manifest.run, replayed },
        exitCode: 0,
      };
    }
    const lost = chosen.filter(({ stage, link }) => stage === "crawl" && link === null);
    if (lost.length > 0) {
      const what = `${lost.length} links were written down without what it takes to fetch them again, the first is ${lost[0]?.id}`;
      throw new UsageError(what, manifest.run, "run the pipeline with --force, or name the others");
    }
    const earlier = await readReplays(lake.objects, token);
    const decision = replayDecision(chosen, earlier, new Date().toISOString());
    // Opened first: cut off between the two, the letters are still there to be replayed.
    await reopenRun(lake.objects, manifest.run);
    await writeReplay(lake.objects, token, decision);
    const text = [
      `${manifest.run}: ${replayed.length} dead letters will be tried again`,
      `run the pipeline again to go on: ${runLine(manifest)}`,
    ].join("\n");
    return { text, json: { run: manifest.run, replayed }, exitCode: 0 };
  });
}

/** The command that goes on with a run as it was asked for: without `--simulate` it would upload. */
function runLine({ run, date, scope, simulate }: RunManifest): string {
  const only = scope === null ? "" : ` --only ${scope.join(",")}`;
  return `onpoint run <pipeline file> --run-id ${run} --date ${date}${only}${simulate ? " --simulate" : ""}`;
}

async function find(lake: OpenLake, run: string | undefined, rawChars: number): Promise<Found> {
  const { objects, settings } = lake;
  const manifest = await findRun(lake, run);
  const token = runToken(manifest.run, manifest.generation);
  const letters = await readDeadLetters(objects, manifest);
  const bad = await withScratch(settings, (scratch) =>
    readQuarantinedRows(objects, token, {
      rowsMax,
      rawChars,
      scratch,
      memoryLimitMb: settings.memoryMb,
    }),
  );
  return { manifest, token, letters, bad };
}

/** A coordinator reads decisions when it starts: one that lives would end the run without this one. */
async function refuseRunning({ objects }: OpenLake, manifest: RunManifest): Promise<void> {
  const progress = await readProgress(objects, manifest);
  if (progress === null || Date.now() - progress.savedMs > aliveMs) return;
  throw new UsageError(
    `run ${manifest.run} is running`,
    "dead replay",
    "wait for its end, then replay",
  );
}
