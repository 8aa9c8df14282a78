// Names to addresses, kept as long as the zone's owner says (TTL), within bounds; failures are kept too, for less long. Names
// that are asked for at the same time are asked for once. Only what is in memory: a process has its own.
import type { LookupAddress, RecordWithTtl } from "node:dns";

export type Address = { address: string; family: 4 | 6 };

/** Where answers come from: of node:dns, or of a test. */
export type NameSource = {
  resolve4(name: string): Promise<RecordWithTtl[]>;
  resolve6(name: string): Promise<RecordWithTtl[]>;
  /** The system's way: its file of hosts, its search domains. Slow (a thread of the pool), and without a TTL. */
  lookup(name: string): Promise<LookupAddress[]>;
  /** The name is in the system's file of hosts, which comes before DNS. */
  isInHosts(name: string): boolean;
};

export type DnsLimits = {
  /** TTLs are raised and lowered to these. Without a TTL: `minTtlMs`. */
  minTtlMs: number;
  maxTtlMs: number;
  /** How long a failure is kept (RFC 2308 would allow longer; a crawl should notice sooner). */
  negativeTtlMs: number;
  maxNames: number;
};
export const standardDnsLimits: DnsLimits = {
  minTtlMs: 30_000,
  maxTtlMs: 3_600_000,
  negativeTtlMs: 30_000,
  maxNames: 20_000,
};

/** RFC 8305 section 3: how long the IPv6 answer is waited for when the IPv4 one is there. */
const otherFamilyMs = 50;

type Entry = { untilMs: number; addresses: Promise<Address[]> };

export class DnsCache {
  readonly #source: NameSource;
  readonly #limits: DnsLimits;
  readonly #nowMs: () => number;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();

  constructor(source: NameSource, limits: DnsLimits, nowMs: () => number) {
    this.#source = source;
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /** At least one address. Throws what node:dns throws; the same error while the failure is kept. */
  resolve(name: string): Promise<Address[]> {
    const known = this.#entries.get(name);
    this.#entries.delete(name);
    if (known !== undefined && known.untilMs > this.#nowMs()) {
      this.#entries.set(name, known);
      return known.addresses;
    }
    const entry: Entry = { untilMs: Number.POSITIVE_INFINITY, addresses: Promise.resolve([]) };
    entry.addresses = this.#ask(name).then(
      ({ addresses, ttlMs }) => {
        entry.untilMs = this.#nowMs() + ttlMs;
        return addresses;
      },
      (error: unknown) => {
        entry.untilMs = this.#nowMs() + this.#limits.negativeTtlMs;
        throw error;
      },
    );
    this.#entries.set(name, entry);
    if (this.#entries.size > this.#limits.maxNames) {
      const [oldest = ""] = this.#entries.keys();
      this.#entries.delete(oldest);
    }
    return entry.addresses;
  }

  async #ask(name: string): Promise<{ addresses: Address[]; ttlMs: number }> {
    const { minTtlMs, maxTtlMs } = this.#limits;
    const special = specialName(name);
    if (special !== null) return { addresses: special, ttlMs: maxTtlMs };
    // A name without a dot is one for the system's search domains.
    if (name.includes(".") && !this.#source.isInHosts(name)) {
      const records = await this.#askDns(name);
      if (records.length > 0) {
        const ttlMs = Math.min(...records.map(({ ttl }) => ttl * 1000));
        return {
          addresses: records.map(({ address, family }) => ({ address, family })),
          ttlMs: Math.min(Math.max(ttlMs, minTtlMs), maxTtlMs),
        };
      }
    }
    const found = await this.#source.lookup(name);
    return { addresses: found.map(asAddress), ttlMs: minTtlMs };
  }

  /** Nothing when DNS has nothing or cannot be asked: then the system is, and its error is what counts. */
  async #askDns(name: string): Promise<(Address & { ttl: number })[]> {
    const nothing = () => [];
    const v4 = this.#source.resolve4(name).catch(nothing);
    const v6 = this.#source.resolve6(name).catch(nothing);
    const records4 = await v4;
    const records6 = records4.length === 0 ? await v6 : await Promise.race([v6, afterMs()]);
    return [
      ...records4.map((record) => ({ ...record, family: 4 as const })),
      ...records6.map((record) => ({ ...record, family: 6 as const })),
    ];
  }
}

function afterMs(): Promise<RecordWithTtl[]> {
  return new Promise((resolve) => setTimeout(resolve, otherFamilyMs, []));
}

function asAddress({ address, family }: LookupAddress): Address {
  return { address, family: family === 6 ? 6 : 4 };
}

/** RFC 6761 section 6: `localhost` and names under it are the machine itself, names under `invalid` are nobody. */
function specialName(name: string): Address[] | null {
  if (/(^|\.)localhost\.?$/i.test(name)) {
    return [
      { address: "127.0.0.1", family: 4 },
      { address: "::1", family: 6 },
    ];
  }
  if (!/(^|\.)invalid\.?$/i.test(name)) return null;
  throw Object.assign(new Error(`${name} is under "invalid"`), { code: "ENOTFOUND" });
}
