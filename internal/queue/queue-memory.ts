// The queue in memory, for unit tests of what uses it: the contract without a server. Leases expire by an injected clock;
// everything else is as immediate as it can be.
import { LostLease } from "../std/errors.ts";
import { openMemoryLog } from "./memory-log.ts";
import { openMemoryWork } from "./memory-work.ts";
import type { Headers, LedgerRecord, LogMessage, Queue } from "./queue.ts";
import {
  checkName,
  checkShard,
  checkSize,
  checkStateKey,
  crawledSubject,
  doneSubject,
  leaseSubject,
  linksSubject,
} from "./queue-names.ts";

/** `now`: milliseconds, for leases. `ackWaitMs`: how long a worker may be silent, in real time. */
export type MemoryQueueOptions = { now?: () => number; shards?: number; ackWaitMs?: number };

type Held = { holder: string; token: number; revision: number; endsMs: number };

/** A queue of its own; share the object to share the queue. */
export function openMemoryQueue(options: MemoryQueueOptions = {}): Queue {
  const now = options.now ?? Date.now;
  const shards = options.shards ?? 256;
  const links = openMemoryLog<LogMessage>();
  const crawled = openMemoryLog<LogMessage>();
  const done = openMemoryLog<LedgerRecord>();
  const winners = new Map<string, LedgerRecord>();
  const state = new Map<string, { value: Uint8Array; endsMs: number }>();
  const held = new Map<string, Held>();
  const { purge: purgeWork, ...work } = openMemoryWork(options.ackWaitMs ?? 15_000);
  let revisions = 0;

  const current = (key: string): Held | null => {
    leaseSubject(key);
    const lease = held.get(key);
    return lease !== undefined && lease.endsMs > now() ? lease : null;
  };
  const appendTo = (
    log: typeof links,
    run: string,
    shard: number,
    data: Uint8Array,
    headers: Headers,
  ) => {
    checkShard(shard, shards);
    checkSize(`message for shard ${shard}`, data);
    return log.append((seq) => ({ run, shard, data: data.slice(), headers: { ...headers }, seq }));
  };

  return {
    ...work,
    commit: async (run, stage, task, data) => {
      const subject = doneSubject(run, stage, task);
      checkSize(`record of "${task}"`, data);
      const winner = winners.get(subject);
      if (winner !== undefined) return { first: false, record: winner };
      const record = { run, stage, task, data: data.slice(), seq: 0 };
      record.seq = done.append((seq) => Object.assign(record, { seq }));
      winners.set(subject, record);
      return { first: true, record };
    },
    readLedger: async (run, stage, task) => winners.get(doneSubject(run, stage, task)) ?? null,
    watchLedger: (run, signal) => {
      checkName("run", run);
      return done.read((record) => record.run === run, 1, signal);
    },

    acquire: async (key, holder, ttlMs) => {
      const lease = current(key);
      if (lease !== null && lease.holder !== holder) return null;
      const revision = ++revisions;
      held.set(key, { holder, token: revision, revision, endsMs: now() + ttlMs });
      return { key, holder, token: revision, revision };
    },
    renew: async (lease, ttlMs) => {
      const mine = current(lease.key);
      if (mine?.token !== lease.token)
        throw new LostLease(`renew lease "${lease.key}": it is lost`);
      mine.revision = ++revisions;
      mine.endsMs = now() + ttlMs;
      return { ...lease, revision: mine.revision };
    },
    release: async (lease) => {
      if (current(lease.key)?.token === lease.token) held.delete(lease.key);
    },
    leases: async (prefix) =>
      [...held.keys()].flatMap((key) => {
        const lease = key.startsWith(prefix) ? current(key) : null;
        return lease === null ? [] : [{ key, holder: lease.holder }];
      }),

    appendLinks: async (run, shard, data, headers) => {
      linksSubject(run, shard);
      return appendTo(links, run, shard, data, headers);
    },
    readLinks: (run, shard, fromSeq, signal) => {
      linksSubject(run, shard);
      checkShard(shard, shards);
      return links.read((link) => link.run === run && link.shard === shard, fromSeq, signal);
    },
    trimLinks: async (run, shard, seq) => {
      linksSubject(run, shard);
      checkShard(shard, shards);
      links.remove((link) => link.run === run && link.shard === shard && link.seq < seq);
    },
    lastLinks: async (run) => {
      checkName("run", run);
      const mine = links.all().filter((link) => link.run === run);
      return new Map(mine.map((link) => [link.shard, link.seq]));
    },

    appendCrawled: async (run, shard, data, lease, headers) => {
      const subject = crawledSubject(run, shard);
      if (current(lease.key)?.token !== lease.token) {
        throw new LostLease(`append to ${subject}: the lease "${lease.key}" is lost`);
      }
      return appendTo(crawled, run, shard, data, headers);
    },
    readCrawled: async (run, shard, fromSeq = 1) => {
      crawledSubject(run, shard);
      checkShard(shard, shards);
      return crawled
        .all()
        .filter((record) => record.run === run && record.shard === shard && record.seq >= fromSeq);
    },
    lastCrawled: async (run, shard) => {
      crawledSubject(run, shard);
      checkShard(shard, shards);
      const mine = crawled.all().filter((each) => each.run === run && each.shard === shard);
      return mine.at(-1) ?? null;
    },
    watchCrawled: (run, signal) => {
      crawledSubject(run, "*");
      return crawled.read((record) => record.run === run, 1, signal);
    },

    putState: async (key, value, ttlMs = Number.POSITIVE_INFINITY) => {
      checkSize(`state "${key}"`, value);
      state.set(checkStateKey(key), { value: value.slice(), endsMs: now() + ttlMs });
    },
    getState: async (key) => {
      const entry = state.get(checkStateKey(key));
      return entry !== undefined && entry.endsMs > now() ? entry.value : null;
    },
    changeState: async (key, change, ttlMs = Number.POSITIVE_INFINITY) => {
      const entry = state.get(checkStateKey(key));
      const value = change(entry !== undefined && entry.endsMs > now() ? entry.value : null);
      if (value === null) return;
      checkSize(`state "${key}"`, value);
      state.set(key, { value: value.slice(), endsMs: now() + ttlMs });
    },
    deleteState: async (key) => {
      state.delete(checkStateKey(key));
    },
    listState: async (prefix) =>
      new Map(
        [...state]
          .filter(([key, { endsMs }]) => key.startsWith(prefix) && endsMs > now())
          .map(([key, { value }]) => [key, value]),
      ),

    purgeRun: async (run) => {
      checkName("run", run);
      purgeWork(run);
      for (const log of [links, crawled]) log.remove((message) => message.run === run);
      done.remove((record) => record.run === run);
      for (const key of state.keys()) if (key.startsWith(`of-run/${run}/`)) state.delete(key);
      for (const [subject, record] of winners) if (record.run === run) winners.delete(subject);
    },
    close: async () => {},
  };
}
