// Up to where an incremental API source has been read: the greatest value of its field. Pure, but for the state in the lake, which
// moves only when a run is published, so that a run that fails skips nothing.
import { jsonText, putUnlessLost, readJson, untilWon } from "../catalog/compare-and-swap.ts";
import { rawNumberText } from "../extract/json-exact.ts";
import type { ActiveRun } from "../model/active-run.ts";
import { highWaterPath, highWaterPinPath } from "../model/lake-paths.ts";
import type { Incremental } from "../model/pipeline.ts";
import type { Objects } from "../objects/objects.ts";
import { Permanent, UsageError } from "../std/errors.ts";
import { asWritten, type Window } from "./window.ts";

/** One generation of a run. */
type Run = Pick<ActiveRun, "run" | "token" | "window" | "refresh">;

/** What a source is read from: less its lookback; null: its own start. `until`: a window, whose `since` is meant as it is. */
export type ReadFrom = { since: string | null; until?: string };

/** `last`: where the next run starts; `base`: where `run` started, null at the source's own start. */
type HighWater = { last: string; run: string; base: string | null };

const wholeNumber = /^-?\d+$/;
const isoDate = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/;

/** A value that can be compared, as text; null for others. */
export function waterText(value: unknown): string | null {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : rawNumberText(value);
}

/** The greater of two: whole numbers by size, dates (ISO 8601) by time, other texts by their characters. */
export function greater(a: string, b: string): string {
  if (wholeNumber.test(a) && wholeNumber.test(b)) return BigInt(a) > BigInt(b) ? a : b;
  const [aMs, bMs] = [timeOf(a), timeOf(b)];
  if (aMs !== null && bMs !== null && aMs !== bMs) return aMs > bMs ? a : b;
  const [aNumber, bNumber] = [Number(a), Number(b)];
  if (Number.isFinite(aNumber) && Number.isFinite(bNumber)) return aNumber > bNumber ? a : b;
  return a > b ? a : b;
}

/** What two parts of a run saw together; null: of one of them it is not known to its end. */
export function greatest(a: string | null | undefined, b: string | null): string | null {
  if (a === null || b === null) return null;
  return a === undefined ? b : greater(a, b);
}

/** The value so much earlier, written alike; `back`: ms for dates, a whole number for numbers. Throws Permanent for others. */
export function before(value: string, back: number): string {
  if (back === 0) return value;
  if (wholeNumber.test(value)) return String(BigInt(value) - BigInt(back));
  const atMs = timeOf(value);
  if (atMs === null)
    throw new Permanent(`go back from "${value}": it is neither a whole number nor a date`);
  const iso = new Date(atMs - back).toISOString();
  if (!/[T ]/.test(value)) return iso.slice(0, 10);
  return /(Z|[+-]\d\d:?\d\d)$/.test(value) ? iso : iso.slice(0, -1);
}

/** Dates without a zone are read as UTC. Ms since 1970. */
function timeOf(text: string): number | null {
  if (!isoDate.test(text)) return null;
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/.test(text) || text.length === 10;
  const atMs = Date.parse(hasZone ? text : `${text.replace(" ", "T")}Z`);
  return Number.isNaN(atMs) ? null : atMs;
}

/**
 * Decides, once for a run, what it reads from: its window, the source's own start when everything is read again, and where
 * earlier runs came to; a forced run starts where its first generation did.
 */
export async function pinHighWater(
  lake: Objects,
  run: Run,
  source: string,
  incremental: Pick<Incremental, "start">,
): Promise<ReadFrom> {
  const from = run.window
    ? ofWindow(run.window, source, incremental.start)
    : { since: run.refresh ? null : await lastSeen(lake, run, source) };
  await putUnlessLost(lake, highWaterPinPath(run.token, source), jsonText(from), {
    ifAbsent: true,
  });
  return readHighWaterPin(lake, run.token, source);
}

async function lastSeen(lake: Objects, run: Run, source: string): Promise<string | null> {
  const current = await readCurrent(lake, source);
  if (current === null) return null;
  return isOf(current.value, run) ? current.value.base : current.value.last;
}

/** Throws UsageError when the source's values are no dates. */
function ofWindow(window: Window, source: string, start: string): ReadFrom {
  const [since, until] = [asWritten(window.from, start), asWritten(window.until, start)];
  if (since !== null && until !== null) return { since, until };
  throw new UsageError(
    `incremental.start "${start}" is neither a date nor a time`,
    `source ${source}`,
    "Write 2026-01-01, 2026-01-01T00:00:00Z, or seconds or milliseconds since 1970",
  );
}

/** Where a run started. */
export async function readHighWaterPin(
  lake: Objects,
  token: string,
  source: string,
): Promise<ReadFrom> {
  const pin = await readJson(lake, highWaterPinPath(token, source));
  return (pin?.value as ReadFrom | undefined) ?? { since: null };
}

/**
 * Publishes the greatest value that a run saw. Doing it again changes nothing, and it never goes back, but where everything was
 * read again: one wrong value, years ahead, would stay for ever.
 */
export async function publishHighWater(
  lake: Objects,
  run: Run,
  source: string,
  seen: string,
): Promise<void> {
  const { since: base } = await readHighWaterPin(lake, run.token, source);
  await untilWon(`publish how far "${source}" was read`, async () => {
    const current = await readCurrent(lake, source);
    const last = current === null || run.refresh ? seen : greater(current.value.last, seen);
    const next: HighWater = { last, run: run.token, base };
    const expected = current === null ? { ifAbsent: true } : { ifMatch: current.etag };
    return putUnlessLost(lake, highWaterPath(source), jsonText(next), expected);
  });
}

async function readCurrent(lake: Objects, source: string) {
  const found = await readJson(lake, highWaterPath(source));
  return found === null ? null : { value: found.value as HighWater, etag: found.etag };
}

const isOf = ({ run: token }: HighWater, { run }: Run) =>
  token === run || (token.startsWith(`${run}_g`) && /^_g\d+$/.test(token.slice(run.length)));
