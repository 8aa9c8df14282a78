// One pull request to a JetStream consumer, as a small queue that ends. Ours instead of the client's `consume`, because
// that one reads ahead of what the caller can hold, and drops what it had read when it is stopped.
import type { Link, Msg, MsgHdrs, Subscription } from "./nats-link.ts";
import type { Headers } from "./queue.ts";

/** `noWait`: only what is there now. `maxBytes`: of all messages together. */
export type PullRequest = {
  batch: number;
  expiresMs: number;
  noWait?: boolean;
  maxBytes?: number;
};

export type Pull = {
  /** The next message; null when the request is over. */
  next(): Promise<Msg | null>;
  /** The request ended because the consumer, or the connection to it, is gone. */
  broken(): boolean;
  /** Ends it; gives what came but was not taken. */
  close(): Promise<Msg[]>;
};

/** What is known of a delivery from its reply subject (`$JS.ACK...`; ADR-15 of the NATS project). */
export type Delivery = { deliveries: number; seq: number; consumerSeq: number };

/** Parses the reply subject of a delivered message, in both of its forms (9 tokens, or 11 and more). */
export function parseDelivery(message: Msg): Delivery {
  const tokens = (message.reply ?? "").split(".");
  const at = tokens.length >= 11 ? 6 : 4;
  const [deliveries, seq, consumerSeq] = tokens.slice(at, at + 3).map(Number);
  return { deliveries: deliveries ?? 0, seq: seq ?? 0, consumerSeq: consumerSeq ?? 0 };
}

/** The caller's own headers of a message. */
export function callerHeaders(headers: MsgHdrs | undefined): Headers {
  const found: Headers = {};
  for (const name of headers?.keys() ?? []) {
    if (!/^(nats|onpoint)-/i.test(name)) found[name] = headers?.get(name) ?? "";
  }
  return found;
}

/** Asks `consumer` for messages. The request ends when it is filled, expires, or `signal` is aborted. */
export function startPull(
  link: Link,
  stream: string,
  consumer: string,
  request: PullRequest,
  signal?: AbortSignal,
): Pull {
  const buffer: Msg[] = [];
  let left = request.batch;
  let ended = false;
  let broken = false;
  let wake: () => void = () => {};

  const end = (isBroken: boolean) => {
    if (!ended) broken = isBroken;
    ended = true;
    clearTimeout(timer);
    forgetLost();
    signal?.removeEventListener("abort", onAbort);
    wake();
  };
  let forgetLost = () => {};
  const onAbort = () => end(false);
  const timer = setTimeout(() => end(true), request.expiresMs + 5_000);
  const inbox = `${pullInbox(link)}.${++lastPull}`;
  const subscription = link.nc.subscribe(inbox, {
    callback: (error, message) => {
      const code = message.headers?.code ?? 0;
      if (error !== null) end(true);
      else if (code >= 400) end(isBroken(code, message.headers?.description ?? ""));
      else if (code === 0) {
        buffer.push(message);
        if (--left === 0) end(false);
        wake();
      }
    },
  });
  signal?.addEventListener("abort", onAbort);
  if (signal?.aborted) end(false);
  forgetLost = link.onLost(() => end(true));
  if (!ended) {
    const body = {
      batch: request.batch,
      ...(request.noWait ? { no_wait: true } : { expires: request.expiresMs * 1_000_000 }),
      ...(request.maxBytes === undefined ? {} : { max_bytes: request.maxBytes }),
    };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    link.nc.publish(subject, JSON.stringify(body), { reply: inbox });
  }

  return {
    broken: () => broken,
    next: async () => {
      while (buffer.length === 0 && !ended) {
        const change = Promise.withResolvers<void>();
        wake = change.resolve;
        await change.promise;
      }
      return buffer.shift() ?? null;
    },
    close: async () => {
      const filled = left <= 0;
      end(false);
      // What the server sent before it heard of our leaving is still on its way.
      if (filled || broken) subscription.unsubscribe();
      else await drained(link, subscription);
      return buffer.splice(0);
    },
  };
}

/** Resolves when the server has sent the last of what it will send; never later than the end of the connection. */
async function drained(link: Link, subscription: Subscription): Promise<void> {
  const done = Promise.withResolvers<void>();
  const forget = link.onLost(done.resolve);
  subscription.drain().then(done.resolve, () => done.resolve());
  await done.promise;
  forget();
}

let lastPull = 0;
const inboxes = new WeakMap<Link, string>();

function pullInbox(link: Link): string {
  let inbox = inboxes.get(link);
  if (inbox === undefined) {
    inbox = `_INBOX.pull${crypto.randomUUID().replaceAll("-", "")}`;
    inboxes.set(link, inbox);
  }
  return inbox;
}

/** A full byte budget also ends with a 409: the consumer is well. */
function isBroken(code: number, description: string): boolean {
  if (code === 404 || code === 408) return false;
  return !(code === 409 && /maxbytes|batch completed/i.test(description));
}
