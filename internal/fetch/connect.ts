// One connection: a name to addresses, the addresses judged, TCP to one of those and no other, a tunnel through a proxy if
// there is one, TLS. All of it within one time limit.
import { once } from "node:events";
import { request as askProxy } from "node:http";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Address, DnsCache } from "./dns-cache.ts";
import { type FaultKind, FetchFault, ProxyFault } from "./fetch-fault.ts";
import type { ProxyServer } from "./proxies.ts";
import type { Route } from "./route.ts";
import type { TlsSessions } from "./tls-sessions.ts";

/** `hostname`: without brackets. `proxy`: the way to it. */
export type Target = { hostname: string; port: number; isTls: boolean; proxy: ProxyServer | null };

export type ConnectTools = { dns: DnsCache; sessions: TlsSessions };

/** RFC 8305 section 5: how long one address is tried before the next is, too. */
const attemptMs = 250;

/**
 * A connected socket, over TLS if the target wants it. Throws {@link FetchFault}; a reason of `signal` is thrown as it is.
 * Through a proxy only addresses that the URL itself names can be judged: names are resolved at the proxy.
 */
export async function openSocket(
  target: Target,
  route: Route,
  tools: ConnectTools,
  signal: AbortSignal,
): Promise<Socket> {
  const { hostname, port, isTls, proxy } = target;
  const host = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  const timeout = new AbortController();
  const inTime = AbortSignal.any([signal, timeout.signal]);
  const step = { doing: "" };
  const timer = setTimeout(() => {
    const why = `no connection to ${host} within ${route.limits.connectMs} ms: stopped while ${step.doing}`;
    timeout.abort(
      proxy === null
        ? new FetchFault("timeout", why)
        : new ProxyFault("timeout", viaText(why, proxy)),
    );
  }, route.limits.connectMs);
  let socket: Socket | null = null;
  try {
    if (proxy === null) {
      socket = await openTcp(hostname, port, route, tools.dns, step, inTime);
    } else {
      if (isIP(hostname) !== 0) refuse(route, hostname, hostname);
      socket = await openProxy(proxy, tools.dns, step, inTime);
      if (isTls) await tunnel(socket, proxy, host, step, inTime);
    }
    if (isTls) socket = await secure(socket, target, host, route, tools.sessions, step, inTime);
    return socket;
  } catch (error) {
    // An error of a socket that nobody waits for any more has no other place to go.
    socket?.on("error", () => undefined).destroy();
    if (signal.aborted) throw signal.reason;
    if (timeout.signal.aborted) throw timeout.signal.reason;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

type Step = { doing: string };

async function openTcp(
  hostname: string,
  port: number,
  route: Route,
  dns: DnsCache,
  step: Step,
  signal: AbortSignal,
): Promise<Socket> {
  const found = await addressesOf(hostname, dns, step, signal);
  const { privateHosts } = route;
  const addresses = found.filter(
    ({ address }) => privateHosts.whyRefused(hostname, address) === null,
  );
  if (addresses.length === 0) refuse(route, hostname, found[0]?.address ?? "");
  const socket = await connectTo(addresses, hostname, port, step, signal);
  // What was judged is what is connected to; should that ever not be so, nothing is sent.
  try {
    refuse(route, hostname, socket.remoteAddress ?? "");
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}

async function openProxy(
  proxy: ProxyServer,
  dns: DnsCache,
  step: Step,
  signal: AbortSignal,
): Promise<Socket> {
  try {
    const { hostname, port } = proxy;
    const socket = await connectTo(
      await addressesOf(hostname, dns, step, signal),
      hostname,
      port,
      step,
      signal,
    );
    if (!proxy.isTls) return socket;
    step.doing = "agreeing on TLS with the proxy";
    const servername = isIP(hostname) === 0 ? { servername: hostname } : {};
    return await secured(connectTls({ socket, ...servername }), signal);
  } catch (error) {
    const why = error instanceof FetchFault ? error.message : `no TLS (${codeOf(error)})`;
    throw proxyFailed(proxy, why, error);
  }
}

async function addressesOf(
  hostname: string,
  dns: DnsCache,
  step: Step,
  signal: AbortSignal,
): Promise<Address[]> {
  const family = isIP(hostname);
  if (family !== 0) return [{ address: hostname, family: family === 6 ? 6 : 4 }];
  step.doing = `resolving ${hostname}`;
  try {
    return await orAborted(dns.resolve(hostname), signal);
  } catch (error) {
    const why = `the name ${hostname} cannot be resolved (${codeOf(error)})`;
    throw failed("dns", why, error);
  }
}

async function connectTo(
  addresses: Address[],
  hostname: string,
  port: number,
  step: Step,
  signal: AbortSignal,
): Promise<Socket> {
  const where = addresses.map(({ address }) => address).join(", ");
  step.doing = `connecting to ${where}`;
  const socket = connectTcp({
    host: hostname,
    port,
    lookup: (_name, _options, callback) => callback(null, addresses),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: attemptMs,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  });
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch (error) {
    socket.on("error", () => undefined).destroy();
    const at = isIP(hostname) === 0 ? ` at ${where}` : "";
    const why = `no connection to ${hostname}, port ${port}${at} (${codeOf(error)})`;
    throw failed("connect", why, error);
  }
}

/** RFC 9110 section 9.3.6. The socket then leads to `host`. */
async function tunnel(
  socket: Socket,
  proxy: ProxyServer,
  host: string,
  step: Step,
  signal: AbortSignal,
): Promise<void> {
  step.doing = "waiting for the proxy to connect";
  const authorization =
    proxy.authorization === null ? {} : { "proxy-authorization": proxy.authorization };
  const asked = askProxy({
    method: "CONNECT",
    path: host,
    headers: { host, ...authorization },
    createConnection: () => socket,
    signal,
  }).end();
  // `signal` outlives the answer, and ends the request once more when the connection is given up.
  asked.on("error", () => undefined);
  let answer: { statusCode?: number; statusMessage?: string };
  try {
    [answer] = (await once(asked, "connect", { signal })) as [typeof answer];
  } catch (error) {
    const why = `it broke off when asked for ${host} (${codeOf(error)})`;
    throw proxyFailed(proxy, why, error);
  }
  const { statusCode = 0, statusMessage = "" } = answer;
  if (statusCode >= 200 && statusCode < 300) return;
  const why = viaText(`no connection to ${host} (${statusCode} ${statusMessage})`, proxy);
  // Other answers are about the host, not about the proxy.
  if (statusCode === 407 || statusCode === 403) throw new ProxyFault("connect", why);
  throw new FetchFault("connect", why);
}

async function secure(
  socket: Socket,
  { hostname }: Target,
  host: string,
  route: Route,
  sessions: TlsSessions,
  step: Step,
  signal: AbortSignal,
): Promise<TLSSocket> {
  step.doing = "agreeing on TLS";
  const { tls, http2, key } = route;
  const sessionKey = `${key} ${host}`;
  const session = sessions.get(sessionKey);
  const upgraded = connectTls({
    socket,
    ALPNProtocols: http2 ? ["h2", "http/1.1"] : ["http/1.1"],
    // RFC 6066 section 3: no addresses in SNI.
    ...(isIP(hostname) === 0 ? { servername: hostname } : { host: hostname }),
    ...(session === undefined ? {} : { session }),
    ...tlsOptions(tls),
  });
  upgraded.on("session", (fresh: Buffer) => sessions.set(sessionKey, fresh));
  try {
    return await secured(upgraded, signal);
  } catch (error) {
    sessions.delete(sessionKey);
    const why = `no TLS with ${host} (${tlsReason(error)})`;
    throw failed("tls", why, error);
  }
}

async function secured(socket: TLSSocket, signal: AbortSignal): Promise<TLSSocket> {
  try {
    await once(socket, "secureConnect", { signal });
    return socket;
  } catch (error) {
    socket.on("error", () => undefined).destroy();
    throw error;
  }
}

function tlsOptions(tls: Route["tls"]) {
  if (tls === null) return {};
  const { cert, key, ca, rejectUnauthorized } = tls;
  return {
    rejectUnauthorized,
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    ...(ca === null ? {} : { ca }),
  };
}

function refuse(route: Route, hostname: string, address: string): void {
  const why = route.privateHosts.whyRefused(hostname, address);
  if (why === null) return;
  const what = hostname === address ? hostname : `${address}, the address of ${hostname},`;
  throw new FetchFault("refused", `${what} is ${why}, and the pipeline does not name this host`);
}

function viaText(why: string, { name }: ProxyServer): string {
  return `the proxy ${name}: ${why}`;
}

function failed(kind: FaultKind, why: string, cause: unknown): FetchFault {
  return new FetchFault(kind, why, { cause });
}

function proxyFailed(proxy: ProxyServer, why: string, cause: unknown): ProxyFault {
  return new ProxyFault("connect", viaText(why, proxy), { cause });
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

function tlsReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined || message.includes(code) ? message : `${code}: ${message}`;
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return Promise.race([promise, once(signal, "abort").then(() => Promise.reject(signal.reason))]);
}
