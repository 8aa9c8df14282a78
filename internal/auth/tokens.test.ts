// Tokens are had once for all, renewed in time, rotated, and lie nowhere in clear.
import { expect, test } from "vitest";
import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Asked, Exchange } from "../fetch/fetch-page.ts";
import { openMemoryQueue } from "../queue/queue-memory.ts";
import type { Clock } from "../std/clock.ts";
import { type OAuth2, tokenRequest } from "./ask-token.ts";
import { Tokens } from "./tokens.ts";

const client: OAuth2 = {
  kind: "oauth2",
  tokenUrl: "https://id.test/token",
  clientId: "me:1",
  clientSecret: "se cret",
  refreshToken: null,
  clientAuth: "basic",
  scope: "read write",
  audience: "https://api.test",
  params: { tenant: "t" },
};
const refreshing = { ...client, refreshToken: "first-refresh" };

function newWorld(answerOf: (n: number, form: URLSearchParams) => [number, object]) {
  let nowMs = 1_000_000;
  const clock: Clock = {
    wallMs: () => nowMs,
    steadyMs: () => nowMs,
    setTimer: (body, delayMs) => {
      setImmediate(() => {
        nowMs += delayMs;
        body();
      });
      return () => undefined;
    },
  };
  const queue = openMemoryQueue({ now: () => nowMs, shards: 1 });
  const forms: URLSearchParams[] = [];
  const ask = async (_: string, asked: Asked): Promise<Exchange> => {
    const form = new URLSearchParams(asked.body);
    forms.push(form);
    const [status, answer] = answerOf(forms.length, form);
    return { status, body: Buffer.from(JSON.stringify(answer)) } as Exchange;
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { ask, forms, pass, queue, newPod: () => new Tokens(queue, clock) };
}
const granted = (n: number): [number, object] => [
  200,
  { access_token: `access-${n}`, token_type: "bearer", expires_in: 3_600 },
];

test("the client proves itself by Basic, form-encoded first, or in the form", () => {
  const basic = tokenRequest(client, null);
  expect(basic.headers.authorization).toBe(`Basic ${btoa("me%3A1:se+cret")}`);
  expect(basic.body).toBe(
    "grant_type=client_credentials&scope=read+write&audience=https%3A%2F%2Fapi.test&tenant=t",
  );
  const body = tokenRequest(
    { ...client, clientAuth: "body", scope: null, audience: null, params: {} },
    "r",
  );
  expect(body.headers.authorization).toBeUndefined();
  expect(body.body).toBe(
    "grant_type=refresh_token&refresh_token=r&client_id=me%3A1&client_secret=se+cret",
  );
});

test("one token serves all who ask, in all processes, until a minute before its end", async () => {
  const { ask, forms, pass, newPod } = newWorld(granted);
  const [a, b] = [newPod(), newPod()];
  const all = await Promise.all([a, a, b, b].map((pod) => pod.get(client, ask)));
  expect(new Set(all)).toEqual(new Set(["access-1"]));
  pass(3_530_000);
  expect(await b.get(client, ask)).toBe("access-1");
  pass(11_000);
  expect(await b.get(client, ask)).toBe("access-2");
  expect(await a.get(client, ask)).toBe("access-2");
  expect(forms).toHaveLength(2);
});

test("a rejected token is renewed once; who comes later takes the new one", async () => {
  const { ask, forms, newPod } = newWorld(granted);
  const [a, b] = [newPod(), newPod()];
  const old = await a.get(client, ask);
  await b.get(client, ask);
  a.reject(client, old);
  expect(await a.get(client, ask)).toBe("access-2");
  b.reject(client, old);
  expect(await b.get(client, ask)).toBe("access-2");
  expect(forms).toHaveLength(2);
});

test("a rotated refresh token is used next, by any process; nothing is stored in clear", async () => {
  const { ask, forms, pass, queue, newPod } = newWorld((n) => [
    200,
    { access_token: `access-${n}`, expires_in: 100, refresh_token: `rotated-${n}` },
  ]);
  await newPod().get(refreshing, ask);
  pass(95_000);
  await newPod().get(refreshing, ask);
  expect(forms.map((form) => form.get("refresh_token"))).toEqual(["first-refresh", "rotated-1"]);
  const stored = [...(await queue.listState("token/"))].map(
    ([key, value]) => key + Buffer.from(value).toString("latin1"),
  );
  expect(stored).toHaveLength(1);
  expect(stored.join()).not.toMatch(/access-|rotated-|first-refresh|se cret/);
});

test.each<[string, number, object, string]>([
  [
    "a refusal",
    400,
    { error: "invalid_client", error_description: "se cret is wrong" },
    "refused: the token endpoint https://id.test answered HTTP 400 (invalid_client: *** is wrong)",
  ],
  ["no token", 200, {}, "refused: the token endpoint https://id.test gave no access_token"],
  [
    "another type",
    200,
    { access_token: "x", token_type: "mac" },
    "refused: the token endpoint https://id.test gave a token of type mac, not Bearer",
  ],
  ["trouble", 503, {}, "broken: the token endpoint https://id.test answered HTTP 503"],
])("%s is said, without secrets", async (_, status, answer, expected) => {
  const { ask, newPod } = newWorld(() => [status, answer]);
  const error = await newPod()
    .get(client, ask)
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(FetchFault);
  const { kind, message } = error as FetchFault;
  expect(`${kind}: ${message}`).toBe(expected);
});

test("an endpoint that said no is left alone for a minute, one in trouble is not", async () => {
  const world = newWorld((n) => (n < 3 ? [n === 1 ? 503 : 401, {}] : granted(n)));
  const pod = world.newPod();
  const get = () => pod.get(client, world.ask).catch((error: FetchFault) => error.kind);
  expect([await get(), await get(), await get()]).toEqual(["broken", "refused", "refused"]);
  expect(world.forms).toHaveLength(2);
  world.pass(61_000);
  expect(await get()).toBe("access-3");
});
