// The connections to all hosts. One undici Client is one connection, so that a request knows its socket (whose address it
// has), and an idle one can be closed by itself. HTTP/1.1: one request at a time. HTTP/2: up to 100. There are never more
// busy connections than requests in flight, which callers bound; idle ones are bounded here, over all hosts.
import type { Socket } from "node:net";
import { Client } from "undici";
import { type ConnectTools, openSocket, type Target } from "./connect.ts";
import { ProxyFault } from "./fetch-fault.ts";
import type { ProxyServer } from "./proxies.ts";
import type { Route } from "./route.ts";

export type Connection = {
  /** Requests may share it when this is the same. */
  readonly key: string;
  readonly client: Client;
  readonly proxy: ProxyServer | null;
  /** Ends an attempt to connect. */
  readonly connecting: AbortController;
  /** Null before it is connected. */
  socket: Socket | null;
  isHttp2: boolean;
  inFlight: number;
  idleSinceMs: number;
};

export type IdleLimits = { keepAliveMs: number; maxIdle: number };
export const standardIdleLimits: IdleLimits = { keepAliveMs: 10_000, maxIdle: 1_024 };

/** RFC 9113 section 6.5.2: servers should allow no less. */
const maxStreams = 100;
const maxKnownHttp2 = 4_096;
/** Of the headers of an answer. Node's own limit of 16 KiB is too little for sites that set many cookies. */
const maxHeadBytes = 32 * 1024;

export class Connections {
  readonly #tools: ConnectTools;
  readonly #idleLimits: IdleLimits;
  /** Those that can take a request now, the last used at the end: it is the least likely to have been closed by the server. */
  readonly #ready = new Map<string, Connection[]>();
  /** Those without a request, longest idle first. */
  readonly #idle = new Set<Connection>();
  readonly #open = new Set<Connection>();
  /** Keys under which HTTP/2 was spoken last time, least recently first. */
  readonly #http2 = new Set<string>();
  readonly #sweep: NodeJS.Timeout;

  constructor(tools: ConnectTools, idleLimits: IdleLimits) {
    this.#tools = tools;
    this.#idleLimits = idleLimits;
    this.#sweep = setInterval(() => this.#closeIdle(), Math.min(idleLimits.keepAliveMs, 1_000));
    this.#sweep.unref();
  }

  get size(): number {
    return this.#open.size;
  }

  /** A connection with room for one request to `url`'s origin by `route`. Give it back with {@link release}. */
  take(url: URL, route: Route, proxy: ProxyServer | null): Connection {
    const { origin, hostname } = url;
    // One pipeline's leave to reach a private host is not another's.
    const leave = route.privateHosts.isNamed(hostname) ? "named" : "";
    const via = proxy === null ? "" : `${proxy.name} ${proxy.authorization}`;
    const key = `${origin} ${leave} ${via} ${route.key}`;
    const connection = this.#ready.get(key)?.at(-1) ?? this.#connect(key, url, route, proxy);
    connection.inFlight += 1;
    this.#idle.delete(connection);
    if (connection.inFlight >= (connection.isHttp2 ? maxStreams : 1)) this.#notReady(connection);
    return connection;
  }

  /** A request on `connection` has ended. `isClean`: it can take another. */
  release(connection: Connection, isClean: boolean): void {
    connection.inFlight -= 1;
    if (!isClean || !this.#open.has(connection)) {
      this.#retire(connection);
      return;
    }
    if (connection.isHttp2) this.#isReady(connection);
    if (connection.inFlight > 0) return;
    this.#isReady(connection);
    connection.idleSinceMs = performance.now();
    this.#idle.add(connection);
    if (this.#idle.size <= this.#idleLimits.maxIdle) return;
    const [oldest] = this.#idle;
    if (oldest !== undefined) this.#drop(oldest);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    const open = [...this.#open];
    for (const connection of open) this.#forget(connection);
    for (const { connecting } of open) connecting.abort(new Error("closed"));
    await Promise.all(open.map(({ client }) => client.destroy()));
  }

  #connect(key: string, url: URL, route: Route, proxy: ProxyServer | null): Connection {
    const isTls = url.protocol === "https:";
    const target: Target = {
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: Number(url.port) || (isTls ? 443 : 80),
      isTls,
      proxy,
    };
    const connecting = new AbortController();
    const client = new Client(url.origin, {
      maxHeaderSize: maxHeadBytes,
      keepAliveTimeout: this.#idleLimits.keepAliveMs,
      keepAliveMaxTimeout: this.#idleLimits.keepAliveMs,
      maxConcurrentStreams: maxStreams,
      connect: (_options, callback) => {
        openSocket(target, route, this.#tools, connecting.signal).then(
          (socket) => {
            connection.socket = socket;
            connection.isHttp2 = "alpnProtocol" in socket && socket.alpnProtocol === "h2";
            this.#learn(connection);
            if (connection.isHttp2 && this.#open.has(connection)) this.#isReady(connection);
            callback(null, socket);
          },
          (error: Error) => {
            if (error instanceof ProxyFault && proxy !== null) route.proxies?.failed(proxy);
            callback(error, null);
          },
        );
      },
    });
    const connection: Connection = {
      key,
      client,
      proxy,
      connecting,
      socket: null,
      isHttp2: this.#http2.has(key),
      inFlight: 0,
      idleSinceMs: 0,
    };
    // A request that was given to it in the same moment is sent when undici has connected again.
    client.on("disconnect", () => {
      if (connection.inFlight === 0) this.#drop(connection);
      else if (connection.isHttp2) this.#forget(connection);
    });
    this.#open.add(connection);
    if (connection.isHttp2) this.#isReady(connection);
    return connection;
  }

  /** Which protocol is spoken under its key: requests that come while another connection is made can share that one. */
  #learn({ key, isHttp2 }: Connection): void {
    this.#http2.delete(key);
    if (!isHttp2) return;
    this.#http2.add(key);
    const [oldest = ""] = this.#http2;
    if (this.#http2.size > maxKnownHttp2) this.#http2.delete(oldest);
  }

  /** It takes no further request, and is closed when those under way have ended. */
  #retire(connection: Connection): void {
    if (connection.isHttp2 && connection.inFlight > 0) this.#forget(connection);
    else this.#drop(connection);
  }

  #drop(connection: Connection): void {
    this.#forget(connection);
    connection.connecting.abort(new Error("not needed any more"));
    // Its requests end with an error each; of the connection itself there is nothing else to know.
    connection.client.destroy().catch(() => undefined);
  }

  #forget(connection: Connection): void {
    this.#notReady(connection);
    this.#idle.delete(connection);
    this.#open.delete(connection);
  }

  #isReady(connection: Connection): void {
    const same = this.#ready.get(connection.key);
    if (same?.includes(connection)) return;
    if (same === undefined) this.#ready.set(connection.key, [connection]);
    else same.push(connection);
  }

  #notReady(connection: Connection): void {
    const same = this.#ready.get(connection.key);
    const at = same?.indexOf(connection) ?? -1;
    if (same === undefined || at < 0) return;
    if (same.length === 1) this.#ready.delete(connection.key);
    else same.splice(at, 1);
  }

  #closeIdle(): void {
    const beforeMs = performance.now() - this.#idleLimits.keepAliveMs;
    for (const connection of this.#idle) {
      if (connection.idleSinceMs > beforeMs) return;
      this.#drop(connection);
    }
  }
}
