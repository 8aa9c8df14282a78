// Pages that did not come again have their rows all the same, in the pages table and in what is extracted.
import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { processBatch } from "../../test/support/process-batch.ts";
import type { WebSource } from "../model/pipeline.ts";
import type { KnownBefore, RawRecord } from "../model/raw-record.ts";

const source: Partial<WebSource> = {
  kind: "web",
  name: "s",
  pages: "pages",
  extract: [
    {
      table: "heads",
      match: "**",
      rows: null,
      fields: { head: { css: "h1", attr: null, as: "text", many: false } },
    },
  ],
};

const firstSeen = "2026-01-01T00:00:00.000Z";
const lastSeen = "2026-03-03T00:00:00.000Z";

const record = (path: string, changes: Partial<RawRecord>): RawRecord => ({
  url: `https://a.example/${path}`,
  final_url: `https://a.example/${path}`,
  status: 200,
  headers: {},
  fetched_at: "2026-03-04T00:00:00.000Z",
  depth: 1,
  source: "s",
  kind: "page",
  page: 0,
  digest: "d",
  content_type: "text/html",
  charset: "utf-8",
  body: null,
  body_b64: null,
  timing: { first_byte_ms: 1, total_ms: 2 },
  attempt: 1,
  error: null,
  ...changes,
});
const old = (path: string, body: string) => record(path, { body, fetched_at: firstSeen });
const raw = (...records: RawRecord[]) =>
  zstdCompressSync(records.map((each) => `${JSON.stringify(each)}\n`).join(""));
const known = (more: Partial<KnownBefore>): KnownBefore => ({
  changed: false,
  first_seen: firstSeen,
  last_seen: lastSeen,
  ...more,
});

const utc = (iso: string) => `${iso.slice(0, 10)} ${iso.slice(11, 19)}+00`;

test("a page that did not change has the body of an earlier run, wherever that stands", async () => {
  const [pages, heads] = await processBatch({
    source,
    earlier: {
      "raw/a": raw(old("other", "no"), old('q?"\\', "<h1>odd</h1>"), old("1", "<h1>one</h1>")),
      "raw/b": raw(old("2", "<h1>two</h1>")),
    },
    files: {
      "x.jsonl.zst": raw(
        record("1", { status: 304, depth: 3, known: known({ body_in: "raw/a", status: 200 }) }),
        record("new", { body: '<h1>"body_in":</h1>' }),
      ),
      "y.jsonl.zst": raw(
        record("2", { status: 304, known: known({ body_in: "raw/b", status: 203 }) }),
        record('q?"\\', { status: 304, known: known({ body_in: "raw/a", status: 200 }) }),
        record("same", { body: "<h1>same</h1>", known: known({}) }),
      ),
    },
  });
  expect(heads?.data.map(({ head }) => head)).toEqual(["one", '"body_in":', "two", "odd", "same"]);
  expect(pages?.data[0]).toMatchObject({
    url: "https://a.example/1",
    status: 200,
    text: "one",
    depth: 3,
    changed: false,
    gone: false,
    fetched_at: utc(firstSeen),
    last_seen: utc(lastSeen),
  });
  expect(pages?.data[1]).toMatchObject({ changed: true, first_seen: "2026-03-04 00:00:00+00" });
  expect(pages?.data[4]).toMatchObject({
    changed: false,
    first_seen: utc(firstSeen),
    fetched_at: "2026-03-04 00:00:00+00",
  });
});

test("a body whose raw file is not kept any more is missed, its row is not", async () => {
  const [pages, heads] = await processBatch({
    source,
    files: {
      "x.jsonl.zst": raw(
        record("1", {
          status: 304,
          content_type: "",
          known: known({ body_in: "raw/a", status: 200 }),
        }),
      ),
    },
  });
  expect(pages?.data).toMatchObject([{ status: 200, digest: "d", text: null, changed: false }]);
  expect(heads?.data).toEqual([]);
});

test("a page that is gone has a row that says when it was there last", async () => {
  const [pages, heads] = await processBatch({
    source,
    files: {
      "x.jsonl.zst": raw(
        record("1", { status: 404, digest: "", known: known({ changed: true, gone: true }) }),
      ),
    },
  });
  expect(pages?.data).toMatchObject([
    { status: 404, gone: true, changed: true, text: null, last_seen: utc(lastSeen) },
  ]);
  expect(heads?.data).toEqual([]);
});
