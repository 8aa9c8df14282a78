// Requests of a source with the credentials that are made for each of them: a token that is had first, or a signature over
// what is sent. Made as the request goes out, so that nothing of it reaches links, records or logs.
import type { Asked, Fetcher } from "../fetch/fetch-page.ts";
import { NotSent } from "../fetch/not-sent.ts";
import type { Auth } from "../model/pipeline.ts";
import type { Clock } from "../std/clock.ts";
import { authorityOf } from "../url/url.ts";
import type { OAuth2 } from "./ask-token.ts";
import { signAws } from "./sign-aws.ts";
import { signText } from "./sign-text.ts";
import type { Tokens } from "./tokens.ts";

/** `used`: the token that the last request went with. */
export type Authorized = { fetcher: Fetcher; used: () => string | null };

/** Kinds of credentials that are made for each request. */
const made = new Set<Auth["kind"]>(["oauth2", "aws", "sign"]);
/** A token is for all who wait for it: the end of one of them is no reason to give it up. The fetcher's limits bound it. */
const never = new AbortController().signal;

/**
 * A fetcher that adds what `auth` asks for (a token from the host that is asked takes the place of the request, so that the
 * host's rate holds: it throws NotSent, and the next request goes with the token); the one given, when that is nothing that is made for each request. */
export function authorized(
  fetcher: Fetcher,
  auth: Auth | null,
  tokens: Tokens,
  clock: Clock,
): Authorized {
  // Most sources have none, and this is asked for every page.
  if (auth === null || !made.has(auth.kind)) return { fetcher, used: () => null };
  let token: string | null = null;
  const bearerFor = async (url: string, { onSent }: Asked): Promise<Record<string, string>> => {
    let isInPlace = false;
    token = await tokens.get(auth as OAuth2, (to, asked) => {
      if (onSent === undefined || authorityOf(to) !== authorityOf(url))
        return fetcher.fetch(to, asked, never);
      isInPlace = true;
      return fetcher.fetch(to, { ...asked, onSent }, never);
    });
    if (isInPlace) throw new NotSent(`a token was asked for in place of ${url}`);
    return { authorization: `Bearer ${token}` };
  };
  const headersFor = async (url: string, asked: Asked): Promise<Record<string, string>> => {
    if (auth.kind === "oauth2") return bearerFor(url, asked);
    const { headers, body = null } = asked;
    const request = { url: new URL(url), headers, body, nowMs: clock.wallMs() };
    if (auth.kind === "aws") return signAws(request, auth);
    return auth.kind === "sign" ? signText(request, auth) : {};
  };
  return {
    used: () => token,
    fetcher: {
      async fetch(url, asked, signal) {
        const more = await headersFor(url, asked);
        signal.throwIfAborted();
        return fetcher.fetch(url, { ...asked, headers: { ...asked.headers, ...more } }, signal);
      },
      addressOf: (...asked) => fetcher.addressOf(...asked),
      close: () => fetcher.close(),
    },
  };
}
