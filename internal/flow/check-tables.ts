// The quality checks of a run, before it publishes: what its tasks counted, and what only all rows together can tell.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readSnapshot } from "../catalog/snapshots.ts";
import { checkTable } from "../catalog/table-checks.ts";
import { type Pipeline, type Source, tablesOf } from "../model/pipeline.ts";
import type { CheckOutcome } from "../model/table-check.ts";
import type { TaskReceipt } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import type { TableResult } from "./uploads-to-catalog.ts";

export type CheckTablesDeps = {
  lake: Objects;
  pipeline: Pick<Pipeline, "tables">;
  /** The sources that the run is about. */
  sources: readonly Source[];
  scratch: string;
  memoryLimitMb: number;
};

/** Outcomes of all checks of the tables that the run writes, also of those without a row. */
export async function checkTables(
  { lake, pipeline, sources, scratch, memoryLimitMb }: CheckTablesDeps,
  results: readonly TableResult[],
  receipts: readonly TaskReceipt[],
): Promise<CheckOutcome[]> {
  const folder = join(scratch, "checks");
  const filesOf = async (table: string) => {
    const result = results.find((each) => each.table === table);
    const published = await readSnapshot(lake, table);
    const kept = (published?.files ?? []).filter((file) => !(result?.isReplaced(file) ?? false));
    return {
      files: [...kept, ...(result?.files ?? [])],
      columns: result?.columns ?? published?.columns ?? [],
      kept,
    };
  };
  const outcomes: CheckOutcome[] = [];
  try {
    for (const table of new Set(sources.flatMap(tablesOf))) {
      const config = pipeline.tables[table];
      if (config === undefined || config.checks.length === 0) continue;
      const written = results.find((each) => each.table === table) ?? { files: [], columns: [] };
      const outputs = receipts.flatMap(({ tables }) => tables);
      outcomes.push(
        ...(await checkTable(
          { lake, filesOf, scratch: folder, memoryLimitMb, nowMs: Date.now() },
          {
            table,
            checks: config.checks,
            partitionBy: config.partitionBy.map(({ name }) => name),
            written,
            kept: (await filesOf(table)).kept,
            tasks: outputs
              .filter((output) => output.table === table)
              .flatMap(({ checks = [] }) => checks),
          },
        )),
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return outcomes;
}
