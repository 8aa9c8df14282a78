// The queue on a real NATS server: puts the parts together and holds the ledger, the frontier log and the small state,
// which are a few lines each.
import { openLeases, ttlHeader } from "./nats-leases.ts";
import { isConflict, type Link, NoAnswer, openLink } from "./nats-link.ts";
import { type LogEntry, readLog, readNow } from "./nats-log.ts";
import { callerHeaders } from "./nats-pull.ts";
import {
  doneStream,
  ensureStreams,
  frontierStream,
  type Storage,
  shardsStream,
  stateStream,
} from "./nats-streams.ts";
import { openWork } from "./nats-work.ts";
import type { LedgerRecord, LogMessage, Queue } from "./queue.ts";
import {
  checkName,
  checkShard,
  checkSize,
  crawledSubject,
  doneSubject,
  linksSubject,
  stateFilter,
  stateKeyOf,
  stateSubject,
} from "./queue-names.ts";

const workerSilenceMs = 15_000;
const tryHeader = "Onpoint-Try";

/**
 * `name` is shown by the server's tools. `shards`: how many there are in the whole installation. `ackWaitMs`: how long
 * a worker may be silent (15 s; shorter in tests).
 */
export type NatsQueueOptions = {
  url: string;
  name: string;
  shards: number;
  token?: string | null;
  storage?: Storage;
  ackWaitMs?: number;
};

/**
 * Connects (60 s at most) and makes the streams that are missing. Throws UsageError for a server older than 2.14,
 * without JetStream, refusing the token, or made for another number of shards; Fatal when there is none.
 */
export async function openNatsQueue(options: NatsQueueOptions): Promise<Queue> {
  const storage = options.storage ?? "file";
  const link = await openLink(options.url, options.name, options.token ?? null);
  const ensure = async () =>
    link.call("make the streams", async () => {
      await ensureStreams(link, options.shards, storage);
    });
  try {
    await ensure();
  } catch (error) {
    await link.close();
    throw error;
  }
  // A server may come back without its disk. What goes wrong here comes up again in the calls that need the streams.
  link.onReconnect(() => void ensure().catch(() => {}));
  const { publishWork, takeWork, workDepth } = openWork(
    link,
    storage,
    options.ackWaitMs ?? workerSilenceMs,
  );
  const { appendCrawled, ...leases } = openLeases(link);

  return {
    ...leases,
    ...ledgerOn(link),
    ...stateOn(link),
    takeWork,
    workDepth,
    publishWork: async (role, run, task, data, headers) => {
      checkSize(`task "${task}"`, data);
      return publishWork(role, run, task, data, headers);
    },
    appendLinks: async (run, shard, data, headers) => {
      checkShard(shard, options.shards);
      checkSize(`links for shard ${shard}`, data);
      const subject = linksSubject(run, shard);
      const append = async () => link.publish(subject, data, headers);
      return (await link.call(`append to ${subject}`, append)).seq;
    },
    readLinks: (run, shard, fromSeq, signal) => {
      checkShard(shard, options.shards);
      return logMessages(link, frontierStream, linksSubject(run, shard), fromSeq, signal);
    },
    trimLinks: async (run, shard, seq) => {
      checkShard(shard, options.shards);
      // The server takes 0 for "all".
      if (seq < 1) return;
      const filter = linksSubject(run, shard);
      // The server removes what is before `seq`, not what is at it.
      const purge = async () => link.jsm.streams.purge(frontierStream, { filter, seq });
      await link.call(`trim ${filter}`, purge);
    },
    lastLinks: async (run) => {
      const only = { lastPerSubject: true, headersOnly: true };
      const last = await readNow(link, frontierStream, linksSubject(run, "*"), only);
      return new Map(last.map((entry) => [toLogMessage(entry).shard, entry.seq]));
    },
    appendCrawled: async (run, shard, data, lease, headers) => {
      checkShard(shard, options.shards);
      checkSize(`record of shard ${shard}`, data);
      return appendCrawled(run, shard, data, lease, headers);
    },
    readCrawled: async (run, shard, fromSeq = 1) => {
      checkShard(shard, options.shards);
      const subject = crawledSubject(run, shard);
      return (await readNow(link, shardsStream, subject, { fromSeq })).map(toLogMessage);
    },
    lastCrawled: async (run, shard) => {
      checkShard(shard, options.shards);
      const subject = crawledSubject(run, shard);
      const query = { last_by_subj: subject };
      const read = async () => link.jsm.streams.getMessage(shardsStream, query);
      const stored = await link.call(`read the end of ${subject}`, read);
      if (stored === null) return null;
      const { seq, data, header } = stored;
      return { run, shard, seq, data, headers: callerHeaders(header) };
    },
    watchCrawled: (run, signal) =>
      logMessages(link, shardsStream, crawledSubject(run, "*"), 1, signal),
    purgeRun: async (run) => purgeRun(link, run),
    close: async () => link.close(),
  };
}

/** `onpoint.<kind>.<run>.<shard>`. */
function toLogMessage(entry: LogEntry): LogMessage {
  const [run = "", shard = ""] = entry.subject.split(".").slice(2);
  const { data, headers, seq } = entry;
  return { run, shard: Number(shard), data, headers, seq };
}

async function* logMessages(
  link: Link,
  stream: string,
  filter: string,
  fromSeq: number,
  signal: AbortSignal,
) {
  for await (const entry of readLog(link, stream, filter, fromSeq, signal)) {
    yield toLogMessage(entry);
  }
}

function ledgerOn(link: Link): Pick<Queue, "commit" | "readLedger" | "watchLedger"> {
  const lastOn = async (subject: string) =>
    link.jsm.streams.getMessage(doneStream, { last_by_subj: subject });

  return {
    commit: async (run, stage, task, data) => {
      checkSize(`record of "${task}"`, data);
      const subject = doneSubject(run, stage, task);
      const id = crypto.randomUUID();
      return link.call(`commit ${subject}`, async () => {
        try {
          const expected = { "Nats-Expected-Last-Subject-Sequence": "0", [tryHeader]: id };
          const { seq } = await link.publish(subject, data, expected);
          return { first: true, record: { run, stage, task, data, seq } };
        } catch (error) {
          if (!isConflict(error)) throw error;
        }
        const winner = await lastOn(subject);
        if (winner === null) throw new NoAnswer("the winning record is not to be seen yet");
        // An earlier try of ours may have won and its answer got lost.
        const first = winner.header?.get(tryHeader) === id;
        return { first, record: { run, stage, task, data: winner.data, seq: winner.seq } };
      });
    },
    readLedger: async (run, stage, task) => {
      const subject = doneSubject(run, stage, task);
      const stored = await link.call(`read ${subject}`, async () => lastOn(subject));
      return stored && { run, stage, task, data: stored.data, seq: stored.seq };
    },
    watchLedger: async function* (run, signal) {
      const filter = `onpoint.done.${checkName("run", run)}.*.*`;
      for await (const entry of readLog(link, doneStream, filter, 1, signal)) {
        yield toLedgerRecord(entry);
      }
    },
  };
}

function toLedgerRecord(entry: LogEntry): LedgerRecord {
  const [run = "", stage = "", task = ""] = entry.subject.split(".").slice(2);
  return { run, stage, task, data: entry.data, seq: entry.seq };
}

type SmallState = Pick<
  Queue,
  "putState" | "getState" | "changeState" | "deleteState" | "listState"
>;

function stateOn(link: Link): SmallState {
  return {
    putState: async (key, value, ttlMs) => {
      checkSize(`state "${key}"`, value);
      const subject = stateSubject(key);
      // The id keeps a late copy of a repeated write from undoing a later one.
      const id = { "Nats-Msg-Id": crypto.randomUUID() };
      const headers = ttlMs === undefined ? id : { ...id, "Nats-TTL": ttlHeader(ttlMs) };
      await link.call(`write ${subject}`, async () => link.publish(subject, value, headers));
    },
    getState: async (key) => {
      const query = { last_by_subj: stateSubject(key) };
      const read = async () => link.jsm.streams.getMessage(stateStream, query);
      return (await link.call(`read state "${key}"`, read))?.data ?? null;
    },
    changeState: async (key, change, ttlMs) => {
      const subject = stateSubject(key);
      await link.call(`change state "${key}"`, async () => {
        const stored = await link.jsm.streams.getMessage(stateStream, { last_by_subj: subject });
        const value = change(stored?.data ?? null);
        if (value === null) return;
        checkSize(`state "${key}"`, value);
        const expected = { "Nats-Expected-Last-Subject-Sequence": String(stored?.seq ?? 0) };
        const headers =
          ttlMs === undefined ? expected : { ...expected, "Nats-TTL": ttlHeader(ttlMs) };
        try {
          await link.publish(subject, value, headers);
        } catch (error) {
          if (!isConflict(error)) throw error;
          throw new NoAnswer("another one was at it", { cause: error });
        }
      });
    },
    deleteState: async (key) => {
      const filter = stateSubject(key);
      const purge = async () => link.jsm.streams.purge(stateStream, { filter });
      await link.call(`delete state "${key}"`, purge);
    },
    listState: async (prefix) => {
      const entries = await readNow(link, stateStream, stateFilter(prefix));
      const found = entries.map((entry) => [stateKeyOf(entry.subject), entry.data] as const);
      return new Map(found.filter(([key]) => key.startsWith(prefix)));
    },
  };
}

async function purgeRun(link: Link, run: string): Promise<void> {
  const name = checkName("run", run);
  await link.call(`purge run "${run}"`, async () => {
    for await (const stream of link.jsm.streams.names("onpoint.work.>")) {
      await link.jsm.streams.purge(stream, { filter: `onpoint.work.*.${name}.>` });
    }
    await link.jsm.streams.purge(doneStream, { filter: `onpoint.done.${name}.>` });
    await link.jsm.streams.purge(frontierStream, { filter: `onpoint.frontier.${name}.*` });
    await link.jsm.streams.purge(shardsStream, { filter: `onpoint.crawled.${name}.*` });
    await link.jsm.streams.purge(stateStream, { filter: `onpoint.state.of-run.${name}.>` });
  });
}
