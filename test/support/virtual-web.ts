// A web on a virtual clock that watches how it is asked: every request is held against what its host allows, as the host
// itself sees it. Answers are made by a seeded random number.
import { FetchFault } from "../../internal/fetch/fetch-fault.ts";
import type { Exchange, Fetcher } from "../../internal/fetch/fetch-page.ts";
import { authorityOf } from "../../internal/url/url.ts";
import type { VirtualProcess, VirtualTime } from "./virtual-time.ts";

/** `policyMs`: of a RateLimit-Policy in its answers, a request in so long; absent: none. `robots`: its robots.txt (null: 404). `slowMs`: longest time to an answer. `trouble`: 0 to 1, how often it fails. */
export type WebHost = {
  robots: string | null;
  delayMs: number;
  slowMs: number;
  trouble: number;
  policyMs?: number;
};
/** What the client was told to keep to: by the source that asks for a URL. */
export type Limits = { gapMs: number; concurrency: number };

type Watched = {
  lastMs: number;
  lastGapMs: number;
  blockedUntilMs: number;
  delayMs: number;
  policyMs: number;
  /** 429s and 503s, and until when another one may belong to the last of them. */
  incidents: number;
  incidentUntilMs: number;
  inFlight: Map<VirtualProcess, number>;
};

export class VirtualWeb {
  readonly violations: string[] = [];
  requests = 0;
  /** When requests came, whatever host they were for. */
  readonly arrivalsMs: number[] = [];
  /** The same, by host and port. */
  readonly arrivalsOf = new Map<string, number[]>();
  readonly #time: VirtualTime;
  readonly #hosts: ReadonlyMap<string, WebHost>;
  readonly #limitsOf: (url: string, userAgent: string) => Limits;
  readonly #random: () => number;
  readonly #address: string | null;
  readonly #watched = new Map<string, Watched>();

  /** `address`: the IP address of all hosts; null: it cannot be known. */
  constructor(
    time: VirtualTime,
    hosts: ReadonlyMap<string, WebHost>,
    limitsOf: (url: string, userAgent: string) => Limits,
    random: () => number,
    address: string | null = null,
  ) {
    this.#address = address;
    this.#time = time;
    this.#hosts = hosts;
    this.#limitsOf = limitsOf;
    this.#random = random;
  }

  /** The client of one process. `mayHear`: whether the process would still act on an answer. */
  clientOf(process: VirtualProcess, mayHear: (url: string) => boolean): Fetcher {
    return {
      fetch: (url, { headers, onSent }, signal) =>
        new Promise((resolve, reject) => {
          signal.throwIfAborted();
          const connectMs = this.#random() < 0.2 ? this.#random() * 4_000 : 0;
          let isOver = false;
          let isSent = false;
          const over = () => {
            if (isSent && !isOver) this.#land(url, process);
            isOver = true;
          };
          signal.addEventListener("abort", () => {
            over();
            reject(signal.reason);
          });
          process.clock.setTimer(() => {
            if (isOver) return;
            try {
              onSent?.();
            } catch (error) {
              isOver = true;
              reject(error);
              return;
            }
            isSent = true;
            const limits = this.#limitsOf(url, headers["user-agent"] ?? "");
            this.#arrive(url, process, limits);
            const { answer, afterMs } = this.#answer(url);
            this.#time.at(this.#time.nowMs + afterMs, () => {
              over();
              process.deliver(() => {
                if (signal.aborted) return;
                if (answer instanceof FetchFault) return reject(answer);
                if (mayHear(url)) this.#heard(url, answer);
                resolve({
                  ...answer,
                  firstByteMs: connectMs + afterMs,
                  totalMs: connectMs + afterMs,
                });
              });
            });
          }, connectMs);
        }),
      addressOf: async () => this.#address,
      close: async () => {},
    };
  }

  #of(url: string): Watched {
    const authority = authorityOf(url);
    let watched = this.#watched.get(authority);
    if (watched === undefined) {
      watched = {
        lastMs: Number.NEGATIVE_INFINITY,
        lastGapMs: 0,
        blockedUntilMs: 0,
        delayMs: 0,
        policyMs: 0,
        incidents: 0,
        incidentUntilMs: 0,
        inFlight: new Map(),
      };
      this.#watched.set(authority, watched);
    }
    return watched;
  }

  #arrive(url: string, process: VirtualProcess, limits: Limits): void {
    const watched = this.#of(url);
    const { nowMs } = this.#time;
    const gapMs = Math.max(limits.gapMs, watched.lastGapMs, watched.delayMs, watched.policyMs);
    const violated = (what: string) => this.violations.push(`${nowMs.toFixed(1)} ${url}: ${what}`);
    if (nowMs - watched.lastMs < gapMs)
      violated(
        `${(nowMs - watched.lastMs).toFixed(1)} ms after the one before, ${gapMs} are allowed`,
      );
    if (nowMs < watched.blockedUntilMs)
      violated(`${(watched.blockedUntilMs - nowMs).toFixed(1)} ms before the host may be asked`);
    const inFlight = watched.inFlight.get(process) ?? 0;
    if (inFlight >= limits.concurrency) violated(`${inFlight} are under way already`);
    watched.inFlight.set(process, inFlight + 1);
    watched.lastMs = nowMs;
    watched.lastGapMs = limits.gapMs;
    this.requests += 1;
    this.arrivalsMs.push(nowMs);
    const authority = authorityOf(url);
    this.arrivalsOf.set(authority, [...(this.arrivalsOf.get(authority) ?? []), nowMs]);
  }

  #land(url: string, process: VirtualProcess): void {
    const { inFlight } = this.#of(url);
    inFlight.set(process, (inFlight.get(process) ?? 0) - 1);
  }

  /** From now on the client knows. */
  #heard(url: string, answer: Exchange): void {
    const watched = this.#of(url);
    const { nowMs } = this.#time;
    if (answer.headers["ratelimit-policy"] !== undefined)
      watched.policyMs = this.#hosts.get(new URL(url).hostname)?.policyMs ?? 0;
    const afterMs = Number(answer.headers["retry-after"] ?? 0) * 1_000;
    const isBusy = afterMs === 0 && (answer.status === 429 || answer.status === 503);
    // Without Retry-After the client's own first wait is the least, if this may not belong to an earlier incident.
    const leastMs = isBusy && nowMs > watched.incidentUntilMs ? busyBackoffMs : afterMs;
    watched.blockedUntilMs = Math.max(watched.blockedUntilMs, nowMs + leastMs);
    if (url.endsWith("/robots.txt") && answer.status === 200)
      watched.delayMs = this.#hosts.get(new URL(url).hostname)?.delayMs ?? 0;
    if (!isBusy && afterMs === 0) return;
    watched.incidents += 1;
    const longestMs = Math.max(afterMs, 1.1 * busyBackoffMs * 2 ** watched.incidents);
    watched.incidentUntilMs = Math.max(watched.incidentUntilMs, nowMs + longestMs);
  }

  #answer(url: string): { answer: Exchange | FetchFault; afterMs: number } {
    const host = this.#hosts.get(new URL(url).hostname) as WebHost;
    const afterMs = 1 + this.#random() * host.slowMs;
    const dice = this.#random();
    if (dice < host.trouble) {
      const kind = Math.floor((dice / host.trouble) * 6);
      if (kind === 0) return { answer: exchange(429, { "retry-after": "7" }), afterMs };
      if (kind === 1) return { answer: exchange(429), afterMs };
      if (kind === 2) return { answer: exchange(503), afterMs };
      if (kind === 3) return { answer: exchange(503, { "retry-after": "2" }), afterMs };
      if (kind === 4) return { answer: exchange(500), afterMs };
      return { answer: new FetchFault("broken", "the answer broke off"), afterMs };
    }
    const { policyMs = 0 } = host;
    const policy = { "ratelimit-policy": `"default";q=4;w=${policyMs / 250}` };
    if (!url.endsWith("/robots.txt"))
      return { answer: exchange(200, policyMs === 0 ? {} : policy), afterMs };
    return {
      answer: host.robots === null ? exchange(404) : exchange(200, {}, host.robots),
      afterMs,
    };
  }
}

/** The first wait after 429 and 503 that the sources of this web are given. */
export const busyBackoffMs = 1_000;

function exchange(status: number, headers: Record<string, string> = {}, body = ""): Exchange {
  return {
    status,
    statusText: "",
    headers: { "content-type": "text/plain", ...headers },
    rawHeaders: [],
    httpVersion: "1.1",
    ip: null,
    request: { method: "GET", target: "/", headers: [], body: null },
    body: Buffer.from(body),
    truncated: false,
    firstByteMs: 0,
    totalMs: 0,
  };
}
