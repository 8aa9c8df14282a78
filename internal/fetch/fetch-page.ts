// One HTTP exchange, bounded in every direction: time to connect, to the first byte, between bytes, in all; bytes received
// and bytes after decompression. Redirects are not followed here: to the crawl they are links.
import { errors } from "undici";
import { AbortHooks } from "./abort-hooks.ts";
import {
  type Connection,
  Connections,
  type IdleLimits,
  standardIdleLimits,
} from "./connections.ts";
import { acceptedCodings } from "./content-codings.ts";
import { DnsCache, type NameSource, standardDnsLimits } from "./dns-cache.ts";
import { FetchFault, ProxyFault } from "./fetch-fault.ts";
import { openRoute } from "./open-route.ts";
import type { ProxyServer } from "./proxies.ts";
import { type Received, Receiver } from "./receiver.ts";
import type { FetchLimits, Route } from "./route.ts";
import type { Spill } from "./spill.ts";
import { systemNames } from "./system-names.ts";
import { TlsSessions } from "./tls-sessions.ts";

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
  /** Without its content codings, whatever `headers` say; empty when it was spilled. */
  body: Buffer;
  /** The body was cut at the byte limit. */
  truncated: boolean;
  firstByteMs: number;
  totalMs: number;
};

/**
 * `body`: POSTed; GET without it. `onSent` is called when the request goes out on its connection, not
 * before; when it throws, nothing is sent, and the call ends with what it threw. `route`: how it
 * travels; without one: with standard limits, and to nothing but the internet.
 */
export type Asked = {
  headers: Record<string, string>;
  body?: string;
  onSent?: () => void;
  /** Told of the final answer's head: false ends it there, as cut, without a body. */
  wantsBody?: (status: number, headers: Record<string, string>) => boolean;
  /** Where a long body goes; without it: held, as any other. */
  spill?: Spill;
  route?: Route;
};

export type Fetcher = {
  /** Asks for `url`. Throws {@link FetchFault}; aborting `signal` throws its reason. */
  fetch(url: string, asked: Asked, signal: AbortSignal): Promise<Exchange>;
  /** The IP address of a host, of several always the same one; null when its name cannot be resolved. */
  addressOf(hostname: string): Promise<string | null>;
  close(): Promise<void>;
};

export type FetcherTools = { names: NameSource; idle: IdleLimits };

/** Opens the connections: kept alive, by origin. */
export function openFetcher(tools: Partial<FetcherTools> = {}): Fetcher {
  const { names = systemNames(), idle = standardIdleLimits } = tools;
  const dns = new DnsCache(names, standardDnsLimits, () => performance.now());
  const connections = new Connections({ dns, sessions: new TlsSessions() }, idle);
  const hooks = new AbortHooks();
  const anyRoute = openRoute({});
  return {
    async fetch(url, asked, signal) {
      signal.throwIfAborted();
      const startedMs = performance.now();
      const route = asked.route ?? anyRoute;
      const to = new URL(url);
      if (to.protocol !== "http:" && to.protocol !== "https:")
        throw new FetchFault("refused", `${to.protocol} URLs are not fetched`);
      const request = toSend(to, asked, route.cookies?.headerFor(to) ?? "");
      let veto: { error: unknown } | null = null;
      const onSent = () => {
        try {
          asked.onSent?.();
        } catch (error) {
          veto = { error };
          throw error;
        }
      };
      const { wantsBody, spill = null } = asked;
      const sending = { to, request, route, startedMs, onSent, wantsBody, spill };
      try {
        return await sendByProxies(connections, hooks, sending, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (veto !== null) throw (veto as { error: unknown }).error;
        throw asFault(error, to.host, route.limits);
      }
    },
    async addressOf(hostname) {
      try {
        const addresses = (await dns.resolve(hostname)).map(({ address }) => address);
        return addresses.length === 1 ? (addresses[0] as string) : (addresses.sort()[0] ?? null);
      } catch {
        // Whoever connects to it is told why.
        return null;
      }
    },
    close: () => connections.close(),
  };
}

type Sending = {
  to: URL;
  request: SentRequest;
  route: Route;
  startedMs: number;
  onSent: () => void;
  wantsBody: Asked["wantsBody"];
  spill: Spill | null;
};

/** While proxies cannot be used, nothing has been sent: the next one can have it. */
async function sendByProxies(
  connections: Connections,
  hooks: AbortHooks,
  sending: Sending,
  signal: AbortSignal,
): Promise<Exchange> {
  const { proxies } = sending.route;
  for (let triesLeft = proxies?.size ?? 0; ; triesLeft -= 1) {
    try {
      return await send(connections, hooks, sending, proxies?.pick() ?? null, signal);
    } catch (error) {
      if (!(error instanceof ProxyFault) || triesLeft <= 1 || signal.aborted) throw error;
    }
  }
}

async function send(
  connections: Connections,
  hooks: AbortHooks,
  sending: Sending,
  proxy: ProxyServer | null,
  signal: AbortSignal,
): Promise<Exchange> {
  const { to, request, route, startedMs } = sending;
  const connection = connections.take(to, route, proxy);
  const { firstByteAtMs, ...received } = await receive(
    connections,
    connection,
    hooks,
    sending,
    signal,
  );
  if (proxy !== null && received.status === 407) {
    route.proxies?.failed(proxy);
    throw new ProxyFault("connect", `the proxy ${proxy.name}: it wants to know who asks (407)`);
  }
  route.cookies?.store(to, received.rawHeaders);
  return {
    ...received,
    httpVersion: connection.isHttp2 ? "2" : "1.1",
    ip: proxy === null ? (connection.socket?.remoteAddress ?? null) : null,
    request,
    firstByteMs: firstByteAtMs - startedMs,
    totalMs: performance.now() - startedMs,
  };
}

/** One request on its connection, which is then given back. */
function receive(
  connections: Connections,
  connection: Connection,
  hooks: AbortHooks,
  { to, request, route, startedMs, onSent, wantsBody, spill }: Sending,
  signal: AbortSignal,
): Promise<Received> {
  const { maxBytes, totalMs, headersMs, idleMs } = route.limits;
  return new Promise((resolve, reject) => {
    const stop = (reason: unknown) => receiver.abort(reason);
    const timer = setTimeout(
      () =>
        stop(new FetchFault("timeout", `no whole answer from ${to.host} in time (${totalMs} ms)`)),
      Math.max(startedMs + totalMs - performance.now(), 0),
    );
    const settled = () => {
      clearTimeout(timer);
      hooks.remove(signal, stop);
    };
    // RFC 9112 section 8: a body up to the end of the connection is whole only if that end was a proper one.
    let cut: Error | null = null;
    const receiver = new Receiver(maxBytes, spill, {
      onSent,
      wantsBody: wantsBody ?? (() => true),
      onFree: (isClean) => {
        if (isClean) cut = connection.socket?.errored ?? null;
        connections.release(connection, isClean && cut === null);
      },
      onEnd: (received) => {
        settled();
        if (cut === null) resolve(received);
        else reject(cut);
      },
      onFault: (error) => {
        settled();
        reject(error);
      },
    });
    hooks.add(signal, stop);
    const { method, target, headers, body } = request;
    const { path, more } = throughProxy(connection, to, target);
    const all = [...headers.flat(), ...more];
    const timeouts = { headersTimeout: headersMs, bodyTimeout: idleMs };
    connection.client.dispatch({ method, path, headers: all, body, ...timeouts }, receiver);
  });
}

/** RFC 9112 section 3.2.2: a proxy is told the whole URL. Over TLS there is a tunnel, and the proxy sees nothing. */
function throughProxy(
  { proxy }: Connection,
  { protocol, host }: URL,
  target: string,
): { path: string; more: string[] } {
  if (proxy === null || protocol === "https:") return { path: target, more: [] };
  const { authorization } = proxy;
  return {
    path: `http://${host}${target}`,
    more: authorization === null ? [] : ["proxy-authorization", authorization],
  };
}

function toSend(
  { host, pathname, search }: URL,
  { headers, body }: Asked,
  cookie: string,
): SentRequest {
  const all: [string, string][] = [
    ["host", host],
    ["connection", "keep-alive"],
    ["accept-encoding", acceptedCodings],
  ];
  for (const name in headers) {
    const value = headers[name] as string;
    const known = all.find(([standard]) => standard === name.toLowerCase());
    if (known === undefined) all.push([name, value]);
    else known[1] = value;
  }
  if (cookie !== "") addCookie(all, cookie);
  if (body !== undefined) all.push(["content-length", String(Buffer.byteLength(body))]);
  return {
    method: body === undefined ? "GET" : "POST",
    target: pathname + search,
    headers: all,
    body: body ?? null,
  };
}

/** RFC 6265 section 5.4: there is one Cookie header; what the source gives goes first. */
function addCookie(headers: [string, string][], cookie: string): void {
  const given = headers.find(([name]) => name.toLowerCase() === "cookie");
  if (given === undefined) headers.push(["cookie", cookie]);
  else given[1] = `${given[1]}; ${cookie}`;
}

function asFault(error: unknown, at: string, limits: FetchLimits): FetchFault {
  if (error instanceof FetchFault) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  const fault = (kind: FetchFault["kind"], text: string) =>
    new FetchFault(kind, text, { cause: error });
  if (error instanceof errors.HeadersTimeoutError)
    return fault("timeout", `no answer from ${at} in time (${limits.headersMs} ms)`);
  if (error instanceof errors.BodyTimeoutError)
    return fault("timeout", `the answer of ${at} stopped coming (for ${limits.idleMs} ms)`);
  if (error instanceof errors.HeadersOverflowError)
    return fault("broken", `the headers of the answer of ${at} are too long`);
  if (error instanceof errors.HTTPParserError || code.startsWith("HPE_"))
    return fault("broken", `the answer of ${at} broke off: it is not HTTP (${code || message})`);
  if (error instanceof errors.InvalidArgumentError)
    return fault("refused", `the request to ${at} cannot be sent: ${message}`);
  return fault("broken", `the answer of ${at} broke off (${code || message})`);
}
