// Leases: the last message of `onpoint.lease.<key>`, which the server removes when its TTL is over, and the writes that
// it fences.
//
// States of a lease: free (no message) -> held (a message with a token) -> renewed (a newer message, same token) ->
// free (expired, or released by purging up to our revision). Every change is a compare-and-swap on the last sequence of
// the subject. The token is the sequence of the acquiring message: a stream never gives one out twice.
//
// A renewal rolls up its subject (Nats-Rollup), so that a longer TTL given before never outlives a shorter one given
// since. Renewals and fenced writes of one lease take turns: each expects the sequence that the other would change.
import { LostLease } from "../std/errors.ts";
import { isConflict, type Link, NoAnswer, type PublishAck } from "./nats-link.ts";
import { readNow } from "./nats-log.ts";
import { shardsStream } from "./nats-streams.ts";
import type { Lease, Queue } from "./queue.ts";
import { crawledSubject, leaseKeyOf, leaseSubject } from "./queue-names.ts";

/** What a lease's message says. `token` is 0 in the message that acquires it: its own sequence is the token. */
type LeaseRecord = { holder: string; token: number; attempt: string };
type Held = LeaseRecord & { seq: number };

export type Leases = Pick<Queue, "acquire" | "renew" | "release" | "leases" | "appendCrawled">;

const parseRecord = (data: Uint8Array, seq: number): Held => {
  const record = JSON.parse(Buffer.from(data).toString("utf8")) as LeaseRecord;
  return { ...record, token: record.token || seq, seq };
};

/** Message TTLs are whole seconds (facts: nats.md, section 2). */
export const ttlHeader = (ttlMs: number) => `${Math.max(1, Math.ceil(ttlMs / 1000))}s`;

/** The leases of one connection. It remembers the newest revision of each lease that it has taken or renewed. */
export function openLeases(link: Link): Leases {
  const newest = new Map<string, { token: number; revision: number }>();
  const turns = new Map<string, Promise<unknown>>();

  const inTurn = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const mine = (turns.get(key) ?? Promise.resolve()).then(work);
    const settled = mine.catch(() => {});
    turns.set(key, settled);
    try {
      return await mine;
    } finally {
      if (turns.get(key) === settled) turns.delete(key);
    }
  };

  const current = async (key: string): Promise<Held | null> => {
    const query = { last_by_subj: leaseSubject(key) };
    const stored = await link.jsm.streams.getMessage(shardsStream, query);
    return stored === null ? null : parseRecord(stored.data, stored.seq);
  };

  const write = async (key: string, record: LeaseRecord, ttlMs: number, expectedSeq: number) =>
    link.publish(leaseSubject(key), Buffer.from(JSON.stringify(record)), {
      "Nats-TTL": ttlHeader(ttlMs),
      "Nats-Rollup": "sub",
      "Nats-Expected-Last-Subject-Sequence": String(expectedSeq),
    });

  const keep = (key: string, holder: string, token: number, revision: number): Lease => {
    newest.set(key, { token, revision });
    return { key, holder, token, revision };
  };

  const revisionOf = (lease: Lease) => {
    const known = newest.get(lease.key);
    return known?.token === lease.token ? known.revision : lease.revision;
  };

  /**
   * Runs a write that expects the lease's newest revision. After a conflict the lease's message decides: with our token
   * it was our own hand (a try whose answer got lost), so we go on behind it; otherwise `stored` may still find that
   * the write was accepted before the lease went, and else it is lost.
   */
  const underLease = async (
    lease: Lease,
    what: string,
    once: (revision: number) => Promise<PublishAck>,
    stored: (attempt: number) => Promise<number | null>,
  ): Promise<number> =>
    link.call(what, async (attempt) => {
      try {
        return (await once(revisionOf(lease))).seq;
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
      const now = await current(lease.key);
      if (now?.token === lease.token) {
        keep(lease.key, lease.holder, lease.token, now.seq);
        throw new NoAnswer("the lease was renewed meanwhile");
      }
      const seq = await stored(attempt);
      if (seq !== null) return seq;
      const owner = now === null ? "nobody" : `"${now.holder}"`;
      throw new LostLease(
        `${what}: the lease "${lease.key}" of "${lease.holder}" is lost, ${owner} has it`,
      );
    });

  return {
    acquire: async (key, holder, ttlMs) => {
      const attempt = crypto.randomUUID();
      const take = async (): Promise<Lease | null> => {
        const now = await current(key);
        if (now?.attempt === attempt) return keep(key, holder, now.token, now.seq);
        if (now !== null && now.holder !== holder) return null;
        try {
          const ack = await write(key, { holder, token: 0, attempt }, ttlMs, now?.seq ?? 0);
          return keep(key, holder, ack.seq, ack.seq);
        } catch (error) {
          if (!isConflict(error)) throw error;
          throw new NoAnswer("another one was at it", { cause: error });
        }
      };
      return inTurn(key, async () => link.call(`acquire lease "${key}"`, take));
    },

    renew: async (lease, ttlMs) =>
      inTurn(lease.key, async () => {
        const record = { holder: lease.holder, token: lease.token, attempt: "" };
        const revision = await underLease(
          lease,
          `renew lease "${lease.key}"`,
          async (expected) => write(lease.key, record, ttlMs, expected),
          async () => null,
        );
        return keep(lease.key, lease.holder, lease.token, revision);
      }),

    release: async (lease) =>
      inTurn(lease.key, async () => {
        await link.call(`release lease "${lease.key}"`, async () => {
          const now = await current(lease.key);
          if (now?.token !== lease.token) return;
          // Removes nothing that came after what we have just seen.
          const ours = { filter: leaseSubject(lease.key), seq: now.seq + 1 };
          await link.jsm.streams.purge(shardsStream, ours);
        });
      }),

    leases: async (prefix) => {
      const stored = await readNow(link, shardsStream, "onpoint.lease.>", { lastPerSubject: true });
      const found = stored.map((entry) => {
        const { holder } = parseRecord(entry.data, entry.seq);
        return { key: leaseKeyOf(entry.subject), holder };
      });
      return found.filter((lease) => lease.key.startsWith(prefix));
    },

    appendCrawled: async (run, shard, data, lease, headers) => {
      const subject = crawledSubject(run, shard);
      const id = crypto.randomUUID();
      const append = async (revision: number) =>
        link.publish(subject, data, {
          ...headers,
          "Nats-Msg-Id": id,
          "Nats-Expected-Last-Subject-Sequence": String(revision),
          "Nats-Expected-Last-Subject-Sequence-Subject": leaseSubject(lease.key),
        });
      // The server checks the expected sequence before it looks for a duplicate, so a repeat of a stored first try is
      // refused as soon as the lease has moved.
      const stored = async (attempt: number) =>
        attempt === 1 ? null : findById(link, subject, lease.token, id);
      return inTurn(lease.key, async () =>
        underLease(lease, `append to ${subject}`, append, stored),
      );
    },
  };
}

/** Sequence of the message with this `Nats-Msg-Id` on `subject` behind `afterSeq`, or null. */
async function findById(link: Link, subject: string, afterSeq: number, id: string) {
  for (let seq = afterSeq + 1; ; ) {
    const query = { seq, next_by_subj: subject };
    const stored = await link.jsm.streams.getMessage(shardsStream, query);
    if (stored === null) return null;
    if (stored.header?.get("Nats-Msg-Id") === id) return stored.seq;
    seq = stored.seq + 1;
  }
}
