// Requests and signatures of AWS's public test suite for Signature Version 4.
import { expect, test } from "vitest";
import type { Auth } from "../model/pipeline.ts";
import { signAws } from "./sign-aws.ts";

const auth: Extract<Auth, { kind: "aws" }> = {
  kind: "aws",
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: null,
  region: "us-east-1",
  service: "service",
};
const nowMs = Date.UTC(2015, 7, 30, 12, 36);
const form = { "Content-Type": "application/x-www-form-urlencoded" };
const sign = (path: string, headers = {}, body: string | null = null, as = auth) => {
  const url = new URL(path, "https://example.amazonaws.com");
  return signAws({ url, headers, body, nowMs }, as);
};

test.each<[string, string, object, string | null, string, string]>([
  [
    "nothing but a path",
    "/",
    {},
    null,
    "host;x-amz-date",
    "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
  ],
  [
    "parameters out of order",
    "/?Param2=value2&Param1=value1",
    {},
    null,
    "host;x-amz-date",
    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  ],
  [
    "unreserved characters",
    "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    {},
    null,
    "host;x-amz-date",
    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
  ],
  [
    "a POST",
    "/",
    {},
    "",
    "host;x-amz-date",
    "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  ],
  [
    "a POST with parameters",
    "/?Param1=value1",
    {},
    "",
    "host;x-amz-date",
    "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
  ],
  [
    "a form",
    "/",
    form,
    "Param1=value1",
    "content-type;host;x-amz-date",
    "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
  ],
])("%s", (_, path, headers, body, names, signature) => {
  expect(sign(path, headers, body)).toEqual({
    "x-amz-date": "20150830T123600Z",
    authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
  });
});

test("a session token is sent and signed; S3 wants the hash of the body, too", () => {
  const session = sign("/", {}, null, { ...auth, sessionToken: "token" });
  expect(session["x-amz-security-token"]).toBe("token");
  expect(session.authorization).toContain("SignedHeaders=host;x-amz-date;x-amz-security-token,");
  const s3 = sign("/a%20b", {}, null, { ...auth, service: "s3" });
  expect(s3["x-amz-content-sha256"]).toMatch(/^e3b0c442/);
  expect(s3.authorization).toContain("SignedHeaders=host;x-amz-content-sha256;x-amz-date,");
});
