// The pipeline's models, read, checked and in order, against the tables there are.
import { listTables, readSnapshot } from "../internal/catalog/snapshots.ts";
import { type OrderedModel, orderModels } from "../internal/etl/order-models.ts";
import { readModels } from "../internal/etl/read-models.ts";
import { type Pipeline, tablesOf } from "../internal/model/pipeline.ts";
import type { Snapshot } from "../internal/model/snapshot.ts";
import type { Objects } from "../internal/objects/objects.ts";
import { openDuckDb } from "../internal/sql/duckdb.ts";

/** Published snapshots of the lake by table. */
export async function loadSnapshots(lake: Objects): Promise<Map<string, Snapshot>> {
  const snapshots = new Map<string, Snapshot>();
  for (const table of await listTables(lake)) {
    const snapshot = await readSnapshot(lake, table);
    if (snapshot !== null) snapshots.set(table, snapshot);
  }
  return snapshots;
}

/**
 * Throws UsageError for a model that is not valid SQL, reads an unknown table, or is part of a circle. `snapshots` null: the
 * lake was not asked, so any table may be there.
 */
export async function loadModels(
  pipeline: Pipeline,
  snapshots: ReadonlyMap<string, Snapshot> | null,
  scratch: string,
): Promise<OrderedModel[]> {
  if (pipeline.models === null) return [];
  const models = await readModels(pipeline.models);
  const sql = await openDuckDb({ memoryLimitMb: 64, scratch, allowedPaths: [] });
  try {
    const reads = new Map<string, string[] | Error>();
    for (const { sql: text } of models) {
      reads.set(text, await sql.readTables(text).catch((error: Error) => error));
    }
    const names = new Set(models.map((model) => model.name));
    const asked = [...reads.values()].flatMap((found) => (found instanceof Error ? [] : found));
    const published = snapshots?.keys() ?? asked.filter((name) => !names.has(name));
    const known = new Set([...pipeline.sources.flatMap(tablesOf), ...published]);
    return orderModels(models, (text) => namesOrThrow(reads.get(text)), known);
  } finally {
    await sql.close();
  }
}

function namesOrThrow(names: string[] | Error | undefined): string[] {
  if (names instanceof Error) throw names;
  return names ?? [];
}
