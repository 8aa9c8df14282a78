import { expect, test } from "vitest";
import type { Auth } from "../model/pipeline.ts";
import { authHeaders, withQueryAuth } from "./api-page.ts";

const url = "https://api.example/items";

test("credentials as headers or in the query", () => {
  const auths: Auth[] = [
    { kind: "bearer", token: "t" },
    { kind: "basic", user: "ü", password: "p:w" },
    { kind: "header", name: "X-Key", value: "v" },
    { kind: "query", name: "key", value: "a b" },
  ];
  expect(auths.map((auth) => authHeaders(auth))).toEqual([
    { authorization: "Bearer t" },
    { authorization: "Basic w7w6cDp3" },
    { "x-key": "v" },
    {},
  ]);
  expect(auths.map((auth) => withQueryAuth(url, auth))).toEqual([
    url,
    url,
    url,
    `${url}?key=a%20b`,
  ]);
  expect(authHeaders(null)).toEqual({});
  expect(withQueryAuth(url, null)).toBe(url);
});
