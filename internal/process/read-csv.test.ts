// Cutting CSV into records: round trips, stray quotes, ragged records, line numbers.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { csvReader } from "./read-csv.ts";
import { cutCsvRecord, newCsvRecord } from "./scan-csv.ts";
import { newShape, typeOf } from "./shape.ts";

let root = "";

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "onpoint-csv-"));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

async function read(content: string | Buffer, columns: number, header = true) {
  const local = join(root, "x.csv");
  await writeFile(local, content);
  const shapes = Array.from({ length: columns }, () => newShape());
  const good: string[] = [];
  const bad: [number, number, string, string][] = [];
  const reader = csvReader(
    { local, name: "x.csv", compression: "none" },
    { delimiter: ",", header },
    shapes,
  );
  const summary = await reader(
    {
      seen({ line, offset, raw, reason, clean }) {
        if (reason === null) good.push(clean().toString());
        else bad.push([line, offset, reason, raw.toString()]);
      },
      drained: async () => undefined,
    },
    new AbortController().signal,
  );
  return { ...summary, good, bad, types: shapes.map(typeOf) };
}

test("records cut at any byte are the records cut whole", () => {
  const field = fc.oneof(fc.string(), fc.constantFrom("", '"', '""', "a\nb", "a\r\nb", ",", "ü"));
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  fc.assert(
    fc.property(
      fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { minLength: 1 }),
      fc.boolean(),
      (rows, crLf) => {
        const text = rows.map((row) => row.map(quoted).join(",")).join(crLf ? "\r\n" : "\n");
        const bytes = Buffer.from(text);
        const record = newCsvRecord();
        let at = 0;
        for (const row of rows) {
          // Without its end it must ask for more, or cut the same.
          expect(cutCsvRecord(bytes, at, true, 0x2c, record)).toBe(true);
          const { next } = record;
          const values = Array.from({ length: record.count }, (_, i) =>
            bytes.toString("utf8", record.starts[i], record.ends[i]).replaceAll('""', '"'),
          );
          expect([record.problem, values]).toEqual([null, row]);
          for (let end = at; end < next - 1; end++) {
            expect(cutCsvRecord(bytes.subarray(0, end), at, false, 0x2c, record)).toBe(false);
          }
          at = next;
        }
        expect(at).toBe(bytes.length);
      },
    ),
    { numRuns: 60 },
  );
});

test("clean copies keep NULL and the empty text apart", async () => {
  const { good, types, blank, direct } = await read('a,b\n1,\n2,""\n\n"x ""y""",5" pipe\n', 2);
  expect(good).toEqual(['"1",\n', '"2",""\n', '"x ""y""","5"" pipe"\n']);
  expect({ types, blank, direct }).toEqual({
    types: ["VARCHAR", "VARCHAR"],
    blank: 1,
    direct: false,
  });
});

test("a plain file needs no copy", async () => {
  expect((await read('a,b\r\n1,"x\r\ny"\r\n2,z', 2)).direct).toBe(true);
  expect((await read("a,b\r\n1,x\n2,z\n", 2)).direct).toBe(false);
  expect((await read('a,b\n1,"x\r\ny"\n2,z\n', 2)).direct).toBe(false);
  expect((await read('a,b\n1,"x\ry"\n2,z\n', 2)).direct).toBe(false);
  expect((await read("\ufeffa,b\n1,x\n", 2)).direct).toBe(true);
  expect((await read("\ufeff1,x\n", 2, false)).direct).toBe(false);
});

test("a stray quote costs its line, not the rest of the file", async () => {
  const { good, bad } = await read('a,b\n1,x\n2,"y\n3,z\n4,w\n', 2);
  expect(bad).toEqual([[3, 8, "UNTERMINATED_QUOTE", '2,"y']]);
  expect(good).toHaveLength(3);
});

test("two stray quotes cost two lines", async () => {
  const { good, bad } = await read('a,b\n1,"x\n2,y\n3,"z\n4,w\n', 2);
  expect(bad.map(([line, , reason]) => [line, reason])).toEqual([
    [2, "BAD_QUOTE"],
    [4, "UNTERMINATED_QUOTE"],
  ]);
  expect(good).toEqual(['"2","y"\n', "4,w\n"]);
});

test("too few, too many, not UTF-8", async () => {
  const text = Buffer.concat([
    Buffer.from("a,b\n1\n1,2,3\n1,"),
    Buffer.from([0xff]),
    Buffer.from("\n   \n1,2\n"),
  ]);
  const { good, bad, blank } = await read(text, 2);
  expect(bad.map(([line, offset, reason]) => [line, offset, reason])).toEqual([
    [2, 4, "WRONG_COLUMN_COUNT"],
    [3, 6, "WRONG_COLUMN_COUNT"],
    [4, 12, "NOT_UTF8"],
  ]);
  expect({ good, blank }).toEqual({ good: ['"1","2"\n'], blank: 1 });
});

test("lines are counted through quoted line ends", async () => {
  const { bad } = await read('a,b\n"1\n2\n3",x\nbad\n', 2);
  expect(bad).toEqual([[5, 14, "WRONG_COLUMN_COUNT", "bad"]]);
});

test("a record of more than 16 MiB is set aside, and the next one is read", async () => {
  const long = "x".repeat(17 * 1024 * 1024);
  const { good, bad } = await read(
    `a,b\n1,${long}\n2,y\n3,"z\n${`${"q".repeat(1023)}\n`.repeat(17 * 1024)}4,w\n`,
    2,
  );
  expect(bad[0]?.slice(0, 3)).toEqual([2, 4, "TOO_LONG"]);
  expect(bad[1]?.slice(0, 1).concat(bad[1].slice(2))).toEqual([4, "UNTERMINATED_QUOTE", '3,"z']);
  expect(good).toEqual(['"2","y"\n', "4,w\n"]);
});
