// Requests and signatures of AWS's public test suite for Signature Version 4.
import { readFileSync } from "node:fs";
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
const sign = (path: string, headers = {}, body: string | null = null, as = auth) => {
  const url = new URL(path, "https://example.amazonaws.com");
  return signAws({ url, headers, body, nowMs }, as);
};

type Fact = { title: string; target: string; headers: Record<string, string>; body: string | null };
type Expected = { names: string; signature: string };

const suite = readFileSync(new URL("../../test/corpus/aws-sign/suite.txt", import.meta.url), "utf8")
  .replaceAll(/^;.*\n/gm, "")
  .trim()
  .split("\n\n")
  .map((block): [string, Fact, Expected] => {
    const [title = "", request = "", ...more] = block.split("\n");
    const [method, target = ""] = request.split(/ (.*)/);
    const headers: Record<string, string> = {};
    const fact: Fact = { title, target, headers, body: method === "POST" ? "" : null };
    const expected = { names: "", signature: "" };
    for (const line of more) {
      if (line.startsWith("= ")) fact.body = line.slice(2);
      else if (line.startsWith("-> "))
        [expected.names = "", expected.signature = ""] = line.slice(3).split(" ");
      else headers[line.slice(0, line.indexOf(":"))] = line.slice(line.indexOf(":") + 1);
    }
    return [title, fact, expected];
  });

test("the public suite is all there", () => {
  expect(suite).toHaveLength(30);
});

test.each(suite)("%s", (_, { target, headers, body }, { names, signature }) => {
  const { "X-Amz-Security-Token": sessionToken = null, ...own } = headers;
  // The suite has blanks and letters in paths as a URL never has them.
  const [pathname = "", query] = target.split("?");
  const url = { host: "example.amazonaws.com", pathname, search: query ? `?${query}` : "" };
  const signed = signAws({ url, headers: own, body, nowMs }, { ...auth, sessionToken });
  expect(signed).toEqual({
    ...(sessionToken === null ? {} : { "x-amz-security-token": sessionToken }),
    "x-amz-date": "20150830T123600Z",
    authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
  });
});

test("what changes on the way is not signed, and an escape in a path is escaped once more", () => {
  const plain = sign("/a/b");
  const changing = { Accept: "text/x", "User-Agent": "x", Cookie: "a=b" };
  expect(sign("/a/b", changing)).toEqual(plain);
  expect(sign("/a//./c/../b")).toEqual(plain);
  expect(sign("/a%20b").authorization).not.toBe(sign("/a%2520b").authorization);
});

test("a session token is sent and signed; S3 wants the hash of the body, too", () => {
  const session = sign("/", {}, null, { ...auth, sessionToken: "token" });
  expect(session["x-amz-security-token"]).toBe("token");
  expect(session.authorization).toContain("SignedHeaders=host;x-amz-date;x-amz-security-token,");
  const s3 = sign("/a%20b", {}, null, { ...auth, service: "s3" });
  expect(s3["x-amz-content-sha256"]).toMatch(/^e3b0c442/);
  expect(s3.authorization).toContain("SignedHeaders=host;x-amz-content-sha256;x-amz-date,");
});
