import { expect, test } from "vitest";
import type { Exchange, Fetcher } from "../fetch/fetch-page.ts";
import { NotSent } from "../fetch/not-sent.ts";
import { openMemoryQueue } from "../queue/queue-memory.ts";
import { systemClock } from "../std/clock.ts";
import type { OAuth2 } from "./ask-token.ts";
import { authorized } from "./authorize.ts";
import { Tokens } from "./tokens.ts";

const client: OAuth2 = {
  kind: "oauth2",
  tokenUrl: "https://id.test/token",
  clientId: "me",
  clientSecret: "secret",
  refreshToken: null,
  clientAuth: "basic",
  scope: null,
  audience: null,
  params: {},
};

test("a request that is given up does not take the token from others that wait for it", async () => {
  const answer = Promise.withResolvers<Exchange>();
  const asked = Promise.withResolvers<void>();
  const sent: (string | undefined)[] = [];
  const fetcher: Fetcher = {
    fetch: (url, { headers }, signal) => {
      if (url !== client.tokenUrl) {
        sent.push(headers.authorization);
        return Promise.resolve({ status: 200 } as Exchange);
      }
      asked.resolve();
      return new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        void answer.promise.then(resolve);
      });
    },
    addressOf: async () => null,
    close: async () => {},
  };
  const tokens = new Tokens(openMemoryQueue(), systemClock);
  const given = new AbortController();
  const first = authorized(fetcher, client, tokens, systemClock);
  const other = authorized(fetcher, client, tokens, systemClock);
  const one = first.fetcher.fetch("https://api.test/1", { headers: {} }, given.signal);
  const two = other.fetcher.fetch(
    "https://api.test/2",
    { headers: {} },
    new AbortController().signal,
  );
  const both = Promise.allSettled([one, two]);
  await asked.promise;
  given.abort(new Error("given up"));
  answer.resolve({ status: 200, body: Buffer.from('{"access_token":"t"}') } as Exchange);
  const [, second] = await both;
  expect(second?.status).toBe("fulfilled");
  expect(sent).toContain("Bearer t");
});

test("a token of the host that is asked goes out in place of the request, which is made again", async () => {
  const sent: string[] = [];
  const fetcher: Fetcher = {
    fetch: async (url, { onSent }) => {
      onSent?.();
      sent.push(url);
      return { status: 200, body: Buffer.from('{"access_token":"t"}') } as Exchange;
    },
    addressOf: async () => null,
    close: async () => {},
  };
  let starts = 0;
  const asked = {
    headers: {},
    onSent: () => {
      starts += 1;
    },
  };
  const tokens = new Tokens(openMemoryQueue(), systemClock);
  const { signal } = new AbortController();
  const own = authorized(fetcher, client, tokens, systemClock);
  await expect(own.fetcher.fetch("https://id.test/1", asked, signal)).rejects.toThrow(NotSent);
  expect([sent, starts]).toEqual([[client.tokenUrl], 1]);
  await own.fetcher.fetch("https://id.test/1", asked, signal);
  expect([sent, starts]).toEqual([[client.tokenUrl, "https://id.test/1"], 2]);
});
