// Work queues: one stream and one durable pull consumer per role. A worker asks for one message at a time, when it has
// room for it: what a worker holds unseen would run out of its 15 s.

import { type Link, type Msg, NoAnswer, refusalCode } from "./nats-link.ts";
import { callerHeaders, parseDelivery, startPull } from "./nats-pull.ts";
import { ensureWork, type Storage, workConsumer, workStream } from "./nats-streams.ts";
import type { Queue, WorkMessage } from "./queue.ts";
import { workSubject } from "./queue-names.ts";
import { openSlots, type Slots } from "./work-slots.ts";

const ackTryMs = 2_000;

export type Work = Pick<Queue, "publishWork" | "takeWork" | "workDepth">;

/** The work queues on `link`; a role's queue is made when it is first used. */
export function openWork(link: Link, storage: Storage, ackWaitMs: number): Work {
  const ensured = new Set<string>();
  link.onReconnect(() => ensured.clear());
  const ensure = async (role: string) => {
    if (ensured.has(role)) return;
    await ensureWork(link, role, storage, ackWaitMs);
    ensured.add(role);
  };

  async function* takeWork(role: string, maxInFlight: number, signal: AbortSignal) {
    const slots = openSlots(maxInFlight);
    while (!signal.aborted) {
      await slots.free(signal);
      const message = await nextWork(role, signal);
      if (message === null) continue;
      yield toWork(link, role, message, slots, ackWaitMs);
    }
  }

  /** One message; null when there is none for now or `signal` is aborted. */
  const nextWork = async (role: string, signal: AbortSignal): Promise<Msg | null> => {
    try {
      await link.call(`open the queue of ${role}`, async () => ensure(role), signal);
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
    if (signal.aborted) return null;
    const request = { batch: 1, expiresMs: 15_000 };
    const pull = startPull(link, workStream(role), workConsumer, request, signal);
    const message = await pull.next();
    for (const late of await pull.close()) late.respond("-NAK");
    if (pull.broken()) ensured.delete(role);
    if (message !== null && signal.aborted) {
      message.respond("-NAK");
      return null;
    }
    return message;
  };

  return {
    takeWork,
    publishWork: async (role, run, task, data, headers) => {
      const subject = workSubject(role, run, task);
      return link.call(`queue ${subject}`, async () => {
        await ensure(role);
        try {
          await link.publish(subject, data, headers);
          return "queued";
        } catch (error) {
          if (isPresent(error)) return "present";
          throw error;
        }
      });
    },
    workDepth: async (role) =>
      link.call(`count the work of ${role}`, async () => {
        await ensure(role);
        return (await link.jsm.streams.info(workStream(role))).state.messages;
      }),
  };
}

/** 10077 is also what a full disk says: the text tells them apart. */
function isPresent(error: unknown): boolean {
  return refusalCode(error) === 10077 && /per subject/.test((error as Error).message);
}

function toWork(
  link: Link,
  role: string,
  message: Msg,
  slots: Slots,
  ackWaitMs: number,
): WorkMessage {
  const [run = "", task = ""] = message.subject.split(".").slice(3);
  const { deliveries, seq } = parseDelivery(message);
  const slot = slots.take(ackWaitMs);
  return {
    run,
    task,
    data: message.data,
    headers: callerHeaders(message.headers),
    deliveries,
    extend: () => {
      slot.extend();
      message.respond("+WPI");
    },
    ack: async () => {
      try {
        await link.call(`ack ${message.subject}`, async (attempt) => {
          if (attempt < 3) await link.request(message.reply ?? "", "+ACK", ackTryMs);
          else await removeBySeq(link, workStream(role), seq, message.subject);
        });
      } finally {
        slot.giveBack();
      }
    },
    release: (delayMs) => {
      slot.giveBack();
      message.respond(`-NAK ${JSON.stringify({ delay: Math.max(0, delayMs) * 1_000_000 })}`);
    },
  };
}

/**
 * A consumer that was put back by a crash to before our delivery does not answer our ack. Then the message is removed
 * by its sequence, if it is still the same one.
 */
async function removeBySeq(link: Link, stream: string, seq: number, subject: string) {
  const stored = await link.jsm.streams.getMessage(stream, { seq });
  if (stored === null || stored.subject !== subject) return;
  if (!(await link.jsm.streams.deleteMessage(stream, seq))) throw new NoAnswer("not removed");
}
