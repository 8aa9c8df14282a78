// A raw file as a crawl writes it, of answers that differ from a plain one only in what a test says.
import { zstdCompressSync } from "node:zlib";
import type { RawRecord } from "../../internal/model/raw-record.ts";

/** One line for each of `answers`. */
export function rawFile(...answers: Partial<RawRecord>[]): Buffer {
  return zstdCompressSync(answers.map((each) => `${JSON.stringify(rawAnswer(each))}\n`).join(""));
}

/** A good answer of an API, without a body. */
function rawAnswer(changes: Partial<RawRecord>): RawRecord {
  return {
    url: "https://a.example/1",
    final_url: "https://a.example/1",
    status: 200,
    headers: {},
    fetched_at: "2026-03-04T05:06:07.123Z",
    depth: 0,
    source: "s",
    kind: "api",
    page: 0,
    digest: "00",
    content_type: "application/json",
    charset: "utf-8",
    body: null,
    body_b64: null,
    timing: { first_byte_ms: 1, total_ms: 2 },
    attempt: 1,
    error: null,
    ...changes,
  };
}
