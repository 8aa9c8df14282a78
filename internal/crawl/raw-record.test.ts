// What is saved of a page by its source's content rules.
import { expect, test } from "vitest";
import { contentCheck } from "../content/content-rules.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import type { FrontierLink } from "../model/link.ts";
import { rawRecord } from "./read-answer.ts";

const url = "https://site.example/a";
const page: FrontierLink = { url, source: "site", kind: "page", depth: 2, priority: 2 };
const at = "2026-01-02T03:04:05.000Z";

function record(body: string, type: string, rules = {}, link = page, truncated = false) {
  const answer = {
    status: 200,
    headers: type === "" ? {} : { "content-type": type },
    body: Buffer.from(body, "latin1"),
    truncated,
    firstByteMs: 1,
    totalMs: 2,
  } as Partial<Exchange> as Exchange;
  const { save, skip, maxBytes } = { save: ["*/*"], skip: ["video"], maxBytes: 100, ...rules };
  return rawRecord(link, answer, at, 1, { check: contentCheck({ save, skip }), maxBytes });
}

test("text as text, all else as its bytes", () => {
  expect(record("<p>\xe4", "text/html")).toMatchObject({
    body: "<p>ä",
    body_b64: null,
    charset: "windows-1252",
  });
  const pdf = record("%PDF-1.4\xff", "application/pdf");
  expect(pdf).toMatchObject({ body: null, charset: "" });
  expect(Buffer.from(pdf.body_b64 ?? "", "base64").toString("latin1")).toBe("%PDF-1.4\xff");
});

test("by what it is, not by what it is called", () => {
  expect(record("<!doctype html><a href=x>", "")).toMatchObject({
    content_type: "text/html",
    body: "<!doctype html><a href=x>",
  });
  expect(record("%PDF-1.4", "text/html")).toMatchObject({
    content_type: "application/pdf",
    body: null,
  });
});

test("a body that is not wanted leaves its reason and its digest", () => {
  const kept = record("x", "text/plain");
  expect(record("x", "text/plain", { save: ["html"] })).toEqual({
    ...kept,
    charset: "",
    body: null,
    skipped: "content type text/plain",
  });
});

test("a body that was not even read has no digest", () => {
  const unread = record("", "video/mp4", {}, page, true);
  expect(unread).toMatchObject({ skipped: "content type video/mp4", digest: "", error: null });
});

test("a long body is cut and marked; the digest is that of all that came", () => {
  const cut = record("abcdef", "text/plain", { maxBytes: 4 });
  expect(cut).toMatchObject({ body: "abcd", error: "truncated at 4 bytes" });
  expect(cut.digest).toBe(record("abcdef", "text/plain").digest);
});
