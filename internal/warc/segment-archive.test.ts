import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Exchange } from "../fetch/fetch-page.ts";
import { RecentPayloads, SegmentArchive } from "./segment-archive.ts";
import { recordBytes, warcDigest } from "./warc-record.ts";

const date = "2026-01-02T03:04:05.000Z";
const place = { filename: "a.warc.gz", run: "r", source: "s" };

function exchange(status: number, rawHeaders: Exchange["rawHeaders"] = []): Exchange {
  return {
    status,
    statusText: status === 304 ? "Not Modified" : "OK",
    rawHeaders,
    headers: Object.fromEntries(rawHeaders.map(([name, value]) => [name.toLowerCase(), value])),
    httpVersion: "1.1",
    ip: "192.0.2.1",
    request: { method: "GET", target: "/?key=k", headers: [["X-Key", "k"]], body: null },
    body: Buffer.alloc(0),
    truncated: false,
    firstByteMs: 1,
    totalMs: 2,
  };
}

const archived = (url: string, body: string, answer = exchange(200)) => ({
  url,
  date,
  exchange: answer,
  body: Buffer.from(body),
  truncated: null,
  about: { via: null, depth: 0 },
});

/** The records of a file, one after the other, each unpacked as a member of its own would be. */
async function textOf(archive: SegmentArchive): Promise<string> {
  return gunzipSync(await archive.bytes(place)).toString("latin1");
}

test("digests are as WARC readers write them", () => {
  expect(warcDigest(Buffer.alloc(0))).toBe("sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");
  expect(warcDigest(Buffer.from("ab"), Buffer.from("c"))).toBe(
    "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5",
  );
});

test("a record's length is that of its block, whatever is in it", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const record = recordBytes({
        fields: [["WARC-Type", "metadata"]],
        block: Buffer.from(bytes),
      });
      const end = record.indexOf("\r\n\r\n") + 4;
      const length = /^Content-Length: (\d+)\r$/m.exec(record.toString("latin1", 0, end))?.[1];
      expect(Number(length)).toBe(bytes.length);
      expect(record.subarray(end, end + bytes.length)).toEqual(Buffer.from(bytes));
      expect(record.toString("latin1", end + bytes.length)).toBe("\r\n\r\n");
    }),
  );
});

test("304 is a revisit of the answer that still holds, and keeps its headers", async () => {
  const archive = new SegmentArchive(new RecentPayloads(), "obey", date);
  const answer = exchange(304, [["Content-Length", "70"]]);
  const original = { url: "https://a.example/", date: "2026-01-01T00:00:00Z", recordId: null };
  archive.add(archived("https://a.example/", "", answer), original);
  const text = await textOf(archive);
  expect(text).toContain("WARC-Type: revisit\r\n");
  expect(text).toContain("WARC-Refers-To-Date: 2026-01-01T00:00:00Z\r\n");
  expect(text).toContain("1.1/revisit/server-not-modified\r\n");
  expect(text).toContain("HTTP/1.1 304 Not Modified\r\nContent-Length: 70\r\n\r\n");
  expect(text).not.toContain("WARC-Payload-Digest");
});

test("the same payload is written once, across the segments of an owner", async () => {
  const recent = new RecentPayloads();
  const first = new SegmentArchive(recent, "obey", date);
  expect(first.add(archived("https://a.example/1", "body"))).toBe(4);
  const second = new SegmentArchive(recent, "obey", date);
  expect(second.add(archived("https://a.example/2", "body"))).toBe(0);
  expect(second.add(archived("https://a.example/3", ""))).toBe(0);
  expect((await textOf(first)).match(/^WARC-Type: \w+/gm)).toEqual([
    "WARC-Type: warcinfo",
    "WARC-Type: response",
    "WARC-Type: request",
    "WARC-Type: metadata",
  ]);
  const text = await textOf(second);
  expect(text.match(/^WARC-Type: re(visit|sponse)/gm)).toEqual([
    "WARC-Type: revisit",
    "WARC-Type: response",
  ]);
  expect(text).toContain("WARC-Refers-To-Target-URI: https://a.example/1\r\n");
});

test("what was asked is written without what may be a key", async () => {
  const archive = new SegmentArchive(new RecentPayloads(), "ignore", date);
  archive.add(archived("https://a.example/p?q=1", "x"));
  const text = await textOf(archive);
  expect(text).toContain("GET /p?q=1 HTTP/1.1\r\n\r\n");
  expect(text).not.toContain("key=k");
  expect(text).not.toContain("X-Key");
});

test("old payloads are forgotten", () => {
  const recent = new RecentPayloads();
  for (let n = 0; n <= 4_096; n++) recent.add(String(n), { url: "u", date, recordId: String(n) });
  expect(recent.get("0")).toBeNull();
  expect(recent.get("4096")?.recordId).toBe("4096");
});
