// Saved answers to tables: API records, the pages table, extractions.
import { expect, test } from "vitest";
import { processBatch, processOne } from "../../test/support/process-batch.ts";
import { rawFile as segment } from "../../test/support/raw-file.ts";
import type { ApiSource, WebSource } from "../model/pipeline.ts";
import type { RawRecord } from "../model/raw-record.ts";

const api: Partial<ApiSource> = {
  kind: "api",
  name: "s",
  format: "auto",
  records: "$.data[*]",
  columns: [],
  envelope: {},
  table: "t",
};

const web: Partial<WebSource> = {
  kind: "web",
  name: "s",
  pages: "pages",
  extract: [
    {
      table: "books",
      match: "**/book/*",
      rows: null,
      fields: {
        title: { css: "h1", attr: null, as: "text", many: false },
        price: { css: ".price", attr: null, as: "decimal", many: false },
        tags: { css: "li", attr: null, as: "integer", many: true },
      },
    },
  ],
};

test("records of all answers, numbers as they came", async () => {
  const table = await processOne({
    source: api,
    files: {
      "a.jsonl.zst": segment(
        { body: '{"data":[{"id":12345678901234567890,"v":1.5},{"id":2,"v":2}]}' },
        { status: 404, body: '{"data":[{"id":404}]}' },
        { body: "<html>sorry" },
        { body: '{"data":[7,{"id":3}]}' },
        { status: 204 },
        { body: '{"data":[]}' },
        { body: '"text"' },
      ),
      "b.jsonl.zst": segment({ body_b64: Buffer.from('{"data":[{"id":4}]}').toString("base64") }),
    },
  });
  expect(table.data.map(({ id, v }) => [id, v])).toEqual([
    ["12345678901234567890", 1.5],
    ["2", 2],
    ["3", null],
    ["4", null],
  ]);
  expect(table.bad.map(({ file, line, reason, raw }) => [file, Number(line), reason, raw])).toEqual(
    [
      ["a.jsonl.zst", 3, "MALFORMED_JSON", "<html>sorry"],
      ["a.jsonl.zst", 4, "NOT_AN_OBJECT", "7"],
      ["a.jsonl.zst", 7, "MALFORMED_JSON", '"text"'],
    ],
  );
  expect([table.rowsIn, table.rowsOut, table.quarantined]).toEqual([7, 4, 3]);
});

test("a bad answer is kept up to 64 KiB, at a whole character", async () => {
  const table = await processOne({
    source: api,
    files: { "a.jsonl.zst": segment({ body: `x${"é".repeat(50_000)}` }) },
  });
  expect(table.bad[0]?.raw).toBe(`x${"é".repeat(32_767)}`);
  expect(table.files).toEqual([]);
});

test("a record whose value does not fit its declared type", async () => {
  const table = await processOne({
    source: api,
    config: { columns: { id: "INTEGER" } },
    files: {
      "a.jsonl.zst": segment(
        { body: '{"data":[{"id":1}]}' },
        { body: '{"data":[{"id":2},{"id":"x"}]}' },
      ),
    },
  });
  expect(table.bad.map(({ line, reason, raw }) => [Number(line), reason, raw])).toEqual([
    [2, "BAD_CAST:id", '{"id":"x"}'],
  ]);
  expect(table.data.map((row) => row.id)).toEqual([1, 2]);
});

test("pages and extractions", async () => {
  const page = (path: string, body: string): Partial<RawRecord> => ({
    url: `https://a.example/${path}`,
    final_url: `https://a.example/${path}`,
    kind: "page",
    content_type: "text/html",
    body,
  });
  const [pages, books] = await processBatch({
    source: web,
    files: {
      "a.jsonl.zst": segment(
        page("", "<title>Home</title><p>Hi <a href=/book/1>one</a>"),
        page("book/1", "<h1>One</h1><b class=price>£1,051.77</b><li>1<li>2"),
        page("book/2", "<h1>Two</h1><b class=price>call us</b>"),
        page("book/3", "<h1>Three</h1><li>x"),
        page("book/4", "<div>".repeat(600)),
        { ...page("gone", "<h1>Gone</h1>"), status: 404 },
        { ...page("sitemap.xml", "<urlset/>"), kind: "sitemap" },
      ),
    },
  });
  expect(pages?.data).toHaveLength(5);
  expect(pages?.data[0]).toMatchObject({
    url: "https://a.example/",
    status: 200,
    title: "Home",
    links: ["https://a.example/book/1"],
    depth: 0,
    fetched_at: "2026-03-04 05:06:07.123+00",
  });
  expect(pages?.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    "url VARCHAR",
    "final_url VARCHAR",
    "status INTEGER",
    "content_type VARCHAR",
    "charset VARCHAR",
    "lang VARCHAR",
    "title VARCHAR",
    "text VARCHAR",
    "links VARCHAR[]",
    "canonical VARCHAR",
    "digest VARCHAR",
    "size BIGINT",
    "truncated BOOLEAN",
    "skipped VARCHAR",
    "depth INTEGER",
    "etag VARCHAR",
    "last_modified TIMESTAMPTZ",
    "fetched_at TIMESTAMPTZ",
    "first_seen TIMESTAMPTZ",
    "last_seen TIMESTAMPTZ",
    "changed BOOLEAN",
    "gone BOOLEAN",
    "dt DATE",
  ]);
  expect(books?.data.map(({ title, price, tags }) => [title, price, tags])).toEqual([
    ["One", "1051.770000000", ["1", "2"]],
  ]);
  expect(books?.bad.map((row) => row.reason)).toEqual([
    "TOO_DEEP",
    "BAD_CAST:price",
    "BAD_CAST:tags",
  ]);
});

test("a cut raw file, and a line that is no record", async () => {
  const whole = segment({ body: '{"data":[]}' });
  await expect(
    processOne({ source: api, files: { "a.jsonl.zst": whole.subarray(0, -4) } }),
  ).rejects.toThrow(/cut or corrupt/);
  await expect(processOne({ source: api, files: { "a.jsonl": "oops\n" } })).rejects.toThrow(
    /line 1 is not a raw record/,
  );
});

test("rows say where they came from, and carry what stands outside the records", async () => {
  const table = await processOne({
    source: {
      ...api,
      columns: ["_source", "_run", "_fetched_at", "_page"],
      envelope: { total: "$.meta.total", first: "$.data[0].id" },
    } as Partial<ApiSource>,
    files: {
      "a.jsonl.zst": segment(
        { body: '{"data":[{"id":1,"total":7}],"meta":{"total":98765432109876543210}}' },
        { page: 1, body: '{"data":[{"id":2},12345678901234567890]}' },
      ),
    },
  });
  const rows = table.data.map((row) =>
    ["id", "total", "first", "_source", "_run", "_page"].map((name) => String(row[name])),
  );
  expect(rows).toEqual([
    ["1", "98765432109876543210", "1", "s", "run-1", "0"],
    ["2", "null", "2", "s", "run-1", "1"],
  ]);
  expect(table.columns.find(({ name }) => name === "_fetched_at")?.type).toMatch(/^TIMESTAMP/);
  expect(table.bad.map(({ reason, raw }) => [reason, raw])).toEqual([
    ["NOT_AN_OBJECT", "12345678901234567890"],
  ]);
});

test("a record that gives a key twice is rejected alone, as it was written", async () => {
  const body = '{"data":[{"id":1},{"id":2, "a":{"x":1,"x":2}},{"id":3}],"meta":1,"meta":2}';
  for (const columns of [[], ["_page"]] as const) {
    const table = await processOne({
      source: { ...api, columns } as Partial<ApiSource>,
      files: { "a.jsonl.zst": segment({ body }) },
    });
    expect(table.data.map(({ id }) => String(id))).toEqual(["1", "3"]);
    expect(table.bad.map(({ reason, raw }) => [reason, raw])).toEqual([
      ["DUPLICATE_KEY", '{"id":2, "a":{"x":1,"x":2}}'],
    ]);
  }
});
