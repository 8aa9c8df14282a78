import { expect, test } from "vitest";
import { threadCpuMs } from "../../test/support/cpu-time.ts";
import type { RawRecord } from "../model/raw-record.ts";
import { pageRow } from "./page-row.ts";

function record(changes: Partial<RawRecord>): RawRecord {
  return {
    url: "https://site.example/a",
    final_url: "https://site.example/dir/b",
    status: 200,
    headers: {},
    fetched_at: "2026-01-02T03:04:05.000Z",
    depth: 1,
    source: "site",
    kind: "page",
    page: 0,
    digest: "d1",
    content_type: "text/html; charset=utf-8",
    charset: "UTF-8",
    body: null,
    body_b64: null,
    timing: { first_byte_ms: 1, total_ms: 2 },
    attempt: 1,
    error: null,
    ...changes,
  };
}

test("an HTML page", () => {
  const body =
    "<html lang=de><base href=/x/><link rel='canonical' href=b><title>Ä</title><h1>One</h1>two<script>no</script>" +
    "<a href=c>three</a><img src=no.png>";
  const headers = { etag: 'W/"1"', "last-modified": "Thu, 01 Jan 2026 10:00:00 GMT" };
  expect(pageRow(record({ body, headers }))).toEqual({
    url: "https://site.example/a",
    final_url: "https://site.example/dir/b",
    status: 200,
    content_type: "text/html; charset=utf-8",
    charset: "UTF-8",
    lang: "de",
    title: "Ä",
    text: "One two three",
    links: ["https://site.example/x/b", "https://site.example/x/c"],
    canonical: "https://site.example/x/b",
    digest: "d1",
    size: Buffer.byteLength(body),
    truncated: false,
    skipped: null,
    depth: 1,
    etag: 'W/"1"',
    last_modified: "2026-01-01T10:00:00.000Z",
    fetched_at: "2026-01-02T03:04:05.000Z",
    first_seen: "2026-01-02T03:04:05.000Z",
    last_seen: "2026-01-02T03:04:05.000Z",
    changed: true,
    gone: false,
  });
});

test.each([
  ["no title", { body: "<p>x" }, { title: null, text: "x", links: [], size: 4 }],
  [
    "plain text",
    { body: "a \n b <c>", content_type: "text/plain" },
    { title: null, text: "a b <c>", links: [], size: 9 },
  ],
  [
    "JSON",
    { body: "{}", content_type: "application/json" },
    { title: null, text: null, links: [], size: 2 },
  ],
  [
    "bytes",
    { body_b64: "AAECAw==", content_type: "image/png" },
    { title: null, text: null, links: [], size: 4 },
  ],
  [
    "XHTML",
    { body: "<html xml:lang='en'><p>x</p></html>", content_type: "application/xhtml+xml" },
    { text: "x", lang: null },
  ],
  [
    "a body that was not kept",
    { skipped: "content type image/png", headers: { "content-language": "fr, de" } },
    { skipped: "content type image/png", text: null, lang: "fr" },
  ],
  ["a body that was cut", { body: "x", error: "truncated at 1 bytes" }, { truncated: true }],
  ["a date that is none", { headers: { "last-modified": "yesterday" } }, { last_modified: null }],
  ["no body", {}, { title: null, text: null, links: [], size: 0 }],
])("%s", (_name, changes, expected) => {
  expect(pageRow(record(changes))).toMatchObject(expected);
});

test("a nesting bomb takes no time, and long text is cut at 1 Mi", () => {
  const startedMs = threadCpuMs();
  const row = pageRow(
    record({ body: `${"<div><p><b>".repeat(100_000)}${"word ".repeat(400_000)}<a href=/x>` }),
  );
  expect(threadCpuMs() - startedMs).toBeLessThan(2_000);
  expect(row.text?.length).toBeLessThanOrEqual(1_048_576);
  expect(row.text?.length).toBeGreaterThan(1_048_000);
  expect(row.links).toEqual(["https://site.example/x"]);
});
