// The proxies of a source, taken in turn. One that cannot be used is left out for a while.

/** `name` is for texts: without user and password. `authorization`: value of Proxy-Authorization. */
export type ProxyServer = {
  name: string;
  hostname: string;
  port: number;
  isTls: boolean;
  authorization: string | null;
};

const deadMs = 60_000;

export class Proxies {
  readonly #proxies: readonly ProxyServer[];
  readonly #nowMs: () => number;
  readonly #deadUntilMs = new Map<ProxyServer, number>();
  #next = 0;

  /** `urls`: at least one, http: or https:. */
  constructor(urls: readonly string[], nowMs: () => number) {
    this.#proxies = urls.map(parseProxy);
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#proxies.length;
  }

  /** The next one that is not left out; when all are, the one that comes back first. */
  pick(): ProxyServer {
    const nowMs = this.#nowMs();
    const { length } = this.#proxies;
    for (let step = 0; step < length; step += 1) {
      const proxy = this.#proxies[(this.#next + step) % length] as ProxyServer;
      if (this.#untilMs(proxy) > nowMs) continue;
      this.#next = (this.#next + step + 1) % length;
      return proxy;
    }
    return this.#proxies.reduce((a, b) => (this.#untilMs(b) < this.#untilMs(a) ? b : a));
  }

  /** It could not be used: it is left out for a minute. */
  failed(proxy: ProxyServer): void {
    this.#deadUntilMs.set(proxy, this.#nowMs() + deadMs);
  }

  #untilMs(proxy: ProxyServer): number {
    return this.#deadUntilMs.get(proxy) ?? 0;
  }
}

function parseProxy(text: string): ProxyServer {
  const url = new URL(text);
  const isTls = url.protocol === "https:";
  const { username, password } = url;
  const secret = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    name: `${url.protocol}//${url.host}`,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port) || (isTls ? 443 : 80),
    isTls,
    authorization:
      username === "" && password === ""
        ? null
        : `Basic ${Buffer.from(secret, "utf8").toString("base64")}`,
  };
}
