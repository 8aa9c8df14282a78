// The demo server's log: what tests judge politeness by, so a line is in the file before its answer is sent.
import { closeSync, openSync, writeSync } from "node:fs";

/** One line. `t_ms`: when the request came, epoch milliseconds that never go back. `body`: of a webhook call only. */
export type RequestLine = {
  t_ms: number;
  host: string;
  method: string;
  path: string;
  status: number;
  retryAfterMs: number | null;
  userAgent: string;
  body?: string;
};

export type RequestLog = { write: (line: RequestLine) => void; close: () => void };

/** Appends to `file` (one write a line, O_APPEND); null: keeps nothing. */
export function openRequestLog(file: string | null): RequestLog {
  if (file === null) return { write: () => {}, close: () => {} };
  const descriptor = openSync(file, "a");
  return {
    write: (line) => writeSync(descriptor, `${JSON.stringify(line)}\n`),
    close: () => closeSync(descriptor),
  };
}

/** Epoch milliseconds by the monotonic clock. */
export const nowMs = (): number => performance.timeOrigin + performance.now();
