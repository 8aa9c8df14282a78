// Dirty files of all formats with their exact truth: every record is a row, in quarantine, or blank, and nothing is changed.
// DIRTY_SEED=<number> tries another corpus.
import { isUtf8 } from "node:buffer";
import { expect, test } from "vitest";
import { dirtyCorpus } from "../support/dirty/dirty-corpus.ts";
import type { DirtyFile } from "../support/dirty/dirty-file.ts";
import { processOne, type Row } from "../support/process-batch.ts";

const seeds = process.env.DIRTY_SEED ? [Number(process.env.DIRTY_SEED)] : [1, 2, 3];
const declared = { id: "BIGINT", n: "BIGINT", t: "VARCHAR" };

test.each(seeds.flatMap((seed) => [[seed, true] as const, [seed, false] as const]))(
  "every record of the dirty corpus %i is accounted for (declared types: %s)",
  async (seed, isTyped) => {
    const { files, truth } = dirtyCorpus(seed, isTyped);
    const table = await processOne({
      files,
      source: { kind: "files", records: "/d/r" },
      config: { columns: isTyped ? declared : { t: "VARCHAR" } },
    });
    expect(table.data.map(({ id, n, t }) => [id, n, t].map(printed))).toEqual(
      truth.flatMap(({ rows }) => rows).map(({ id, n, t }) => [id, n, t].map(printed)),
    );
    const bad = table.bad.map(badOf);
    for (const file of truth) {
      const found = bad.filter((record) => record[0] === file.name);
      expect(found.sort(byOffset)).toEqual(badIn(file, found.length));
    }
    const blank = truth.reduce((sum, file) => sum + file.blank, 0);
    expect(table.blank).toBe(blank);
    expect(bad.filter(([name]) => !truth.some((file) => file.name === name))).toEqual([]);
    expect(table.rowsIn).toBe(table.data.length + table.bad.length + blank);
  },
);

/** DuckDB's binding takes a byte order mark off the front of every string it gives: the file has it. */
const withoutMark = (text: string) => text.replace(/^\ufeff/, "");

const printed = (value: unknown) =>
  value === null || value === undefined ? null : withoutMark(String(value));

type Bad = [
  file: unknown,
  line: number | null,
  offset: number | null,
  reason: unknown,
  raw: string | null,
];

function badOf({ file, line, byte_offset, reason, raw, raw_is_base64 }: Row): Bad {
  if (reason === "UNREADABLE_FILE") return [file, null, null, reason, null];
  const bytes = Buffer.from(String(raw), raw_is_base64 === true ? "base64" : "utf8");
  return [file, Number(line), Number(byte_offset), reason, printedBytes(bytes)];
}

const byOffset = (a: Bad, b: Bad) =>
  (a[2] ?? Number.POSITIVE_INFINITY) - (b[2] ?? Number.POSITIVE_INFINITY);

const printedBytes = (bytes: Buffer) =>
  isUtf8(bytes) ? withoutMark(bytes.toString()) : bytes.toString("hex");

/** Of a file that is cut: the first of its bad records, and then that it is. */
function badIn({ name, bad, isWhole }: DirtyFile, found: number): Bad[] {
  const records = bad.map(
    ({ line, offset, reason, raw }): Bad => [
      name,
      line,
      offset,
      reason,
      raw === null ? null : printedBytes(raw),
    ],
  );
  if (isWhole) return records;
  return [...records.filter((_, i) => i < found - 1), [name, null, null, "UNREADABLE_FILE", null]];
}
