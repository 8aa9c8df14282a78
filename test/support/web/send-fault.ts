// Sends an answer that is no use: an error status, or something that breaks off.
import type { ServerResponse } from "node:http";
import { constants, gzipSync } from "node:zlib";
import type { FaultName } from "./faults.ts";
import { manyHeaders, raw } from "./send-page.ts";

/** What the log says of an answer; `status` 0: none at all. `retryAfterMs`: until when the answer asks to be left alone. */
export type Sent = { status: number; retryAfterMs: number | null };

const half = Buffer.from("<!DOCTYPE html><title>half</title><a href=/decoy/half>x</a>");
const nothing: Sent = { status: 0, retryAfterMs: null };
const html = { "content-type": "text/html" };

export function sendFault(answer: ServerResponse, fault: FaultName): Sent {
  switch (fault) {
    case "404":
    case "410":
    case "403":
    case "429":
    case "500":
    case "502":
    case "503":
      return sendStatus(answer, Number(fault));
    case "503 for seconds":
      return sendStatus(answer, 503, 1);
    case "429 for seconds":
      return sendStatus(answer, 429, 1);
    case "503 until a date": {
      // A date has no fractions: between one and two seconds from now.
      const untilMs = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
      return sendStatus(answer, 503, untilMs - Date.now(), new Date(untilMs).toUTCString());
    }
    case "no answer":
      return nothing;
    case "body stops":
      answer.writeHead(200, { ...html, "content-length": "1000" }).write(half);
      return { status: 200, retryAfterMs: null };
    case "gzip broken": {
      const packed = gzipSync(Buffer.alloc(5_000, half));
      packed.fill(0xff, 20);
      return sendPacked(answer, packed);
    }
    case "gzip bomb":
      return sendPacked(answer, bomb());
    case "reset":
      answer.socket?.resetAndDestroy();
      return nothing;
    case "reset in the body":
      raw(answer, 200, { ...html, "content-length": "9999" }, half, false);
      setTimeout(() => answer.socket?.resetAndDestroy(), 20);
      return nothing;
    case "no HTTP":
      answer.socket?.end("220 mail.example ESMTP\r\n");
      return nothing;
    case "header bomb":
      raw(answer, 200, { ...html, ...manyHeaders(40, 1_000) }, half, true);
      return nothing;
    case "chunk cut":
      raw(answer, 200, { ...html, "transfer-encoding": "chunked" }, Buffer.from("ff\r\n<a"), true);
      return nothing;
    case "shorter than it says":
      raw(answer, 200, { ...html, "content-length": "9999" }, half, true);
      return nothing;
  }
}

/** An error with links that must not be followed. `afterS`: Retry-After in seconds, unless `date` says it. */
export function sendStatus(
  answer: ServerResponse,
  status: number,
  after?: number,
  date?: string,
): Sent {
  const told = after === undefined ? {} : { "retry-after": date ?? String(after) };
  answer.writeHead(status, { ...html, ...told }).end(half);
  const waitMs = date === undefined ? (after ?? 0) * 1_000 : (after ?? 0);
  return { status, retryAfterMs: after === undefined ? null : waitMs };
}

function sendPacked(answer: ServerResponse, bytes: Buffer): Sent {
  answer
    .writeHead(200, { ...html, "content-encoding": "gzip", "content-length": String(bytes.length) })
    .end(bytes);
  return { status: 200, retryAfterMs: null };
}

let packedBomb: Buffer | null = null;

/** 100 MiB of nothing in 100 kB. */
function bomb(): Buffer {
  packedBomb ??= gzipSync(Buffer.alloc(100 * 2 ** 20), { level: constants.Z_BEST_SPEED });
  return packedBomb;
}
