// Reading streams in order: all there is now, or from a sequence on and then for ever. A reader is an ephemeral consumer
// without acks; when it or the server is gone, a new one starts behind the last message handed out.

import { type Link, type Msg, NoAnswer } from "./nats-link.ts";
import { callerHeaders, parseDelivery, startPull } from "./nats-pull.ts";
import type { Headers } from "./queue.ts";

/** A stored message. */
export type LogEntry = { subject: string; seq: number; data: Uint8Array; headers: Headers };

const pullBytes = 4 * 1_048_576;
const pullMessages = 500;
const readerIdleNs = 60 * 1_000_000_000;

type ReaderOptions = { fromSeq: number; lastPerSubject?: boolean; headersOnly?: boolean };

async function openReader(link: Link, stream: string, filter: string, options: ReaderOptions) {
  const name = `read-${crypto.randomUUID()}`;
  const from = options.lastPerSubject
    ? { deliver_policy: "last_per_subject" as const }
    : { deliver_policy: "by_start_sequence" as const, opt_start_seq: options.fromSeq };
  const info = await link.jsm.consumers.add(stream, {
    name,
    ...from,
    ack_policy: "none",
    filter_subject: filter,
    mem_storage: true,
    num_replicas: 1,
    headers_only: options.headersOnly === true,
    inactive_threshold: readerIdleNs,
  });
  return { name, pending: info.num_pending };
}

/** The server forgets a reader by itself after a minute: nothing to wait for, nothing to report. */
function dropReader(link: Link, stream: string, name: string): void {
  if (link.nc.isClosed()) return;
  link.jsm.consumers.delete(stream, name).catch(() => {});
}

function toEntry(message: Msg, seq: number): LogEntry {
  const headers = callerHeaders(message.headers);
  return { subject: message.subject, seq, data: message.data, headers };
}

/**
 * Everything under `filter` that is stored when the call starts, in order (from `fromSeq` on, else from the beginning); or
 * only the last message of each subject.
 * `headersOnly` leaves out the data. Throws as {@link Link.call} does.
 */
export async function readNow(
  link: Link,
  stream: string,
  filter: string,
  options?: { lastPerSubject?: boolean; headersOnly?: boolean; fromSeq?: number },
): Promise<LogEntry[]> {
  return link.call(`read ${filter}`, async () => {
    const reader = await openReader(link, stream, filter, { fromSeq: 1, ...options });
    const entries: LogEntry[] = [];
    try {
      while (entries.length < reader.pending) {
        const batch = Math.min(pullMessages, reader.pending - entries.length);
        const request = { batch, expiresMs: 5_000, noWait: true, maxBytes: pullBytes };
        const before = entries.length;
        const pull = startPull(link, stream, reader.name, request);
        for (let message = await pull.next(); message; message = await pull.next()) {
          const { seq, consumerSeq } = parseDelivery(message);
          if (consumerSeq !== entries.length + 1) throw new NoAnswer("a message got lost");
          entries.push(toEntry(message, seq));
        }
        await pull.close();
        if (pull.broken()) throw new NoAnswer("the reader is gone");
        if (entries.length === before) break; // purged or expired meanwhile
      }
      return entries;
    } finally {
      dropReader(link, stream, reader.name);
    }
  });
}

/** Messages under `filter` from `fromSeq` on, for ever; returns when `signal` is aborted. */
export async function* readLog(
  link: Link,
  stream: string,
  filter: string,
  fromSeq: number,
  signal: AbortSignal,
): AsyncGenerator<LogEntry> {
  let next = Math.max(1, fromSeq);
  while (!signal.aborted) {
    const name = await readerFrom(link, stream, filter, next, signal);
    if (name === null) return;
    try {
      for await (const entry of readReader(link, stream, name, signal)) {
        next = entry.seq + 1;
        yield entry;
        if (signal.aborted) return;
      }
    } finally {
      dropReader(link, stream, name);
    }
  }
}

/** Name of a new reader; null when `signal` was aborted first. */
async function readerFrom(
  link: Link,
  stream: string,
  filter: string,
  fromSeq: number,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const open = async () => openReader(link, stream, filter, { fromSeq });
    return (await link.call(`read ${filter}`, open, signal)).name;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** What one reader delivers, until it is gone, skips a message, or `signal` is aborted. */
async function* readReader(
  link: Link,
  stream: string,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<LogEntry> {
  let delivered = 0;
  while (!signal.aborted) {
    const request = { batch: pullMessages, expiresMs: 15_000, maxBytes: pullBytes };
    const pull = startPull(link, stream, name, request, signal);
    try {
      for (let message = await pull.next(); message; message = await pull.next()) {
        const { seq, consumerSeq } = parseDelivery(message);
        if (consumerSeq !== ++delivered) return;
        yield toEntry(message, seq);
      }
    } finally {
      await pull.close();
    }
    if (pull.broken()) return;
  }
}
