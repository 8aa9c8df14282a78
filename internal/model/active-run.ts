// A run as its workers see it: kept in the queue's state under `run/<token>` while the run is active.

export type ActiveRun = {
  /** Names this generation of the run in subjects and paths. */
  token: string;
  run: string;
  date: string;
  generation: number;
  /** Lake URL, absolute. */
  lake: string;
  simulate: boolean;
  only: string[] | null;
  /** Days of a backfill that its incremental sources are read for: from the first until the day after the last, YYYY-MM-DD. */
  window?: { from: string; until: string };
  /** Its sources are read from their start, and what they had in their tables gives way. */
  refresh?: boolean;
  /** Absolute path of the pipeline file and its text as written: variables are filled in by each worker. */
  file: string;
  text: string;
  /** Trace context of the run's span. */
  trace: Record<string, string>;
};

export const activeRunKey = (token: string) => `run/${token}`;

/** Key of the lease that a run's coordinator holds as long as it lives. */
export const coordinatorLease = (token: string) => `run.${token}`;

/** Parses what `activeRunKey` holds. Throws on anything else. */
export function parseActiveRun(data: Uint8Array): ActiveRun {
  return JSON.parse(Buffer.from(data).toString("utf8")) as ActiveRun;
}
