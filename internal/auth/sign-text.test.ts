import { expect, test } from "vitest";
import type { Auth } from "../model/pipeline.ts";
import { signText } from "./sign-text.ts";

const auth: Extract<Auth, { kind: "sign" }> = {
  kind: "sign",
  algorithm: "sha256",
  key: "key",
  text: "The quick brown fox jumps over the lazy dog",
  header: "X-Sign",
  value: "v1={signature}",
  encoding: "hex",
  headers: {},
};
const url = new URL("https://a.test/x/y?b=1");
const request = { url, headers: {}, body: null, nowMs: 1_700_000_000_123 };

test.each([
  ["sha256", "hex", "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"],
  ["sha1", "base64", "3nybhbi3iqa8ino29wqQcBydtNk="],
] as const)("HMAC by %s in %s", (algorithm, encoding, digest) => {
  expect(signText(request, { ...auth, algorithm, encoding })).toEqual({ "x-sign": `v1=${digest}` });
});

test("placeholders stand for the parts of the request, the same in the text and in all headers", () => {
  const parts =
    "{method} {host} {path} {pathname} {query} {date} {isoDate} {timestamp} {timestampMs} {body} {bodyHash}";
  expect(signText({ ...request, body: "" }, { ...auth, headers: { Parts: parts } }).parts).toBe(
    "POST a.test /x/y?b=1 /x/y b=1 Tue, 14 Nov 2023 22:13:20 GMT 2023-11-14T22:13:20.123Z 1700000000 1700000000123  e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  const once = signText(request, { ...auth, text: "{nonce}", headers: { n: "{nonce}" } });
  expect(signText(request, { ...auth, text: once.n ?? "" })["x-sign"]).toBe(once["x-sign"]);
});
