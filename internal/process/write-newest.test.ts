import { expect, test } from "vitest";
import { processOne } from "../../test/support/process-batch.ts";

const key = { columns: ["id"], newest: null };
const lines = (...rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

test("of rows with the same key the last one stays, in its place, and the others are counted", async () => {
  const files = {
    "a.ndjson": lines({ id: 1, v: "a" }, { id: 2, v: "b" }, { id: 1, v: "c" }),
    "b.ndjson": lines({ id: 3, v: "d" }, { id: 2, v: "e" }),
  };
  const { data, rowsIn, rowsOut, replaced } = await processOne({ files, config: { key } });
  expect(data.map(({ id, v }) => `${id}${v}`)).toEqual(["1c", "3d", "2e"]);
  expect({ rowsIn, rowsOut, replaced }).toEqual({ rowsIn: 5, rowsOut: 3, replaced: 2 });
});

test("the greatest value of the newest column stays, wherever it stands; no value is the oldest", async () => {
  const newest = { columns: ["id"], newest: "at" };
  const files = {
    "a.ndjson": lines(
      { id: 1, at: "2026-01-03", v: "a" },
      { id: 1, at: "2026-01-02", v: "b" },
      { id: 2, at: null, v: "c" },
      { id: 2, at: "2026-01-01", v: "d" },
      { id: 2, at: null, v: "e" },
    ),
  };
  const { data } = await processOne({ files, config: { key: newest } });
  expect(data.map(({ id, v }) => `${id}${v}`)).toEqual(["1a", "2d"]);
});

test("a key is found twice in two partitions, and the row that came last stays", async () => {
  const files = { "a.ndjson": lines({ id: 1, state: "open" }, { id: 1, state: "done" }) };
  const config = { key, partitionBy: [{ name: "state", expression: null }] };
  const { data, files: written } = await processOne({ files, config });
  expect(data.map(({ state }) => state)).toEqual(["done"]);
  expect(written.map(({ partition }) => partition)).toEqual([{ state: "done" }]);
});

test("rows without a whole key are all kept", async () => {
  const files = { "a.ndjson": lines({ id: null, v: 1 }, { id: null, v: 2 }, { v: 3 }, { id: 1 }) };
  const { rowsOut, replaced } = await processOne({ files, config: { key } });
  expect({ rowsOut, replaced }).toEqual({ rowsOut: 4, replaced: 0 });
});

test("a key of several columns is the same when all of them are", async () => {
  const files = { "a.ndjson": lines({ a: 1, b: "x" }, { a: 1, b: "y" }, { a: 1, b: "x" }) };
  const config = { key: { columns: ["A", "b"], newest: null } };
  expect(await processOne({ files, config })).toMatchObject({ rowsOut: 2, replaced: 1 });
});

test("a key that no row of the table has is an error that names the columns there are", async () => {
  const files = { "a.ndjson": lines({ id: 1 }) };
  const config = { key: { columns: ["ident"], newest: null } };
  await expect(processOne({ files, config })).rejects.toThrow(
    'key of "t": there is no column "ident", only id, dt',
  );
});

test("the same rows give the same bytes under every memory limit", async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => ({ id: i % 7_000, v: `value ${i}` }));
  const files = { "a.ndjson": lines(...rows) };
  const small = await processOne({ files, config: { key }, memoryLimitMb: 64, onlyProof: true });
  const large = await processOne({ files, config: { key }, memoryLimitMb: 512, onlyProof: true });
  expect(small.replaced).toBe(13_000);
  expect(small.files.map((file) => file.sha256)).toEqual(large.files.map((file) => file.sha256));
});
