// Files in, Parquet out, read back: formats, schemas, partitions, same bytes.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { processOne } from "../../test/support/process-batch.ts";
import { openDuckDb } from "../sql/duckdb.ts";
import type { Column } from "./merge-columns.ts";

const typesOf = (columns: Column[]) =>
  Object.fromEntries(columns.map(({ name, type }) => [name, type]));
const lines = (...values: string[]) => `${values.join("\n")}\n`;

describe("formats", () => {
  test("CSV: types from all rows, NULL and '' apart", async () => {
    const table = await processOne({
      files: { "x.csv": 'zip,n,price,day,note\n00501,1,1.5,2024-01-01,\n00601,,2,2024-02-29,""\n' },
    });
    expect(typesOf(table.columns)).toEqual({
      zip: "VARCHAR",
      n: "BIGINT",
      price: "DOUBLE",
      day: "DATE",
      note: "VARCHAR",
      dt: "DATE",
    });
    expect(table.data).toEqual([
      { zip: "00501", n: "1", price: 1.5, day: "2024-01-01", note: null, dt: "2026-03-04" },
      { zip: "00601", n: null, price: 2, day: "2024-02-29", note: "", dt: "2026-03-04" },
    ]);
    expect(table.files[0]).toMatchObject({
      relative: "dt=2026-03-04/drops-0001-0.parquet",
      rows: 2,
      partition: { dt: "2026-03-04" },
    });
  });

  test.each([
    ["semicolons", "a;b\n1;x\n"],
    ["tabs", "a\tb\n1\tx\n"],
    ["CRLF and a byte order mark", "\ufeffa,b\r\n1,x\r\n"],
    ["mixed line ends", "a,b\r\n1,x\n"],
    ["blank lines", "\na,b\n\n1,x\n\n"],
    ["gzip", gzipSync("a,b\n1,x\n")],
    ["two gzip members", Buffer.concat([gzipSync("a,b\n"), gzipSync("1,x\n")])],
    ["zstd", zstdCompressSync(Buffer.from("a,b\n1,x\n"))],
    [
      "two zstd frames",
      Buffer.concat([
        zstdCompressSync(Buffer.from("a,b\n")),
        zstdCompressSync(Buffer.from("1,x\n")),
      ]),
    ],
    ["NDJSON", '{"a":1,"b":"x"}\n'],
    ["NDJSON with a byte order mark", '\ufeff{"a":1,"b":"x"}\n'],
    ["gzipped NDJSON", gzipSync('{"a":1,"b":"x"}')],
    ["a JSON array", '[\n {"a":1,\n "b":"x"}\n]\n'],
    ["a pretty JSON object", '{\n "a":1,\n "b":"x"\n}\n'],
  ])("%s", async (_, content) => {
    const table = await processOne({ files: { "some file": content } });
    expect(table.data).toEqual([{ a: "1", b: "x", dt: "2026-03-04" }]);
    expect(table.rowsIn).toBe(table.rowsOut + table.blank);
  });

  test("a JSONPath into a document", async () => {
    const table = await processOne({
      files: { "x.json": '{"meta":1,"data":{"rows":[{"id":12345678901234567890},{"id":2}]}}' },
      source: { kind: "files", records: "$.data.rows" },
    });
    expect(table.data.map((row) => row.id)).toEqual(["12345678901234567890", "2"]);
    const none = processOne({
      files: { "x.json": '{"data":[]}' },
      source: { kind: "files", records: "$.rows[*]" },
    });
    await expect(none).rejects.toThrow(/nothing is at the records path/);
  });

  test("a file without a header keeps its first row", async () => {
    const table = await processOne({ files: { "x.csv": "1,a\n2,b\n" } });
    expect(table.data.map((row) => [row.column0, row.column1])).toEqual([
      ["1", "a"],
      ["2", "b"],
    ]);
  });

  test("files of several kinds are one table", async () => {
    const table = await processOne({
      files: {
        "1.csv": "id,name\n1,a\n",
        "2.csv": "id,name\n2,b\n",
        "3.csv": "name,ID\nc,3.5\n",
        "4.ndjson": '{"id":4,"more":true}\n',
      },
    });
    expect(typesOf(table.columns)).toEqual({
      id: "DOUBLE",
      name: "VARCHAR",
      more: "BOOLEAN",
      dt: "DATE",
    });
    expect(table.data.map(({ id, name, more }) => [id, name, more])).toEqual([
      [1, "a", null],
      [2, "b", null],
      [3.5, "c", null],
      [4, null, true],
    ]);
  });

  test("names that differ in case are two columns", async () => {
    const csv = await processOne({ files: { "x.csv": "id,ID,,x y\n1,2,3,4\n" } });
    expect(csv.data[0]).toMatchObject({ id: "1", ID_2: "2", column2: "3", "x y": "4" });
    const json = await processOne({
      files: { "x.ndjson": lines('{"id":1,"s":{"a":1}}', '{"ID":2,"":"e","s":null}') },
    });
    expect(json.data.map(({ id, ID_2, column3 }) => [id, ID_2, column3])).toEqual([
      ["1", null, null],
      [null, "2", "e"],
    ]);
    expect(typesOf(json.columns).s).toBe('STRUCT("a" BIGINT)');
  });

  test.each([
    ["PNG", Buffer.from("\u0089PNG\r\n", "latin1"), /found a PNG image/],
    ["HTML", "<!doctype html><p>", /found HTML/],
    ["ZIP", Buffer.from("PK\u0003\u0004abcd", "latin1"), /the ZIP archive/],
    ["UTF-16 without a mark", Buffer.from("a,b\n1,x\n2,y\n3,z\n", "utf16le"), /binary data/],
    ["an open JSON array", '[{"a":1},{"a":2}', /closing "]" is missing/],
    ["a JSON array cut inside", '[{"a":1},{"a', /its end is missing inside a record/],
    ["no JSON between records", '[{"a":1} x]', /"x" between records/],
  ])("refuses %s", async (_, content, message) => {
    await expect(processOne({ files: { drop: content } })).rejects.toThrow(message);
  });

  test("a file that cannot be read costs its own rows, not those of the files beside it", async () => {
    const table = await processOne({
      files: {
        "1.csv": "a\n1\n2\n",
        "2.csv.gz": gzipSync("a\n3\n4\n").subarray(0, 20),
        "3.bin": Buffer.from("\u0089PNG\r\n", "latin1"),
        "4.json": '[{"a":5},{"a":6}',
        "5.csv": "a\n7\n",
      },
    });
    expect(table.data.map((row) => row.a)).toEqual(["1", "2", "7"]);
    expect(table).toMatchObject({ rowsIn: 6, rowsOut: 3, quarantined: 3 });
    const unreadable = { line: null, byte_offset: null, reason: "UNREADABLE_FILE" };
    expect(table.bad).toMatchObject([
      { ...unreadable, file: "2.csv.gz", raw: expect.stringMatching(/cut or corrupt/) },
      { ...unreadable, file: "3.bin", raw: expect.stringMatching(/PNG/) },
      { ...unreadable, file: "4.json", raw: expect.stringMatching(/closing/) },
    ]);
    const none = processOne({ files: { "1.bin": "PK\u0003\u0004abcd", "2.json": "[{" } });
    await expect(none).rejects.toThrow(/1\.bin.*ZIP/);
  });

  test("names that DuckDB would read as patterns or partitions", async () => {
    const table = await processOne({
      files: {
        "dt=2020-01-01/[1]*?.csv": "dt,a\n2021-01-01,1\n",
        "dt=2020-01-01/x.ndjson": '{"dt":"2021-01-02","a":2}\n',
      },
    });
    expect(table.data).toEqual([
      { dt: "2021-01-01", a: "1" },
      { dt: "2021-01-02", a: "2" },
    ]);
    expect(table.files.map((file) => file.relative)).toEqual([
      "dt=2021-01-01/drops-0001-0.parquet",
      "dt=2021-01-02/drops-0001-0.parquet",
    ]);
  });

  test("records of several megabytes", async () => {
    const long = "x".repeat(6_000_000);
    const table = await processOne({
      files: { "x.csv": `a,b\n1,"${long}"\n2,y\n`, "y.ndjson": `{"a":3,"b":"${long}"}\n` },
    });
    expect(table.data.map(({ a, b }) => [a, String(b).length])).toEqual([
      ["1", 6_000_000],
      ["2", 1],
      ["3", 6_000_000],
    ]);
  });

  test("Parquet: declared types are checked, a cut file is refused", async () => {
    const scratch = await mkdtemp(join(tmpdir(), "onpoint-parquet-"));
    const path = join(scratch, "x.parquet");
    const sql = await openDuckDb({ memoryLimitMb: 128, scratch, allowedPaths: [] });
    await sql.run(`COPY (SELECT range AS id, range / 2 AS half FROM range(4)) TO '${path}'`);
    await sql.close();
    const content = await readFile(path);
    await rm(scratch, { recursive: true });
    const table = await processOne({
      files: { "x.parquet": content },
      config: { columns: { half: "BIGINT" } },
    });
    expect(table.data.map((row) => row.half)).toEqual(["0", "1"]);
    expect(table.bad.map(({ line, reason, raw }) => [Number(line), reason, raw])).toEqual([
      [2, "BAD_CAST:half", '{"id":1,"half":0.5}'],
      [4, "BAD_CAST:half", '{"id":3,"half":1.5}'],
    ]);
    const cut = processOne({ files: { "x.parquet": content.subarray(0, -20) } });
    await expect(cut).rejects.toThrow(/"x.parquet": its Parquet cannot be read/);
  });

  test("an empty file is no rows", async () => {
    for (const content of ["", "\n \n", "a,b\n", "[]", gzipSync("")]) {
      const table = await processOne({ files: { drop: content } });
      expect([table.rowsOut, table.quarantined, table.files]).toEqual([0, 0, []]);
    }
  });
});

describe("the registry", () => {
  test("a batch is written with the types of all before it", async () => {
    const registry = new Map();
    await processOne({ files: { "1.csv": "id,v,w\n1,1,\n" }, registry });
    const second = await processOne({ files: { "2.csv": "id,v,w\n1,1.5,2\n" }, registry });
    expect(typesOf(second.columns)).toEqual({
      id: "BIGINT",
      v: "DOUBLE",
      w: "VARCHAR",
      dt: "DATE",
    });
    expect(second.data[0]).toMatchObject({ v: 1.5, w: "2" });
    const third = await processOne({
      files: { "3.csv": "id,v,more\nx,9007199254740993,true\n" },
      registry,
    });
    expect(typesOf(third.columns)).toEqual({
      id: "VARCHAR",
      v: "VARCHAR",
      w: "VARCHAR",
      dt: "DATE",
      more: "BOOLEAN",
    });
    expect(third.data[0]).toMatchObject({ id: "x", v: "9007199254740993", more: true });
    expect(third.schemaVersion).toBe(registry.get("t").version);
  });

  test("a column without a value keeps the type it has", async () => {
    const registry = new Map();
    await processOne({ files: { "1.ndjson": '{"a":1,"l":[1]}\n' }, registry });
    const second = await processOne({ files: { "2.ndjson": '{"a":null,"l":[]}\n' }, registry });
    expect(typesOf(second.columns)).toEqual({ a: "BIGINT", l: "BIGINT[]", dt: "DATE" });
    expect(registry.get("t").version).toBe(1);
  });
});

describe("partitions", () => {
  test("by several columns, an expression, and values that paths must escape", async () => {
    const table = await processOne({
      files: {
        "x.csv":
          "made,who\n2024-01-01T10:00:00,a/b c\n2024-01-01T11:00:00,é=%\n2024-01-02T00:00:00,a/b c\nnever,x\n",
      },
      config: {
        partitionBy: [
          { name: "day", expression: "cast(made as date)" },
          { name: "who", expression: null },
        ],
      },
    });
    expect(table.files.map((file) => [file.relative, file.partition])).toEqual([
      ["day=2024-01-01/who=%C3%A9%3D%25/drops-0001-0.parquet", { day: "2024-01-01", who: "é=%" }],
      ["day=2024-01-01/who=a%2Fb%20c/drops-0001-0.parquet", { day: "2024-01-01", who: "a/b c" }],
      ["day=2024-01-02/who=a%2Fb%20c/drops-0001-0.parquet", { day: "2024-01-02", who: "a/b c" }],
      ["day=__none__/who=x/drops-0001-0.parquet", { day: "__none__", who: "x" }],
    ]);
    expect(table.data.map((row) => row.day)).toContain("2024-01-02");
    expect(typesOf(table.columns).day).toBe("DATE");
  });

  test("a value too long for a folder's name stands under its hash, and stays whole in the file", async () => {
    const values = ["x".repeat(300), "x".repeat(301), "é".repeat(60), "y".repeat(240), "../.."];
    const table = await processOne({
      files: { "x.ndjson": lines(...values.map((key) => JSON.stringify({ key }))) },
      config: { partitionBy: [{ name: "key", expression: null }] },
    });
    expect(table.data.map((row) => row.key).sort()).toEqual(values.toSorted());
    const folders = table.files.map((file) => file.relative.split("/")[0] ?? "");
    expect(folders.filter((name) => /^key=__long__[0-9a-f]{32}$/.test(name))).toHaveLength(3);
    expect(folders).toContain(`key=${"y".repeat(240)}`);
    expect(folders).toContain("key=..%2F..");
  });

  test("more than are open at once: every row, one file each", async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `${i},k${(i * 7919) % 300}`);
    const table = await processOne({
      files: { "x.csv": `id,key\n${lines(...rows)}` },
      config: { partitionBy: [{ name: "key", expression: null }] },
    });
    expect(table.files).toHaveLength(300);
    expect(new Set(table.data.map((row) => row.id)).size).toBe(5000);
  });

  test("a name that is no column, SQL that is none, a name taken", async () => {
    const batch = (name: string, expression: string | null) =>
      processOne({
        files: { "x.csv": "a,b\n1,2\n" },
        config: { partitionBy: [{ name, expression }] },
      });
    await expect(batch("site", null)).rejects.toThrow(
      /partition by "site": the rows have no such column, only a, b/,
    );
    await expect(batch("day", "cast(nope as date)")).rejects.toThrow(/partition by "day".*nope/s);
    await expect(batch("a", "b + 1")).rejects.toThrow(/have a column of that name/);
  });
});

test("any CSV comes back as it was", async () => {
  const field = fc.oneof(
    fc.constantFrom(
      null,
      "",
      "00501",
      "1",
      "x,y",
      'a"b',
      "l1\nl2",
      "c\rd",
      " ",
      "NULL",
      "\\N",
      "#",
      "'",
      "ü€😀",
      "1e400",
    ),
    fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
  );
  const row = fc.tuple(
    field,
    field,
    fc.string({ minLength: 1 }).filter((text) => text.isWellFormed()),
  );
  const rows = fc.sample(row, { numRuns: 2000, seed: 11 });
  const csv = (value: string | null) => (value === null ? "" : `"${value.replaceAll('"', '""')}"`);
  for (const lineEnd of ["\n", "\r\n"]) {
    const content = ["a,b,c", ...rows.map((fields) => fields.map(csv).join(","))].join(lineEnd);
    const table = await processOne({ files: { "x.csv": content } });
    expect(table.quarantined).toBe(0);
    expect(table.data.map(({ a, b, c }) => [a, b, c])).toEqual(rows);
  }
});

test("same bytes under every memory limit, from plain, gzip and zstd", async () => {
  const rows = Array.from({ length: 30_000 }, (_, i) =>
    JSON.stringify({ id: i, k: `k${i % 90}`, text: "x".repeat(i % 50), tags: [i, i % 7] }),
  );
  const content = lines(...rows);
  const config = { partitionBy: [{ name: "k", expression: null }] };
  const hashes = new Set<string>();
  for (const [memoryLimitMb, data] of [
    [256, content],
    [512, gzipSync(content)],
    [2048, zstdCompressSync(Buffer.from(content))],
  ] as const) {
    const table = await processOne({
      files: { "x.ndjson": data },
      config,
      memoryLimitMb,
      onlyProof: true,
    });
    hashes.add(JSON.stringify(table.files.map((file) => [file.relative, file.sha256])));
  }
  expect(hashes.size).toBe(1);
});

test("an abort ends it with the signal's reason", async () => {
  const reason = new Error("drained");
  const signal = AbortSignal.abort(reason);
  await expect(processOne({ files: { "x.csv": "a\n1\n" }, signal })).rejects.toBe(reason);
});
