import { describe, expect, test } from "vitest";
import { processOne } from "../../test/support/process-batch.ts";

const read = (text: string, csv: { delimiter?: string; header?: boolean; nulls?: string[] }) =>
  processOne({
    files: { "x.csv": text },
    source: { kind: "files", csv: { delimiter: null, header: null, nulls: [], ...csv } },
  });
const withoutDt = (rows: Record<string, unknown>[]) => rows.map(({ dt, ...row }) => row);

describe("what is told of CSV", () => {
  test("NULL in other spellings, but not in quotes, and not in names", async () => {
    const text = 'NA,n,t\n1,NA,NA\n-,2,"NA"\n3,-,""\n4,,-1\n';
    const table = await read(text, { nulls: ["NA", "-"] });
    expect(withoutDt(table.data)).toEqual([
      { NA: "1", n: null, t: null },
      { NA: null, n: "2", t: "NA" },
      { NA: "3", n: null, t: "" },
      { NA: "4", n: null, t: "-1" },
    ]);
    expect(table.columns.find(({ name }) => name === "n")?.type).toBe("BIGINT");
  });

  test("a quoted empty field is NULL where the list has empty text", async () => {
    const table = await read('a,n\nx,"1"\ny,""\n', { nulls: [""] });
    expect(withoutDt(table.data)).toEqual([
      { a: "x", n: "1" },
      { a: "y", n: null },
    ]);
  });

  test("a column alone: NULL is an empty line", async () => {
    const table = await read("a\n1\nNA\n2\n", { nulls: ["NA"] });
    expect(table).toMatchObject({ rowsIn: 3, rowsOut: 2, blank: 1 });
  });

  test.each([
    [{ delimiter: "~" }, "a~b\n1~x,y;z\n", { a: "1", b: "x,y;z" }],
    [{ delimiter: ";" }, "a;b,c,d\n1;x,y,z\n", { a: "1", "b,c,d": "x,y,z" }],
    [{ header: false }, "a,b\n", { column0: "a", column1: "b" }],
    [{ header: true }, "1,2\n3,4\n", { "1": "3", "2": "4" }],
  ])("%j", async (csv, text, row) => {
    expect(withoutDt((await read(text, csv)).data)).toEqual([row]);
  });
});
