// One HTTP exchange, bounded in every direction: time to connect, to the first byte, between bytes, in all; bytes received
// and bytes after decompression. Redirects are not followed here: to the crawl they are links.
import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from "node:dns";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from "node:zlib";
import { errors } from "undici";
import { AbortHooks } from "./abort-hooks.ts";
import { type Connection, Connections } from "./connections.ts";
import { FetchFault } from "./fetch-fault.ts";
import { type Received, Receiver } from "./receiver.ts";

/** The request as it went out, credentials and all: take care what of it is kept. Names and values in their order. */
export type SentRequest = {
  method: "GET" | "POST";
  /** Path and query. */
  target: string;
  headers: [name: string, value: string][];
  body: string | null;
};

/** What came back. Times in ms from the start. */
export type Exchange = {
  status: number;
  /** The reason phrase; "" when there is none, as with HTTP/2. */
  statusText: string;
  /** Lower-case names, repeated ones joined by ", ". */
  headers: Record<string, string>;
  /** Order, case and repetition as received; a character is a byte (Latin-1). */
  rawHeaders: [name: string, value: string][];
  httpVersion: "1.1" | "2";
  /** The address that answered; null when that was a proxy. */
  ip: string | null;
  /** What was asked for. */
  request: SentRequest;
  /** Without its content codings, whatever `headers` say. */
  body: Buffer;
  /** The body was cut at the byte limit. */
  truncated: boolean;
  firstByteMs: number;
  totalMs: number;
};

export type FetchLimits = {
  maxBytes: number;
  connectMs: number;
  headersMs: number;
  idleMs: number;
  totalMs: number;
};
export const defaultLimits: FetchLimits = {
  maxBytes: 64 * 1024 * 1024,
  connectMs: 10_000,
  headersMs: 30_000,
  idleMs: 30_000,
  totalMs: 120_000,
};

/** `body`: POSTed; GET without it. `onSent` is called when the request goes out on its connection, not before. */
export type Asked = { headers: Record<string, string>; body?: string; onSent?: () => void };

export type Fetcher = {
  /** Asks for `url`. Throws {@link FetchFault}; aborting `signal` throws its reason. */
  fetch(url: string, asked: Asked, signal: AbortSignal): Promise<Exchange>;
  close(): Promise<void>;
};

const idleConnections = { keepAliveMs: 10_000, maxIdle: 1_024 };

/** Opens the connections: kept alive, by origin. */
export function openFetcher(limits: FetchLimits = defaultLimits): Fetcher {
  const connections = new Connections({ ...limits, ...idleConnections }, lookupHost);
  const hooks = new AbortHooks();
  return {
    async fetch(url, asked, signal) {
      signal.throwIfAborted();
      const startedMs = performance.now();
      const { protocol, host, origin, pathname, search } = new URL(url);
      const connection = connections.take(origin);
      const request = toSend(pathname + search, host, asked);
      try {
        const received = await receive(
          connections,
          connection,
          request,
          limits,
          asked,
          hooks,
          signal,
        );
        const coding = received.headers["content-encoding"] ?? "";
        // Part of a packed body is of no use to anybody.
        if (received.truncated && !/^(identity)?$/i.test(coding.trim()))
          throw new FetchFault(
            "decode",
            `the ${coding} body is longer than ${limits.maxBytes} bytes`,
          );
        const { firstByteAtMs, truncated, body, ...head } = received;
        return {
          ...head,
          httpVersion: "1.1",
          ip: connection.socket?.remoteAddress ?? null,
          request,
          body: truncated ? body : await unpack(body, coding, limits.maxBytes),
          truncated,
          firstByteMs: firstByteAtMs - startedMs,
          totalMs: performance.now() - startedMs,
        };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw asFault(error, `${protocol}//${host}`);
      }
    },
    close: () => connections.close(),
  };
}

/** One request on its connection, which is then given back. */
function receive(
  connections: Connections,
  connection: Connection,
  request: SentRequest,
  limits: FetchLimits,
  { onSent }: Asked,
  hooks: AbortHooks,
  signal: AbortSignal,
): Promise<Received> {
  return new Promise((resolve, reject) => {
    const stop = (reason: unknown) => receiver.abort(reason as Error);
    const timer = setTimeout(() => stop(new OutOfTime()), limits.totalMs);
    const settled = () => {
      clearTimeout(timer);
      hooks.remove(signal, stop);
    };
    const receiver = new Receiver(limits.maxBytes, {
      onSent: () => onSent?.(),
      onEnd: (received, isClean) => {
        settled();
        if (isClean) connections.release(connection);
        else connections.drop(connection);
        resolve(received);
      },
      onFault: (error) => {
        settled();
        connections.drop(connection);
        reject(error);
      },
    });
    hooks.add(signal, stop);
    const { method, target, headers, body } = request;
    connection.client.dispatch({ method, path: target, headers: headers.flat(), body }, receiver);
  });
}

class OutOfTime extends Error {}

function toSend(target: string, host: string, { headers, body }: Asked): SentRequest {
  const all: [string, string][] = [
    ["host", host],
    ["connection", "keep-alive"],
    ["accept-encoding", "gzip, br, zstd, deflate"],
  ];
  for (const name in headers) {
    const value = headers[name] as string;
    const known = all.find(([standard]) => standard === name.toLowerCase());
    if (known === undefined) all.push([name, value]);
    else known[1] = value;
  }
  if (body !== undefined) all.push(["content-length", String(Buffer.byteLength(body))]);
  return { method: body === undefined ? "GET" : "POST", target, headers: all, body: body ?? null };
}

/** RFC 9110 section 8.4: codings are listed in the order they were applied. */
async function unpack(packed: Buffer, encoding: string, maxOutputLength: number): Promise<Buffer> {
  let body = packed;
  const codings = encoding
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim());
  for (const coding of codings.reverse()) {
    if (body.length === 0 || coding === "" || coding === "identity") continue;
    try {
      body = await unpackOne(body, coding, maxOutputLength);
    } catch (error) {
      throw badBody(coding, maxOutputLength, error);
    }
  }
  return body;
}

function badBody(coding: string, maxBytes: number, cause: unknown): FetchFault {
  const tooLarge = (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
  const what = tooLarge ? `unpacks to more than ${maxBytes} bytes` : "is damaged";
  return new FetchFault("decode", `the ${coding} body ${what}`, { cause });
}

async function unpackOne(body: Buffer, coding: string, maxOutputLength: number): Promise<Buffer> {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return promisify(gunzip)(body, { maxOutputLength });
    case "br":
      return promisify(brotliDecompress)(body, { maxOutputLength });
    case "zstd":
      return promisify(zstdDecompress)(body, { maxOutputLength });
    case "deflate":
      // Servers send both zlib and raw deflate under this name.
      return (body[0] ?? 0) % 16 === 8
        ? promisify(inflate)(body, { maxOutputLength })
        : promisify(inflateRaw)(body, { maxOutputLength });
    default:
      throw new Error(`unknown content coding "${coding}"`);
  }
}

function asFault(error: unknown, at: string): FetchFault {
  if (error instanceof FetchFault) return error;
  const code = String((error as NodeJS.ErrnoException).code ?? "");
  const fault = (kind: FetchFault["kind"], text: string) =>
    new FetchFault(kind, text, { cause: error });
  if (error instanceof OutOfTime) return fault("timeout", `no whole answer from ${at} in time`);
  if (error instanceof errors.ConnectTimeoutError)
    return fault("timeout", `no connection to ${at} in time`);
  if (error instanceof errors.HeadersTimeoutError)
    return fault("timeout", `no answer from ${at} in time`);
  if (error instanceof errors.BodyTimeoutError)
    return fault("timeout", `the answer of ${at} stopped coming`);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return fault("dns", `the name ${at} cannot be resolved (${code})`);
  if (/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/.test(code))
    return fault("connect", `no connection to ${at} (${code})`);
  if (/CERT|TLS|SSL/.test(code)) return fault("tls", `no TLS with ${at} (${code})`);
  return fault("broken", `the answer of ${at} broke off${code ? ` (${code})` : ""}`);
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** RFC 6761 section 6.3: names under `localhost.` are always loopback, whatever the resolver says. */
function lookupHost(hostname: string, options: LookupOptions, callback: LookupCallback): void {
  if (hostname.endsWith(".localhost")) {
    if (options.all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
    else callback(null, "127.0.0.1", 4);
    return;
  }
  dnsLookup(hostname, options, callback as never);
}
