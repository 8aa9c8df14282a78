// Quality checks over whole runs: what fails, what warns, and that a run that fails one publishes nothing.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunReport } from "../../internal/model/run.ts";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";

const yaml = (checks: string[]) => `pipeline: shop
sources:
  - { name: orders, kind: files, urls: ["file:./orders/*"], table: orders }
  - { name: people, kind: files, urls: ["file:./people/*"], table: people }
tables:
  orders:
    checks:
${checks.map((check) => `      - ${check}\n`).join("")}`;

test("checks of keys, foreign keys, rows and freshness see all batches and what was there before", {
  timeout: 90_000,
}, async () => {
  await using folder = await freshFolder();
  const { path } = folder;
  const run = async (date: string, checks: string[], ...more: string[]) => {
    await writeFile(join(path, "p.yaml"), yaml(checks));
    const args = ["run", "p.yaml", "--date", date, "--json", ...more];
    const { stdout, code } = await runOnpoint(path, args, { ONPOINT_BATCH_BYTES: "1" });
    return { code, report: JSON.parse(stdout) as RunReport };
  };
  await mkdir(join(path, "orders"));
  await mkdir(join(path, "people"));
  await writeFile(join(path, "people/a.csv"), "id,name\n1,ann\n2,bob\n");
  await writeFile(join(path, "orders/a.csv"), "id,person,at\n1,1,2026-01-01\n2,3,2026-01-02\n");
  await writeFile(join(path, "orders/b.csv"), "id,person,at\n2,2,2026-01-01\n4,,2026-01-01\n");
  const all = [
    "{ kind: unique, columns: [id], severity: warn }",
    "{ kind: foreign_key, column: person, table: people, field: id, severity: warn }",
    "{ kind: rows, min: 5, severity: warn }",
    "{ kind: freshness, column: at, within: 1h, severity: warn }",
    "{ kind: not_null, column: person, severity: quarantine }",
  ];
  const warned = await run("2026-01-05", all);
  expect(warned.code).toBe(3);
  expect(warned.report.checks).toEqual([
    {
      table: "orders",
      check: "unique(id)",
      severity: "warn",
      isPassed: false,
      aside: 0,
      failures: 1,
      detail: "",
    },
    {
      table: "orders",
      check: "foreign_key(person -> people.id)",
      severity: "warn",
      isPassed: false,
      aside: 0,
      failures: 1,
      detail: "",
    },
    {
      table: "orders",
      check: "rows",
      severity: "warn",
      isPassed: false,
      aside: 0,
      failures: 0,
      detail: "3 rows, wanted 5 to any number",
    },
    {
      table: "orders",
      check: "freshness(at)",
      severity: "warn",
      isPassed: false,
      aside: 0,
      failures: 0,
      detail: "newest is 2026-01-02T00:00:00.000Z",
    },
    {
      table: "orders",
      check: "not_null(person)",
      severity: "quarantine",
      isPassed: false,
      aside: 1,
      failures: 0,
      detail: "",
    },
  ]);
  const report = await runOnpoint(path, ["report", "--html", "r.html"]);
  expect(report.stdout + report.stderr).toMatch(/r\.html/);
  expect(await readFile(join(path, "r.html"), "utf8")).toMatch(/foreign_key\(person/);
  // The next date brings keys that are there already: per partition they are new, over the table they are not.
  const once = await run("2026-01-06", ["{ kind: unique, columns: [id, person], per: partition }"]);
  expect(once.report.checks).toMatchObject([{ isPassed: true }]);
  expect(once.code).toBe(0);
  const before = await query(path, "SELECT * FROM orders ORDER BY ALL");
  const failed = await run("2026-01-07", ["{ kind: unique, columns: [id, person] }"]);
  expect(failed.code).toBe(1);
  expect(failed.report.errors).toEqual(["check unique(id, person) of orders: 3 rows fail it"]);
  expect(await query(path, "SELECT * FROM orders ORDER BY ALL")).toEqual(before);
});
