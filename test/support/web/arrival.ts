// The server's log: one line a request, written when its answer has ended.
import type { Address } from "./world.ts";

/**
 * Times in ms of the server's monotonic clock. `atMs`: when the request was read; it may have arrived up to `lateMs` before,
 * because the server was busy or not running. `answeredMs`: when its answer began to be sent. `endMs`: its answer ended, or
 * the client went away. `status` 0: no answer at all. `retryAfterMs`: as announced, or null.
 */
export type Arrival = {
  atMs: number;
  lateMs: number;
  answeredMs: number;
  endMs: number;
  host: string;
  path: string;
  status: number;
  retryAfterMs: number | null;
  connection: number;
  userAgent: string;
};

export function formatArrival(arrival: Arrival): string {
  const {
    atMs,
    lateMs,
    answeredMs,
    endMs,
    host,
    path,
    status,
    retryAfterMs,
    connection,
    userAgent,
  } = arrival;
  const times = [atMs, lateMs, answeredMs, endMs].map((ms) => ms.toFixed(3));
  return `${[...times, host, path, status, retryAfterMs ?? "-", connection, userAgent].join("\t")}\n`;
}

/** Reads a whole log, in the order of arrival. Throws Error at a line that is none. */
export function parseArrivals(log: string): Arrival[] {
  const lines = log.split("\n").filter((line) => line !== "");
  return lines.map(parseArrival).sort((a, b) => a.atMs - b.atMs);
}

function parseArrival(line: string): Arrival {
  const [at, late, answered, end, host, path, status, retryAfter, connection, userAgent] =
    line.split("\t");
  if (host === undefined || path === undefined || userAgent === undefined)
    throw new Error(`"${line}" is no line of a server's log`);
  return {
    atMs: Number(at),
    lateMs: Number(late),
    answeredMs: Number(answered),
    endMs: Number(end),
    host,
    path,
    status: Number(status),
    retryAfterMs: retryAfter === "-" ? null : Number(retryAfter),
    connection: Number(connection),
    userAgent,
  };
}

export function addressOf({ host, path }: Arrival): Address {
  return host + path;
}
