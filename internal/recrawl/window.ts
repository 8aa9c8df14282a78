// Windows of a backfill: days in a row, cut into pieces that are runs of their own. Pure.
import { UsageError } from "../std/errors.ts";

/** Days of a window, as YYYY-MM-DD: from the first one until the day after the last. */
export type Window = { from: string; until: string };

const dayMs = 86_400_000;
const maxWindows = 10_000;

/** The days `from` to `to`, both included, cut after every `days`; the last window may be shorter. Throws UsageError. */
export function windowsOf(from: string, to: string, days: number): Window[] {
  const [fromMs, untilMs] = [Date.parse(from), Date.parse(to) + dayMs];
  if (untilMs <= fromMs)
    throw new UsageError(`"${to}" is before "${from}"`, "--to", "give --from and --to in order");
  const windows: Window[] = [];
  for (let startMs = fromMs; startMs < untilMs; startMs += days * dayMs) {
    if (windows.length === maxWindows)
      throw new UsageError(`more than ${maxWindows} windows`, "--window", "choose longer ones");
    const endMs = Math.min(startMs + days * dayMs, untilMs);
    windows.push({ from: dayOf(startMs), until: dayOf(endMs) });
  }
  return windows;
}

/** How many days a window has. */
export function daysIn({ from, until }: Window): number {
  return (Date.parse(until) - Date.parse(from)) / dayMs;
}

/**
 * A day as a source writes its values, which `start` shows: a date, a time with or without zone, seconds or milliseconds since
 * 1970. Null: `start` is none of these.
 */
export function asWritten(day: string, start: string): string | null {
  if (/^\d{4}-\d\d-\d\d$/.test(start)) return day;
  const time = /^\d{4}-\d\d-\d\d([T ])\d\d:\d\d(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/.exec(start);
  if (time !== null) {
    const [, between = "T", seconds = "", zone = ""] = time;
    return `${day}${between}00:00${seconds.replaceAll(/\d/g, "0")}${zone === "" ? "" : zone.startsWith("Z") ? "Z" : "+00:00"}`;
  }
  // Ten digits are seconds from 2001 to 2286, thirteen the same in milliseconds.
  if (/^\d{10}$/.test(start)) return String(Date.parse(day) / 1_000);
  if (/^\d{13}$/.test(start)) return String(Date.parse(day));
  return null;
}

const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
