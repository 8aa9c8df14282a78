// TLS sessions by server (RFC 8446 section 2.2): a new connection to a known server skips its certificate and most of the
// arithmetic. Kept beyond the connections, since a host that is asked every few seconds outlives its idle ones.

const maxSessions = 4_096;

export class TlsSessions {
  /** Least recently used first. */
  readonly #sessions = new Map<string, Buffer>();

  get(server: string): Buffer | undefined {
    return this.#sessions.get(server);
  }

  set(server: string, session: Buffer): void {
    this.#sessions.delete(server);
    this.#sessions.set(server, session);
    if (this.#sessions.size <= maxSessions) return;
    const [oldest = ""] = this.#sessions.keys();
    this.#sessions.delete(oldest);
  }

  /** It was of no use. */
  delete(server: string): void {
    this.#sessions.delete(server);
  }
}
