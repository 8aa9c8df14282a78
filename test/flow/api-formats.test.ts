// APIs that answer in other formats than JSON, or in bad JSON: every record in its table or in quarantine, the raw answers kept.
import { glob, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import type { RawRecord } from "../../internal/model/raw-record.ts";
import { zipOf } from "../support/pack-archives.ts";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";

type Answer = { type: string; body: string | Buffer; link?: string };

/** Rows of a page of five, of twelve in all. */
const idsOf = (page: number) =>
  [1, 2, 3, 4, 5].map((n) => (page - 1) * 5 + n).filter((id) => id <= 12);
const lines = (from: number) => `{"id":${from},"at":"2026-01-0${from}"}\n\n{"id":${from + 1}}\n`;

/** More than is held of an answer. */
const manyLines = Array.from(
  { length: 50_000 },
  (_, i) => `{"id":${i},"v":"${"x".repeat(90)}"}\n`,
).join("");

const bigRows = `<row><v>${"y".repeat(80)}</v></row>`.repeat(60);

const answers: Record<string, (page: number) => Answer> = {
  "/csv": (page) => ({
    type: "text/csv",
    body: `id;zip\r\n${idsOf(page)
      .map((id) => `${id};0${id}`)
      .join("\r\n")}${page === 2 ? "\r\n6;1;2" : ""}\r\n`,
  }),
  "/export.tsv": () => ({ type: "application/octet-stream", body: "id\tzip\n1\tx\n" }),
  "/ndjson": (page) => ({
    type: "application/json",
    body: lines(page * 2),
    ...(page < 3 ? { link: `</ndjson?page=${page + 1}>; rel="next"` } : {}),
  }),
  "/gzip": () => ({
    type: "application/gzip",
    body: gzipSync('{"data":[{"id":1},{"id":2,"id":3}],"total":2}'),
  }),
  "/zip": (page) => ({
    type: "application/zip",
    body: zipOf([
      { name: "a.csv", data: page > 2 ? "id\n" : `id\n${page * 2}\n` },
      { name: "b.json", data: page > 2 ? '{"data":[]}' : `{"data":[{"id":${page * 2 + 1}}]}` },
      { name: "readme.txt", data: "all of it" },
    ]),
  }),
  "/xml": (page) => ({
    type: "text/xml",
    body: `<r><n>3</n>${idsOf(page)
      .map((id) => `<row id="${id}"><v>0${id}</v></row>`)
      .join("")}</r>`,
  }),
  "/bigxml": () => ({
    type: "application/octet-stream",
    body: `<?xml version="1.0"?><r>${bigRows.repeat(1000)}</r>`,
  }),
  "/xmljson": () => ({ type: "text/xml", body: "<r><row/></r>" }),
  "/bigzip": () => ({
    type: "application/octet-stream",
    body: zipOf([{ name: "a.ndjson", data: manyLines, stored: true }]),
  }),
  "/zipcursor": () => ({
    type: "application/zip",
    body: zipOf([{ name: "a.csv", data: "id\n1\n" }]),
  }),
  "/latin": () => ({
    type: "application/json",
    body: Buffer.from('{"data":[{"id":1,"name":"é"},{"id":2,"name":"e"}],"total":2}', "latin1"),
  }),
  "/mixed": () => ({ type: "text/csv", body: "id\n1\n" }),
};

const server = createServer((request, answer) => {
  const url = new URL(request.url ?? "/", "http://x");
  const made = answers[url.pathname]?.(Number(url.searchParams.get("page") ?? 1));
  if (made === undefined) return void answer.writeHead(404).end();
  const { type, body, link } = made;
  answer.writeHead(200, { "content-type": type, ...(link === undefined ? {} : { link }) });
  answer.end(body);
});

test("records of all formats are rows, page after page, and what is none is told", {
  timeout: 120_000,
}, async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const source = (name: string, more: string, path = name) =>
    `  - { name: ${name}, kind: api, url: "http://${name}.localhost:${port}/${path}", rate: { perSecond: 100 }, table: ${name}, ${more} }`;
  await using folder = await freshFolder();
  await writeFile(
    join(folder.path, "p.yaml"),
    `pipeline: p
sources:
${source("csv", "format: csv, columns: [_page, _source], pagination: { kind: page, size: 5 }")}
${source("tsv", 'records: "$.data[*]"', "export.tsv")}
${source("ndjson", "format: ndjson, pagination: { kind: link }")}
${source("gzip", 'records: "$.data[*]", envelope: { total: $.total }')}
${source("zip", 'records: "$.data[*]", pagination: { kind: page }')}
${source("xml", "records: /r/row, pagination: { kind: page, size: 5 }")}
${source("bigxml", "format: xml, records: //row")}
${source("xmljson", 'records: "$.r"')}
${source("bigzip", 'records: "$.data[*]"')}
${source("zipcursor", 'records: "$.data[*]", pagination: { kind: cursor, next: $.next }')}
${source("latin", 'records: "$.data[*]"')}
${source("mixed", 'records: "$.data[*]", pagination: { kind: page, total: $.total }')}
`,
  );
  const run = await runOnpoint(folder.path, ["run", "p.yaml", "--date", "2026-07-01", "--json"]);
  const dead = await runOnpoint(folder.path, ["dead", "ls", "p-2026-07-01", "--json"]);
  server.close();
  server.closeAllConnections();
  expect(run.code, run.stderr.slice(-2000)).toBe(3);
  const rows = (text: string) => query<Record<string, unknown>>(folder.path, text);
  expect(
    await rows("SELECT id::INT AS id, zip, _page::INT AS p, _source AS s FROM csv ORDER BY id"),
  ).toEqual(
    [1, 2, 3].flatMap((page) =>
      idsOf(page).map((id) => ({ id, zip: `0${id}`, p: page - 1, s: "csv" })),
    ),
  );
  expect(await rows("SELECT id::INT AS id, zip FROM tsv")).toEqual([{ id: 1, zip: "x" }]);
  expect(await rows("SELECT id::INT AS id FROM ndjson ORDER BY id")).toEqual(
    [2, 3, 4, 5, 6, 7].map((id) => ({ id })),
  );
  expect(await rows("SELECT id::INT AS id, total::INT AS total FROM gzip")).toEqual([
    { id: 1, total: 2 },
  ]);
  expect(await rows("SELECT id::INT AS id FROM latin")).toEqual([{ id: 2 }]);
  const { tables } = JSON.parse(run.stdout) as {
    tables: Record<string, { rows: number; quarantined: number }>;
  };
  const counts = Object.entries(tables).map(([name, { rows: n, quarantined }]) => [
    name,
    n,
    quarantined,
  ]);
  expect(counts.sort()).toEqual([
    ["bigxml", 60_000, 0],
    ["bigzip", 50_000, 0],
    ["csv", 12, 1],
    ["gzip", 1, 1],
    ["latin", 1, 1],
    ["ndjson", 6, 0],
    ["tsv", 1, 0],
    ["xml", 12, 0],
    ["zip", 4, 3],
  ]);
  expect(await rows("SELECT id::INT AS id FROM zip ORDER BY id")).toEqual(
    [2, 3, 4, 5].map((id) => ({ id })),
  );
  expect(await rows("SELECT id::INT AS id, v FROM xml ORDER BY id")).toEqual(
    [1, 2, 3].flatMap((page) => idsOf(page).map((id) => ({ id, v: `0${id}` }))),
  );
  expect(dead.stdout).toContain("records is the JSONPath $.r: write a path of elements");
  expect(dead.stdout).toContain("the answer is ZIP, which has nothing at $.next");
  const [big] = await rawAnswers(folder.path, "bigzip");
  expect(await readFile(join(folder.path, "lake", big?.body_file ?? ""))).toEqual(
    answers["/bigzip"]?.(1).body,
  );
  expect(dead.stdout).toContain("the answer is CSV, which has nothing at $.total");
  expect((await rawAnswers(folder.path, "gzip"))[0]?.body_b64).toBe(sent("/gzip"));
  expect((await rawAnswers(folder.path, "latin"))[0]?.body_b64).toBe(sent("/latin"));
});

function sent(path: string): string {
  return Buffer.from(answers[path]?.(1).body ?? "").toString("base64");
}

async function rawAnswers(folder: string, source: string): Promise<RawRecord[]> {
  const answers: RawRecord[] = [];
  for await (const path of glob(`${folder}/lake/raw/${source}/**/*.jsonl.zst`)) {
    const text = zstdDecompressSync(await readFile(path)).toString("utf8");
    for (const line of text.trimEnd().split("\n")) answers.push(JSON.parse(line) as RawRecord);
  }
  return answers;
}
