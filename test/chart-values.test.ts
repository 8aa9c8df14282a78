// What is made from helm/values.yaml is what is committed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { valuesPage, valuesSchema } from "./support/chart-values.ts";
import { checkout } from "./support/run-onpoint.ts";

test("the chart's schema and the table of its values are those of helm/values.yaml", () => {
  const committed = (path: string) => readFileSync(join(checkout, path), "utf8");
  expect(committed("helm/values.schema.json"), "run node test/support/chart-values.ts").toBe(
    valuesSchema(),
  );
  expect(committed("docs/values.md"), "run node test/support/chart-values.ts").toBe(valuesPage());
});
