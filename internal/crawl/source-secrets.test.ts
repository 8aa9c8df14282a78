import { expect, test } from "vitest";
import type { Exchange } from "../fetch/fetch-page.ts";
import type { ApiSource } from "../model/pipeline.ts";
import { bodyExcerpt } from "./source-secrets.ts";

const source = {
  kind: "api",
  headers: { accept: "application/json", "x-token": "Token h3ader-secret" },
  params: { key: "p&ram/secret", page: "1" },
  secretParams: ["key"],
  secretTexts: ['b0dy"secret'],
  auth: { kind: "basic", user: "u", password: 'pass"word' },
} as unknown as ApiSource;
const excerpt = (text: string) => bodyExcerpt({ body: Buffer.from(text) } as Exchange, source);

test.each([
  ["as it is", "bad key p&ram/secret here", "bad key *** here"],
  ["in a URL", "GET /x?k=p%26ram%2Fsecret", "GET /x?k=***"],
  ["in JSON", '{"sent":"pass\\"word"}', '{"sent":"***"}'],
  ["of what was POSTed", '{"sent":{"pin":"b0dy\\"secret"}}', '{"sent":{"pin":"***"}}'],
  ["as Basic credentials", `got ${btoa('u:pass"word')}`, "got ***"],
  ["a header without its scheme", "h3ader-secret is unknown", "*** is unknown"],
  ["nothing but secrets", "accept application/json", "accept application/json"],
  ["on one line", " a\r\n\tb\u0000c ", "a b c"],
])("masks what the source asked with: %s", (_, body, expected) => {
  expect(excerpt(body)).toBe(expected);
});

test("is a kilobyte at most, and cuts neither a character nor a secret", () => {
  expect(Buffer.byteLength(excerpt("ä".repeat(3_000)))).toBeLessThanOrEqual(1_024);
  expect(excerpt(`${"x".repeat(1_020)}p&ram/secret`)).toBe(`${"x".repeat(1_020)}***`);
});
