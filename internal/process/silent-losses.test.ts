// What DuckDB's readers lose or change without a word must be refused, kept apart, or kept exact here.
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { processOne } from "../../test/support/process-batch.ts";

const reasonsOf = (bad: Record<string, unknown>[]) =>
  bad.map((row) => [Number(row.line), row.reason]);
const lines = (...values: string[]) => `${values.join("\n")}\n`;

describe("silent losses of the engine's readers", () => {
  const rows = lines(...Array.from({ length: 5000 }, (_, i) => `${i},name ${i * 7919}`));
  const content = Buffer.from(`id,name\n${rows}`);

  test.each([
    ["gzip cut short", gzipSync(content).subarray(0, -300)],
    ["gzip without its trailer", gzipSync(content).subarray(0, -8)],
    ["gzip with a wrong CRC", flipped(gzipSync(content), -6)],
    ["zstd cut short", zstdCompressSync(content).subarray(0, -3)],
    ["bytes behind zstd", Buffer.concat([zstdCompressSync(content), Buffer.from("hello")])],
  ])("%s is noticed", async (_, data) => {
    await expect(processOne({ files: { "x.csv": data } })).rejects.toThrow(
      /"x.csv".*(cut or corrupt|of its \d+ bytes)/,
    );
  });

  test("a partition value that is Hive's word for NULL keeps its rows", async () => {
    const table = await processOne({
      files: { "x.csv": 'site,n\nb,1\n,2\n__HIVE_DEFAULT_PARTITION__,3\n"",4\nb,5\n' },
      config: { partitionBy: [{ name: "site", expression: null }] },
    });
    expect(table.files.map((file) => [file.relative, file.rows, file.partition])).toEqual([
      ["site=__none__/drops-0001-0.parquet", 3, { site: "__none__" }],
      ["site=b/drops-0001-0.parquet", 2, { site: "b" }],
    ]);
    expect(table.data.map((row) => row.site)).toEqual([
      null,
      "__HIVE_DEFAULT_PARTITION__",
      "",
      "b",
      "b",
    ]);
  });

  test("bad lines of NDJSON are kept apart, not NULL", async () => {
    const table = await processOne({
      files: {
        "x.ndjson": Buffer.concat([
          Buffer.from(
            lines('{"id":1}', '{"id":', "", "null", "{}", '{"id":1,"id":2}', '{"id":[1,]}', "[1]"),
          ),
          Buffer.from([0xff, 0x0a]),
          Buffer.from('{"id":2}'),
        ]),
      },
    });
    expect(reasonsOf(table.bad)).toEqual([
      [2, "MALFORMED_JSON"],
      [4, "NOT_AN_OBJECT"],
      [6, "DUPLICATE_KEY"],
      [7, "MALFORMED_JSON"],
      [8, "NOT_AN_OBJECT"],
      [9, "NOT_UTF8"],
    ]);
    expect(
      table.bad.map((row) => [Number(row.byte_offset), row.raw, row.raw_is_base64]).slice(-2),
    ).toEqual([
      [53, "[1]", false],
      [57, "/w==", true],
    ]);
    expect(table.bad[0]).toMatchObject({ file: "x.ndjson", schema_version: 1, task: "drops-0001" });
    expect(table.data.map((row) => row.id)).toEqual(["1", null, "2"]);
    expect([table.rowsIn, table.rowsOut, table.quarantined, table.blank]).toEqual([10, 3, 6, 1]);
  });

  test.each(['{"id":', '{"id":1}}', '[{"id":1,}'])(
    "a bad first line of NDJSON costs no other: %s",
    async (line) => {
      const table = await processOne({
        files: { "x.ndjson": lines(line, '{"id":2}', '{"id":3}') },
      });
      expect(reasonsOf(table.bad)).toEqual([[1, "MALFORMED_JSON"]]);
      expect(table.data.map((row) => row.id)).toEqual(["2", "3"]);
    },
  );

  test("an array in a file that is called NDJSON is an array", async () => {
    const table = await processOne({ files: { "x.ndjson": '[\n{"id":1},\n{"id":2}\n]\n' } });
    expect(table.data.map((row) => row.id)).toEqual(["1", "2"]);
  });

  test("integers beyond 2^63, and what no double holds", async () => {
    const table = await processOne({
      files: {
        "x.ndjson": lines(
          '{"id":9223372036854775808,"x":1e400,"y":9007199254740993}',
          '{"id":1,"x":1.5,"y":0.5}',
        ),
      },
    });
    expect(table.data.map(({ id, x, y }) => [id, x, y])).toEqual([
      ["9223372036854775808", "1e400", "9007199254740993"],
      ["1", "1.5", "0.5"],
    ]);
  });

  test("fractions of more digits than a double has", async () => {
    const table = await processOne({
      files: {
        "x.ndjson": lines(
          '{"x":12345678901234567.89,"m":12345678901234567.89,"o":{"a":0.1234567890123456789}}',
          '{"x":0.5,"m":1.5,"o":{"a":1e-400}}',
        ),
        "y.json": '[{"x":1.00000000000000000001,\n"m":1.00000000000000000001}]',
      },
      config: { columns: { m: "DECIMAL(38,2)" } },
    });
    expect(table.data.map(({ x, m, o }) => [x, m, o])).toEqual([
      ["12345678901234567.89", "12345678901234567.89", { a: "0.1234567890123456789" }],
      ["0.5", "1.50", { a: "1e-400" }],
    ]);
    expect(reasonsOf(table.bad)).toEqual([[1, "BAD_CAST:m"]]);
    expect(table.bad[0]?.raw).toBe('{"x":1.00000000000000000001,\n"m":1.00000000000000000001}');
  });

  test("digits far behind the point of a declared number", async () => {
    const values = [
      "1.000000000000",
      "1.000000000001",
      "1e-12",
      "1e-99999999999",
      "1e400",
      "2.50e2",
      "-3.",
      "0.10",
    ];
    const table = await processOne({
      files: { "x.csv": lines("i,m", ...values.map((value) => `${value},${value}`)) },
      config: { columns: { i: "BIGINT", m: "DECIMAL(12,2)" } },
    });
    expect(reasonsOf(table.bad)).toEqual([
      [3, "BAD_CAST:i"],
      [4, "BAD_CAST:i"],
      [5, "BAD_CAST:i"],
      [6, "BAD_CAST:i"],
      [9, "BAD_CAST:i"],
    ]);
    expect(table.data.map(({ i, m }) => [i, m])).toEqual([
      ["1", "1.00"],
      ["250", "250.00"],
      ["-3", "-3.00"],
    ]);
  });

  test("declared types refuse what they would change", async () => {
    const values = ["1", "1.7", '"17"', "null", '"x"', "true", "9223372036854775808"];
    const table = await processOne({
      files: { "x.ndjson": lines(...values.map((value) => `{"id":${value}}`)) },
      config: { columns: { id: "BIGINT" } },
    });
    expect(reasonsOf(table.bad)).toEqual([2, 5, 6, 7].map((line) => [line, "BAD_CAST:id"]));
    expect(table.bad.map((row) => row.raw)).toEqual([
      '{"id":1.7}',
      '{"id":"x"}',
      '{"id":true}',
      '{"id":9223372036854775808}',
    ]);
    expect(table.data.map((row) => row.id)).toEqual(["1", "17", null]);
  });

  test("declared decimals, dates, timestamps and doubles", async () => {
    const table = await processOne({
      files: {
        "x.csv": lines(
          "m,d,t,f",
          "1.25,2024-01-01,2024-01-01T12:00:00+02:00,9007199254740992",
          "1.255,2024-01-01,2024-01-01,1",
          "1,2024-01-01T10:00:00,2024-01-01,1",
          "1,2024-01-01,soon,1",
          "1,2024-01-01,2024-01-01,9007199254740993",
          "1,2024-01-01,2024-01-01,1e400",
          '"",,"",',
        ),
      },
      config: { columns: { m: "DECIMAL(12,2)", d: "DATE", t: "TIMESTAMP", f: "DOUBLE" } },
    });
    expect(reasonsOf(table.bad)).toEqual([
      [3, "BAD_CAST:m"],
      [4, "BAD_CAST:d"],
      [5, "BAD_CAST:t"],
      [6, "BAD_CAST:f"],
      [7, "BAD_CAST:f"],
    ]);
    expect(table.data.map(({ dt: _, ...row }) => row)).toEqual([
      { m: "1.25", d: "2024-01-01", t: "2024-01-01 10:00:00", f: 9007199254740992 },
      { m: null, d: null, t: null, f: null },
    ]);
  });

  test("declared nested types refuse parts that do not fit", async () => {
    const table = await processOne({
      files: {
        "x.ndjson": lines(
          '{"s":{"a":1,"b":["2024-01-01"]}}',
          '{"s":{"a":"x"}}',
          '{"s":{"b":["2024-01-01","no"]}}',
          '{"s":{"a":1,"c":2}}',
          '{"s":5}',
          '{"s":null}',
          '{"s":{"a":2}}',
        ),
      },
      config: { columns: { s: "STRUCT(a BIGINT, b DATE[])" } },
    });
    expect(reasonsOf(table.bad)).toEqual([2, 3, 4, 5].map((line) => [line, "BAD_CAST:s"]));
    expect(table.data.map((row) => row.s)).toEqual([
      { a: "1", b: ["2024-01-01"] },
      null,
      { a: "2", b: null },
    ]);
  });

  test.each([
    ["LF", "\n"],
    ["CR LF", "\r\n"],
  ])("a CR in quotes is no line end of a CSV file with %s", async (_, lineEnd) => {
    const records = ["a,b", '1,"x\ry"', '2,"\r"', "3,x\ry", '4,"x\r\ny"', "5,z"];
    const table = await processOne({ files: { "x.csv": records.join(lineEnd) } });
    expect(table.data.map(({ a, b }) => [a, b])).toEqual([
      ["1", "x\ry"],
      ["2", "\r"],
      ["3", "x\ry"],
      ["4", "x\r\ny"],
      ["5", "z"],
    ]);
  });

  test("CSV faults are kept apart with their place", async () => {
    const table = await processOne({ files: { "x.csv": 'a,b\n1,x\n2\n3,"y\n4,z\n5,"q"r\n' } });
    expect(reasonsOf(table.bad)).toEqual([
      [3, "WRONG_COLUMN_COUNT"],
      [4, "BAD_QUOTE"],
      [6, "BAD_QUOTE"],
    ]);
    expect(table.data.map((row) => row.a)).toEqual(["1", "4"]);
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  const i = changed.length + at;
  changed[i] = (changed[i] ?? 0) ^ 1;
  return changed;
}
