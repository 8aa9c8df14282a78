// The connection to the NATS server: it reconnects for ever, repeats calls until the server is back, and publishes with
// its own acker (the client's `publish` costs ten times the CPU; facts: nats.md, section 5).
import { JetStreamApiError, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import {
  AuthorizationError,
  connect,
  createInbox,
  headers as emptyHeaders,
  errors,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  RequestError,
  type Subscription,
} from "@nats-io/transport-node";
import {
  describeError,
  Fatal,
  LostLease,
  Permanent,
  RetryLater,
  UsageError,
} from "../std/errors.ts";

export type { JetStreamManager, Msg, MsgHdrs, NatsConnection, Subscription };

const giveUpMs = 60_000;
const tryMs = 5_000;
const oldestServer = [2, 14] as const;

/** The server did not answer, or not yet finally: trying again is right. */
export class NoAnswer extends Error {
  override name = "NoAnswer";
}

export type PublishAck = { seq: number; duplicate: boolean };

export type Link = {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  /** Calls `listener` once, when the present connection is lost (at once when it is); the answer takes it back. */
  onLost(listener: () => void): () => void;
  /**
   * Runs `once` (with 1, 2, ... for the attempt) until it settles with anything but a passing fault. A second attempt
   * may follow a first one that did its work. Goes on until `signal` is aborted, or for 60 s without one.
   * Throws RetryLater after that, Fatal on a refusal by the server.
   */
  call<T>(what: string, once: (attempt: number) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** One attempt to append to the stream that owns `subject`. Throws NoAnswer or the server's refusal. */
  publish(subject: string, data: Uint8Array, headers: Record<string, string>): Promise<PublishAck>;
  /** One attempt of a request; it fails after `timeoutMs`. */
  request(subject: string, data: string, timeoutMs: number): Promise<Msg>;
  /** Called after every reconnect. */
  onReconnect(listener: () => void): void;
  close(): Promise<void>;
};

/** JetStream's error code of a refusal by the server (`err_code`), 0 for any other error. */
export function refusalCode(error: unknown): number {
  return error instanceof JetStreamApiError ? error.code : 0;
}

/** Whether the server refused a write because the last sequence was not the expected one. */
export function isConflict(error: unknown): boolean {
  return refusalCode(error) === 10071 || refusalCode(error) === 10164;
}

function isPassing(error: unknown): boolean {
  if (error instanceof NoAnswer || error instanceof RequestError) return true;
  if (error instanceof errors.TimeoutError || error instanceof errors.NoRespondersError)
    return true;
  if (error instanceof errors.ConnectionError) return true;
  // "JetStream is not enabled" stands for "no responders": the server is starting.
  if (error instanceof Error && error.cause instanceof RequestError) return true;
  if (!(error instanceof JetStreamApiError)) return false;
  const streamNotFound = error.code === 10059;
  return streamNotFound || (error.status === 503 && error.code !== 10077);
}

/** What the caller of {@link Link.call} gets for the error of the last attempt. */
function finalError(what: string, error: unknown, closed: boolean): Error {
  if (closed) return new Fatal(`${what}: the queue is closed`, { cause: error });
  if (isPassing(error)) {
    return new RetryLater(`${what}: no answer for ${giveUpMs / 1000} s`, tryMs, { cause: error });
  }
  const isOurs = [Permanent, LostLease, Fatal, UsageError].some((kind) => error instanceof kind);
  if (isOurs) return error as Error;
  return new Fatal(`${what}: ${describeError(error)}`, { cause: error });
}

function refusedCredentials(url: string, cause: unknown): UsageError {
  const fix = "Give the token that the server was started with.";
  return new UsageError("nats-server refused our credentials", url, fix, { cause });
}

/** `url` without a user, password or token in it. */
function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}

/** Throws UsageError when the server is older than 2.14 or has no JetStream. */
function checkServer(nc: NatsConnection, url: string): void {
  const version = nc.info?.version ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [needMajor, needMinor] = oldestServer;
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    throw new UsageError(
      `nats-server is version ${version || "unknown"}, onpoint needs ${needMajor}.${needMinor} or newer`,
      url,
      "Upgrade it: `make tools` on a laptop; on Kubernetes set the image of NATS to nats:2.14 or newer.",
    );
  }
  if (nc.info?.jetstream !== true) {
    throw new UsageError("nats-server runs without JetStream", url, "Start it with `-js`.");
  }
}

async function connectInTime(url: string, name: string, token: string | null) {
  const shown = withoutSecrets(url);
  const deadline = Date.now() + giveUpMs;
  for (;;) {
    try {
      return await connect({
        servers: url,
        name,
        ...(token === null ? {} : { token }),
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        reconnectJitter: 250,
        pingInterval: 10_000,
        ignoreAuthErrorAbort: true,
        noAsyncTraces: true,
        timeout: tryMs,
      });
    } catch (error) {
      if (error instanceof AuthorizationError) throw refusedCredentials(shown, error);
      if (Date.now() > deadline) {
        const text = `connect to the queue at ${shown}: no answer in ${giveUpMs / 1000} s`;
        throw new Fatal(text, { cause: error });
      }
      await pause(500);
    }
  }
}

const pause = (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs));

/**
 * Connects, waiting up to 60 s for a server that is starting. Throws UsageError for a server too old, without JetStream,
 * or that refuses the token; Fatal when there is none.
 */
export async function openLink(url: string, name: string, token: string | null): Promise<Link> {
  const nc = await connectInTime(url, name, token);
  const shown = withoutSecrets(url);
  try {
    checkServer(nc, shown);
  } catch (error) {
    await nc.close();
    throw error;
  }
  const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: tryMs });
  const reconnected: (() => void)[] = [];
  let closed = false;
  let isUp = true;
  const lostListeners = new Set<() => void>();
  let up = Promise.withResolvers<void>();
  up.resolve();

  const acker = startAcker(nc);
  const lose = () => {
    isUp = false;
    acker.lost();
    const listeners = [...lostListeners];
    lostListeners.clear();
    for (const listener of listeners) listener();
  };
  const onLost = (listener: () => void) => {
    if (isUp) lostListeners.add(listener);
    else listener();
    return () => {
      lostListeners.delete(listener);
    };
  };
  const watchStatus = async () => {
    for await (const status of nc.status()) {
      if (status.type === "disconnect") {
        if (isUp) up = Promise.withResolvers();
        lose();
      } else if (status.type === "reconnect") {
        isUp = true;
        up.resolve();
        for (const listener of reconnected) listener();
      }
    }
  };
  void watchStatus();
  void nc.closed().then(() => {
    closed = true;
    lose();
    up.resolve();
    acker.stop();
  });

  const unlessLost = async <T>(work: Promise<T>): Promise<T> => {
    const result = Promise.withResolvers<T>();
    const forget = onLost(() => result.reject(new NoAnswer("the connection was lost")));
    work.then(result.resolve, result.reject);
    try {
      return await result.promise;
    } finally {
      forget();
    }
  };

  const call = async <T>(
    what: string,
    once: (attempt: number) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> => {
    const deadline = Date.now() + giveUpMs;
    for (let attempt = 1; ; attempt++) {
      await online(up.promise, deadline, signal);
      if (closed) throw new Fatal(`${what}: the queue is closed`);
      signal?.throwIfAborted();
      try {
        return await unlessLost(once(attempt));
      } catch (error) {
        const isLate = signal === undefined && Date.now() > deadline;
        if (closed || signal?.aborted || isLate || !isPassing(error)) {
          throw finalError(`${what} (queue at ${shown})`, error, closed);
        }
      }
      await pause(Math.min(1_000, 20 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random()));
    }
  };

  return {
    nc,
    jsm,
    onLost,
    call,
    publish: acker.publish,
    request: async (subject, data, timeoutMs) => nc.request(subject, data, { timeout: timeoutMs }),
    onReconnect: (listener) => reconnected.push(listener),
    close: async () => {
      closed = true;
      await nc.close();
    },
  };
}

/** Waits for `up`, `deadline` or `signal`, whichever is first. */
async function online(up: Promise<void>, deadline: number, signal?: AbortSignal): Promise<void> {
  const end = Promise.withResolvers<void>();
  const timer =
    signal === undefined ? setTimeout(end.resolve, Math.max(0, deadline - Date.now())) : undefined;
  const onAbort = () => end.resolve();
  signal?.addEventListener("abort", onAbort);
  if (signal?.aborted) end.resolve();
  await Promise.race([up, end.promise]);
  clearTimeout(timer);
  signal?.removeEventListener("abort", onAbort);
}

/** Headers as the client wants them. */
function toHeaders(record: Record<string, string>): MsgHdrs {
  const headers = emptyHeaders();
  for (const [name, value] of Object.entries(record)) headers.set(name, value);
  return headers;
}

type Waiting = { sentMs: number; resolve(ack: PublishAck): void; reject(error: Error): void };

/** Pipelined publishing: one inbox, one map of what is unanswered, one timer. */
function startAcker(nc: NatsConnection) {
  const inbox = createInbox();
  const waiting = new Map<string, Waiting>();
  let last = 0;
  const settle = (_error: Error | null, message: Msg) => {
    const id = message.subject.slice(inbox.length + 1);
    const one = waiting.get(id);
    if (one === undefined) return;
    waiting.delete(id);
    if (message.headers?.code === 503) return one.reject(new NoAnswer("no stream answers"));
    const ack = message.json<{ seq: number; duplicate?: boolean; error?: ApiFault }>();
    if (ack.error) one.reject(new JetStreamApiError(ack.error));
    else one.resolve({ seq: ack.seq, duplicate: ack.duplicate === true });
  };
  nc.subscribe(`${inbox}.*`, { callback: settle });
  const rejectSentBefore = (ms: number, why: string) => {
    for (const [id, one] of waiting) {
      if (one.sentMs > ms) return; // a Map is in order of insertion
      waiting.delete(id);
      one.reject(new NoAnswer(why));
    }
  };
  const timer = setInterval(() => rejectSentBefore(performance.now() - tryMs, "no answer"), 1_000);
  timer.unref();
  const lost = () => rejectSentBefore(Number.POSITIVE_INFINITY, "the connection was lost");
  return {
    lost,
    stop: () => {
      clearInterval(timer);
      lost();
    },
    publish: async (subject: string, data: Uint8Array, headers: Record<string, string>) => {
      const id = String(++last);
      const answer = Promise.withResolvers<PublishAck>();
      waiting.set(id, { ...answer, sentMs: performance.now() });
      try {
        nc.publish(subject, data, { reply: `${inbox}.${id}`, headers: toHeaders(headers) });
      } catch (error) {
        waiting.delete(id);
        throw error;
      }
      return answer.promise;
    },
  };
}

type ApiFault = { code: number; err_code: number; description: string };
