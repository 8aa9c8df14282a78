import fc from "fast-check";
import { expect, test } from "vitest";
import { threadCpuMs } from "../../test/support/cpu-time.ts";
import { redactText, redactValue } from "./redact.ts";

test("URL user info and authenticating query parameters are masked, the rest stays", () => {
  expect(redactText("GET https://me:p%40ss@api.test/v1?page=2&api_key=abc&x=1#f failed")).toBe(
    "GET https://***@api.test/v1?page=2&api_key=***&x=1#f failed",
  );
  expect(redactText("s3://b/k?X-Amz-Signature=ab12&X-Amz-Date=1")).toBe(
    "s3://b/k?X-Amz-Signature=***&X-Amz-Date=1",
  );
  expect(redactText("http://host.test/a@b?author=x&keyword=y")).toBe(
    "http://host.test/a@b?author=x&keyword=y",
  );
});

test("header values are masked in fields, lists and text", () => {
  expect(
    redactValue({
      headers: { Authorization: "Bearer a", "x-api-key": "b", Cookie: ["c"], accept: "d" },
      raw: ["set-cookie", "e", "accept", "f"],
      pairs: [["authorization", "g"]],
      error: "sent authorization: Bearer hhh",
      token: 12,
      secret: null,
    }),
  ).toEqual({
    headers: { Authorization: "***", "x-api-key": "***", Cookie: "***", accept: "d" },
    raw: ["set-cookie", "***", "accept", "f"],
    pairs: [["authorization", "***"]],
    error: "sent authorization: ***",
    token: 12,
    secret: null,
  });
});

test("a cycle ends, and what JSON cannot hold becomes text", () => {
  const cycle: Record<string, unknown> = { big: 1n, at: new Date(0), bad: new Date(Number.NaN) };
  cycle.self = cycle;
  const text = JSON.stringify(redactValue(cycle));
  expect(text).toContain('"big":"1","at":"1970-01-01T00:00:00.000Z","bad":null');
  expect(text).toContain("[...]");
});

test("no password of a URL survives, wherever the URL stands", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9:@!$&*+,;=%_.~-]{1,20}$/);
  fc.assert(
    fc.property(fc.string(), word, fc.string(), (before, password, after) => {
      const url = `https://user:SECRET${password}SECRET@host.test/`;
      expect(redactText(`${before} ${url} ${after}`)).not.toContain(`SECRET${password}SECRET`);
    }),
  );
});

test("a long text without secrets takes no time worth telling", () => {
  const startedMs = threadCpuMs();
  redactText("a".repeat(200_000));
  redactText("a://".repeat(50_000));
  redactText("&token".repeat(40_000));
  expect(threadCpuMs() - startedMs).toBeLessThan(1_000);
});
