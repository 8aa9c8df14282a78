import { expect, test } from "vitest";
import { processOne } from "../../test/support/process-batch.ts";

const widths = { id: 4, name: 6, on: 10 };
const read = (x: Buffer | string) =>
  processOne({ files: { x }, source: { kind: "files", format: "fixed", widths } });

test("fields by their characters, without the spaces around them, typed; short lines end in NULL", async () => {
  const table = await read(
    '   1Ä, "x 2024-02-29\r\n  22😀😀😀😀😀😀2023-01-01\n\n 333short\n   4      2022-01-01  \n',
  );
  expect(table.data.map(({ id, name, on }) => [id, name, on])).toEqual([
    ["1", 'Ä, "x', "2024-02-29"],
    ["22", "😀😀😀😀😀😀", "2023-01-01"],
    ["333", "short", null],
    ["4", null, "2022-01-01"],
  ]);
  expect(table).toMatchObject({ rowsIn: 5, blank: 1, bad: [] });
  expect(table.columns.slice(0, 3).map(({ type }) => type)).toEqual(["BIGINT", "VARCHAR", "DATE"]);
});

test("a line with text behind its last field, and one that is no text, are kept as they were", async () => {
  const long = "   1abcdef2024-01-01x";
  const table = await read(
    Buffer.concat([Buffer.from(`${long}\n   2`), Buffer.from([0xff]), Buffer.from("\n   3\n")]),
  );
  expect(table.data.map(({ id }) => id)).toEqual(["3"]);
  expect(table.bad).toMatchObject([
    { line: "1", byte_offset: "0", reason: "WRONG_COLUMN_COUNT", raw: long },
    { line: "2", byte_offset: "22", reason: "NOT_UTF8", raw_is_base64: true },
  ]);
});
