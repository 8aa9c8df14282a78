// The OAuth 2.0 tokens of a process, shared with all others through the queue: under a lease one of them renews, the others
// take what it got. A token is renewed before it ends, and at once when a server rejects it. A rotated refresh token is put
// down before the new access token is used: it is the only one that still counts.
import { hash, randomUUID } from "node:crypto";
import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Queue } from "../queue/queue.ts";
import type { Clock } from "../std/clock.ts";
import { type Ask, askToken, type OAuth2 } from "./ask-token.ts";
import { seal, sealingKey, type Token, unseal } from "./sealed-token.ts";

/** Longer than a request for a token may take. */
const leaseMs = 150_000;
const lookAgainMs = 200;
/** An endpoint that said no is not asked again for so long. */
const refusalMs = 60_000;

type Store = Pick<Queue, "getState" | "putState" | "acquire" | "release">;
type Known = {
  key: Buffer;
  token: Token | null;
  rejected: string | null;
  pending: Promise<Token> | null;
  refusal: { untilMs: number; fault: FetchFault } | null;
};

export class Tokens {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #holder = randomUUID();
  readonly #known = new Map<string, Known>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** An access token that holds. Throws {@link FetchFault} when none is to be had. */
  async get(auth: OAuth2, ask: Ask): Promise<string> {
    const id = idOf(auth);
    const known = this.#of(id, auth);
    const nowMs = this.#clock.wallMs();
    const usable = this.#usable(known, known.token);
    if (usable !== null) return usable.access;
    if (known.refusal !== null && nowMs < known.refusal.untilMs) throw known.refusal.fault;
    known.pending ??= this.#renew(id, known, auth, ask).finally(() => {
      known.pending = null;
    });
    return (await known.pending).access;
  }

  /** A server did not take this token: it is used no more, here or by others. */
  reject(auth: OAuth2, access: string): void {
    const known = this.#of(idOf(auth), auth);
    known.rejected = access;
    if (known.token?.access === access) known.token = null;
  }

  #of(id: string, auth: OAuth2): Known {
    let known = this.#known.get(id);
    if (known === undefined) {
      const secret = `${auth.clientSecret ?? ""}\n${auth.refreshToken ?? ""}`;
      known = {
        key: sealingKey(secret, id),
        token: null,
        rejected: null,
        pending: null,
        refusal: null,
      };
      this.#known.set(id, known);
    }
    return known;
  }

  async #renew(id: string, known: Known, auth: OAuth2, ask: Ask): Promise<Token> {
    const deadlineMs = this.#clock.steadyMs() + leaseMs;
    for (;;) {
      const shared = this.#usable(known, await this.#load(id, known));
      if (shared !== null) return shared;
      const lease = await this.#store.acquire(`token.${id}`, this.#holder, leaseMs);
      if (lease !== null) {
        try {
          return await this.#renewFirst(id, known, auth, ask);
        } finally {
          await this.#store.release(lease);
        }
      }
      if (this.#clock.steadyMs() >= deadlineMs)
        throw new FetchFault("broken", "another process renews the token, and does not end");
      await new Promise<void>((resolve) => {
        this.#clock.setTimer(resolve, lookAgainMs);
      });
    }
  }

  /** Under the lease: another may have been first. */
  async #renewFirst(id: string, known: Known, auth: OAuth2, ask: Ask): Promise<Token> {
    const old = await this.#load(id, known);
    const shared = this.#usable(known, old);
    if (shared !== null) return shared;
    let token: Token;
    try {
      const refresh = auth.refreshToken === null ? null : (old?.refresh ?? auth.refreshToken);
      token = await askToken(auth, refresh, ask, () => this.#clock.wallMs());
    } catch (error) {
      if (error instanceof FetchFault && error.kind === "refused")
        known.refusal = { untilMs: this.#clock.wallMs() + refusalMs, fault: error };
      throw error;
    }
    await this.#store.putState(stateKey(id), seal(token, known.key));
    known.token = token;
    return token;
  }

  async #load(id: string, known: Known): Promise<Token | null> {
    const sealed = await this.#store.getState(stateKey(id));
    return sealed === null ? null : unseal(sealed, known.key);
  }

  /** The token, if it may still be used; it is kept, then. */
  #usable(known: Known, token: Token | null): Token | null {
    if (token === null || token.access === known.rejected) return null;
    if (token.renewAtMs !== null && this.#clock.wallMs() >= token.renewAtMs) return null;
    known.token = token;
    return token;
  }
}

function stateKey(id: string): string {
  return `token/${id}`;
}

/** The same for all who ask the same of the same. */
function idOf(auth: OAuth2): string {
  const { tokenUrl, clientId, scope, audience, params, refreshToken } = auth;
  return hash(
    "sha256",
    JSON.stringify([tokenUrl, clientId, scope, audience, params, refreshToken]),
  ).slice(0, 32);
}
