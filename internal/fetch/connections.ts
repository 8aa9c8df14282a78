// The connections to all hosts. One undici Client is one connection, so a request knows its socket (whose address it has), and
// an idle one can be closed by itself. There are as many busy connections as requests in flight, which callers bound; idle
// ones are bounded here, over all hosts, and close after `keepAliveMs`.
import type { LookupFunction, Socket } from "node:net";
import { buildConnector, Client } from "undici";

export type Connection = {
  readonly origin: string;
  readonly client: Client;
  /** Null before it is connected. */
  socket: Socket | null;
};

export type ConnectionLimits = {
  connectMs: number;
  headersMs: number;
  idleMs: number;
  keepAliveMs: number;
  maxIdle: number;
};

type Connector = ReturnType<typeof buildConnector>;

export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #connector: Connector;
  /** Idle ones of an origin, the last used at the end: it is the least likely to have been closed by the server. */
  readonly #idle = new Map<string, Connection[]>();
  /** The same over all origins, longest idle first. */
  readonly #idleByAge = new Set<Connection>();
  readonly #open = new Set<Connection>();

  constructor(limits: ConnectionLimits, lookup: LookupFunction) {
    this.#limits = limits;
    this.#connector = buildConnector({
      allowH2: false,
      timeout: limits.connectMs,
      lookup,
    } as buildConnector.BuildOptions & { lookup: LookupFunction });
  }

  /** An idle connection to `origin`, else a new one. Give it back with {@link release} or {@link drop}. */
  take(origin: string): Connection {
    const idle = this.#idle.get(origin)?.at(-1);
    if (idle === undefined) return this.#connect(origin);
    this.#noLongerIdle(idle);
    return idle;
  }

  /** The answer came whole: the connection may be used again. */
  release(connection: Connection): void {
    if (!this.#open.has(connection)) return;
    const own = this.#idle.get(connection.origin);
    if (own === undefined) this.#idle.set(connection.origin, [connection]);
    else own.push(connection);
    this.#idleByAge.add(connection);
    if (this.#idleByAge.size > this.#limits.maxIdle) {
      const [oldest] = this.#idleByAge;
      if (oldest !== undefined) this.drop(oldest);
    }
  }

  /** Closes a connection, whatever is under way on it. */
  drop(connection: Connection): void {
    this.#noLongerIdle(connection);
    this.#open.delete(connection);
    // Its requests end with this error; there is nothing else to know of it.
    connection.client.destroy().catch(() => undefined);
  }

  async close(): Promise<void> {
    const open = [...this.#open];
    this.#open.clear();
    this.#idle.clear();
    this.#idleByAge.clear();
    await Promise.all(open.map(({ client }) => client.destroy()));
  }

  #connect(origin: string): Connection {
    const { headersMs, idleMs, keepAliveMs } = this.#limits;
    const client = new Client(origin, {
      allowH2: false,
      headersTimeout: headersMs,
      bodyTimeout: idleMs,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      connect: (options, callback) =>
        this.#connector(options, (...answer) => {
          connection.socket = answer[1];
          callback(...answer);
        }),
    });
    const connection: Connection = { origin, client, socket: null };
    client.on("disconnect", () => {
      if (this.#idleByAge.has(connection)) this.drop(connection);
    });
    this.#open.add(connection);
    return connection;
  }

  #noLongerIdle(connection: Connection): void {
    if (!this.#idleByAge.delete(connection)) return;
    const own = this.#idle.get(connection.origin) ?? [];
    if (own.length === 1) this.#idle.delete(connection.origin);
    else own.splice(own.indexOf(connection), 1);
  }
}
