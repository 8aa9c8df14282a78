// How far an incremental source goes back: a duration where its field is a date, a whole number where it is one.
import { durationMs } from "./duration.ts";
import type { Check } from "./value-checks.ts";

/** Ms of a duration, or the number; null for other texts. */
export function lookbackOf(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : durationMs(text);
}

export const checkLookback: Check = (text) =>
  lookbackOf(text) === null
    ? { what: "is neither a duration nor a whole number", fix: "Write 1h or 1000" }
    : null;
