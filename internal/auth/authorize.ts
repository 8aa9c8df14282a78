// Requests of a source with the credentials that are made for each of them: a token that is had first, or a signature over
// what is sent. Made as the request goes out, so that nothing of it reaches links, records or logs.
import type { Fetcher } from "../fetch/fetch-page.ts";
import type { Auth } from "../model/pipeline.ts";
import type { Clock } from "../std/clock.ts";
import { signAws } from "./sign-aws.ts";
import { signText } from "./sign-text.ts";
import type { Tokens } from "./tokens.ts";

/** `used`: the token that the last request went with. */
export type Authorized = { fetcher: Fetcher; used: () => string | null };

/** Kinds of credentials that are made for each request. */
const made = new Set<Auth["kind"]>(["oauth2", "aws", "sign"]);
/** A token is for all who wait for it: the end of one of them is no reason to give it up. The fetcher's limits bound it. */
const never = new AbortController().signal;

/** A fetcher that adds what `auth` asks for; the one given, when that is nothing that is made for each request. */
export function authorized(
  fetcher: Fetcher,
  auth: Auth | null,
  tokens: Tokens,
  clock: Clock,
): Authorized {
  // Most sources have none, and this is asked for every page.
  if (auth === null || !made.has(auth.kind)) return { fetcher, used: () => null };
  let token: string | null = null;
  const headersFor = async (
    url: string,
    headers: Record<string, string>,
    body: string | null,
  ): Promise<Record<string, string>> => {
    if (auth.kind === "oauth2") {
      token = await tokens.get(auth, (to, asked) => fetcher.fetch(to, asked, never));
      return { authorization: `Bearer ${token}` };
    }
    const request = { url: new URL(url), headers, body, nowMs: clock.wallMs() };
    if (auth.kind === "aws") return signAws(request, auth);
    return auth.kind === "sign" ? signText(request, auth) : {};
  };
  return {
    used: () => token,
    fetcher: {
      async fetch(url, asked, signal) {
        const more = await headersFor(url, asked.headers, asked.body ?? null);
        signal.throwIfAborted();
        return fetcher.fetch(url, { ...asked, headers: { ...asked.headers, ...more } }, signal);
      },
      addressOf: (...asked) => fetcher.addressOf(...asked),
      close: () => fetcher.close(),
    },
  };
}
