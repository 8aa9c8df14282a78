// Answers of APIs in all formats to tables: records as they are written, bad ones set aside one by one.
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { zipOf } from "../../test/support/pack-archives.ts";
import { processOne } from "../../test/support/process-batch.ts";
import { rawFile } from "../../test/support/raw-file.ts";
import type { ApiSource } from "../model/pipeline.ts";

const api: Partial<ApiSource> = {
  kind: "api",
  name: "s",
  format: "auto",
  records: "$.data[*]",
  columns: [],
  envelope: {},
  table: "t",
};
const b64 = (text: string | Buffer) => ({ body_b64: Buffer.from(text).toString("base64") });
const badOf = ({ bad }: Awaited<ReturnType<typeof processOne>>) =>
  bad.map(({ line, reason, raw }) => [Number(line), reason, raw]);

test("records keep their numbers, and those that are no rows are set aside alone", async () => {
  const notUtf8 = Buffer.from(
    '{"data":[{"id":1,"v":1.10},\n {"id":2,"v":"\xff"},{"id":3,"id":4}]}',
    "latin1",
  );
  const table = await processOne({ source: api, files: { "a.jsonl.zst": rawFile(b64(notUtf8)) } });
  expect(table.data).toMatchObject([{ id: "1", v: 1.1 }]);
  expect(table.bad.map(({ reason, raw_is_base64 }) => [reason, raw_is_base64])).toEqual([
    ["NOT_UTF8", true],
    ["DUPLICATE_KEY", false],
  ]);
  expect(Buffer.from(String(table.bad[0]?.raw), "base64").toString("latin1")).toBe(
    '{"id":2,"v":"\xff"}',
  );
  expect(table.bad[1]?.raw).toBe('{"id":3,"id":4}');
});

test("a key given twice is seen wherever the records are", async () => {
  const source = { ...api, records: "$.data[?@.ok == 1]" };
  const body = '{"data":[{"ok":1,"x":{"a":1,"a":2}},{"ok":0,"a":1,"a":2},{"ok":1.0}]}';
  const table = await processOne({ source, files: { "a.jsonl.zst": rawFile({ body }) } });
  expect(badOf(table)).toEqual([[1, "DUPLICATE_KEY", '{"ok":1,"x":{"a":1,"a":2}}']]);
  expect(table.rowsOut).toBe(1);
  const twice = rawFile({ body: '{"data":[{"ok":1}],"data":[{"ok":1}]}' });
  for (const each of [source, api]) {
    const both = await processOne({ source: each, files: { "a.jsonl.zst": twice } });
    expect(badOf(both)).toEqual([[1, "DUPLICATE_KEY", '{"data":[{"ok":1}],"data":[{"ok":1}]}']]);
  }
});

test.each([
  ["csv", "text/csv; charset=utf-8", 'id,zip,name\n1,01234,"a ""b"""\n2,5.50,\n\nx,y\n3,x,""\n'],
  [
    "tsv",
    "text/tab-separated-values",
    'id\tzip\tname\n1\t01234\t"a ""b"""\n2\t5.50\t\n\nx\ty\n3\tx\t""\n',
  ],
])("%s", async (_format, content_type, body) => {
  const source = { ...api, columns: ["_page" as const] };
  const files = { "a.jsonl.zst": rawFile({ body, content_type, page: 7 }) };
  const table = await processOne({ source, files });
  expect(table.data.map(({ id, zip, name, _page }) => [id, zip, name, _page])).toEqual([
    ["1", "01234", 'a "b"', "7"],
    ["2", "5.50", null, "7"],
    ["3", "x", "", "7"],
  ]);
  expect(table.bad.map(({ reason }) => reason)).toEqual(["WRONG_COLUMN_COUNT"]);
  expect([table.rowsIn, table.rowsOut, table.quarantined, table.blank]).toEqual([5, 3, 1, 1]);
});

test("NDJSON, a gzip file of it too, with the columns of the source", async () => {
  const lines = '{"id":1}\n{"id":\n\n{"id":3,"_page":9}\n';
  const source = { ...api, columns: ["_source" as const, "_page" as const] };
  const files = { "a.jsonl.zst": rawFile({ body: lines }, b64(gzipSync(lines))) };
  const table = await processOne({ source, files });
  expect(table.data.map(({ id, _source, _page }) => [id, _source, _page])).toEqual(
    ["1", "3", "1", "3"].map((id) => [id, "s", "0"]),
  );
  expect(badOf(table)).toEqual([
    [1, "MALFORMED_JSON", '{"id":'],
    [2, "MALFORMED_JSON", '{"id":'],
  ]);
  expect(table.blank).toBe(2);
});

test("a gzip file of JSON gives its envelope to records before it", async () => {
  const source = { ...api, envelope: { total: "$.meta.total" } };
  const body = gzipSync(
    '\uFEFF{"data": [ {"id":1}, {"id":2, "total": 5}, {} ], "meta": {"total": 3.0}}',
  );
  const table = await processOne({ source, files: { "a.jsonl.zst": rawFile(b64(body)) } });
  expect(table.data.map(({ id, total }) => [id, total])).toEqual([
    ["1", "3"],
    ["2", "3"],
    [null, "3"],
  ]);
});

test("an answer that cannot be read is one row of the quarantine, and none of its records is a row", async () => {
  const cut = '{"data":[{"id":1},{"id":2}';
  const files = { "a.jsonl.zst": rawFile({ body: cut }, b64(gzipSync(cut)), { body: "" }) };
  const table = await processOne({ source: api, files });
  expect(badOf(table)).toEqual([
    [1, "MALFORMED_JSON", cut],
    [2, "MALFORMED_JSON", cut],
    [3, "MALFORMED_JSON", ""],
  ]);
  expect(table.rowsOut).toBe(0);
});

test("each member of a ZIP archive is read by its own format, and a bad one is set aside alone", async () => {
  const members = [
    { name: "a.csv", data: "id,v\n1,x\n2\n" },
    { name: "data/", data: "" },
    { name: "data/b.json", data: '{"data":[{"id":2,"id":2},{"id":3}],"total":7}' },
    { name: "c.ndjson.gz", data: gzipSync('{"id":4}\n{"id":5}\n') },
    { name: "readme.txt", data: "all of it" },
    { name: "d.ndjson", data: '{"id":6}\n', crc: 1 },
    { name: "e.zip", data: zipOf([{ name: "f.csv", data: "id\n8\n" }]) },
  ];
  const source = { ...api, columns: ["_page" as const], envelope: { total: "$.total" } };
  const files = { "a.jsonl.zst": rawFile(b64(zipOf(members)), { body: '{"data":[{"id":9}]}' }) };
  const table = await processOne({ source, files });
  expect(table.data.map(({ id, v, total }) => [id, v, total])).toEqual([
    ["1", "x", null],
    ["3", null, "7"],
    ["4", null, null],
    ["5", null, null],
    ["9", null, null],
  ]);
  expect(table.bad.map(({ file, reason }) => [file, reason])).toEqual([
    ["a.jsonl.zst!a.csv", "WRONG_COLUMN_COUNT"],
    ["a.jsonl.zst!data/b.json", "DUPLICATE_KEY"],
    ["a.jsonl.zst!readme.txt", "MALFORMED_JSON"],
    ["a.jsonl.zst!d.ndjson", "UNREADABLE_FILE"],
    ["a.jsonl.zst!e.zip", "UNREADABLE_FILE"],
  ]);
});

test("a ZIP archive that is cut is one row of the quarantine", async () => {
  const cut = zipOf([{ name: "a.csv", data: "id\n1\n" }]).subarray(0, 50);
  const table = await processOne({ source: api, files: { "a.jsonl.zst": rawFile(b64(cut)) } });
  expect(badOf(table)).toEqual([
    [1, "UNREADABLE_FILE", "the ZIP archive has no directory: it is cut"],
  ]);
});

test("the row elements of XML answers are rows of one form, whatever single answers show", async () => {
  const source = { ...api, records: "/list/item", columns: ["_page" as const] };
  const one = '<?xml version="1.0"?><list><item id="01"><tag>a</tag></item></list>';
  const two = '<list><item id="2"><tag>b</tag><tag>c</tag></item><next/></list>';
  const latin = Buffer.from(
    '<?xml version="1.0" encoding="iso-8859-1"?><list><item id="3"><tag>\xe9</tag></item></list>',
    "latin1",
  );
  const xml = { content_type: "application/atom+xml", page: 4 };
  const files = {
    "a.jsonl.zst": rawFile({ body: one }, { body: two, ...xml }),
    "b.jsonl.zst": rawFile(b64(latin), { ...b64(gzipSync(two)), ...xml }),
  };
  const table = await processOne({ source, files });
  expect(table.data.map(({ id, tag, _page }) => [id, tag, _page])).toEqual([
    ["01", ["a"], "0"],
    ["2", ["b", "c"], "4"],
    ["3", ["é"], "0"],
    ["2", ["b", "c"], "4"],
  ]);
  expect(table.quarantined).toBe(0);
});

test("elements of XML answers have the prefixes that the source gives to namespaces, whatever the document calls them", async () => {
  const source = { ...api, records: "//a:item", namespaces: { a: "urn:x", b: "urn:y" } };
  const body = `<l xmlns="urn:x" xmlns:q="urn:y"><item><id>1</id><q:id>2</q:id></item><q:item/></l>`;
  const files = { "a.jsonl.zst": rawFile({ body, content_type: "text/xml" }) };
  const table = await processOne({ source, files });
  expect(table.data).toEqual([expect.objectContaining({ "a:id": "1", "b:id": "2" })]);
});

test("XML that is cut gives no rows, a page of HTML is no XML, and JSON has no elements", async () => {
  const source = { ...api, records: "//item" };
  const cut = "<?xml version='1.0'?><list><item><a>1</a></item><item>";
  const html = "<!DOCTYPE html><html><item>1</item></html>";
  const json = '{"item":1}';
  const files = {
    "a.jsonl.zst": rawFile({ body: cut }, { body: html, content_type: "text/xml" }, { body: json }),
  };
  const table = await processOne({ source, files });
  expect(badOf(table)).toEqual([
    [1, "MALFORMED_XML", cut],
    [2, "UNREADABLE_FILE", html],
    [3, "UNREADABLE_FILE", json],
  ]);
  expect(table.rowsOut).toBe(0);
});
