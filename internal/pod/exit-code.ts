// How a process ends: the number for scripts and Kubernetes, the text for people.
import {
  describeError,
  Fatal,
  LostLease,
  Permanent,
  RetryLater,
  UsageError,
} from "../std/errors.ts";
import { redactText } from "../telemetry/redact.ts";

export const exitCodes = { done: 0, failed: 1, usage: 2, rejects: 3, lostLease: 75 } as const;

/** 2 for a UsageError, 75 for a LostLease (EX_TEMPFAIL of sysexits.h: try again), 1 for all else. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof LostLease) return exitCodes.lostLease;
  return exitCodes.failed;
}

/**
 * The exit code of a coordinator that is a Job's pod. To the Job 1 and 2 are final (`podFailurePolicy` in helm/), so that
 * all that another attempt may heal is 75: also an outage that took too long, and a bug.
 */
export function jobExitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  return error instanceof Permanent ? exitCodes.failed : exitCodes.lostLease;
}

/**
 * What to print for an error that ends the process: redacted, no trailing newline. An error that onpoint foresaw is
 * told in one paragraph; any other is a bug, so the place it came from is told too.
 */
export function explain(error: unknown): string {
  if (error instanceof UsageError) return `onpoint: ${redactText(error.message)}`;
  const text = redactText(describeError(error));
  if (error instanceof LostLease) {
    return `onpoint: ${text}\n  another process has taken this work over; nothing is lost, start again to go on`;
  }
  const foreseen =
    error instanceof Permanent || error instanceof RetryLater || error instanceof Fatal;
  if (foreseen || !(error instanceof Error)) return `onpoint: ${text}`;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const places = frames.slice(0, 5).map((line) => `\n  ${redactText(line.trim())}`);
  return `onpoint: unexpected ${error.name}: ${text}${places.join("")}`;
}
