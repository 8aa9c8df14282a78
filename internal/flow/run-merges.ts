// The merges of a run: which of its tables have a key, what must be merged into them, and what came of it.
import { planMerge } from "../etl/plan-merges.ts";
import { type Pipeline, type TableKey, tablesOf } from "../model/pipeline.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { MergeOutput, MergeTask, TaskReceipt } from "../model/task.ts";
import { outputOrder, type RunScope, stayingFiles } from "./table-results.ts";

export type MergeDeps = RunScope & { pipeline: Pick<Pipeline, "tables"> };

/** What a merge came to, by table. */
export type Merges = ReadonlyMap<string, { key: TableKey; output: MergeOutput | null }>;

const nothing: MergeOutput = { files: [], replaced: 0, updated: 0 };

/** The tables with a key that the run's sources write, and their keys. */
export function keyedTables({ sources, pipeline }: MergeDeps): Map<string, TableKey> {
  const keyed = new Map<string, TableKey>();
  for (const table of [...new Set(sources.flatMap(tablesOf))].sort()) {
    const key = pipeline.tables[table]?.key;
    if (key) keyed.set(table, key);
  }
  return keyed;
}

/** Plans the merges of the tables that are complete; `nameOf`: the name that a task goes by now. */
export type MergePlanner = (
  isComplete: (table: string) => boolean,
  receipts: readonly TaskReceipt[],
  snapshots: ReadonlyMap<string, Snapshot>,
  nameOf: (task: string) => string,
) => MergeTask[];

type Plan = {
  receipts: readonly TaskReceipt[];
  published: Snapshot | null;
  task: MergeTask | null;
};

/**
 * A planner that can be asked every round: a table of many files is put in order, and its task named, again only when a
 * receipt has come or the table was published by another run.
 */
export function openMergePlanner(deps: MergeDeps): MergePlanner {
  const plans = new Map<string, Plan>();
  return (isComplete, receipts, snapshots, nameOf) =>
    [...keyedTables(deps)].flatMap(([table, key]) => {
      if (!isComplete(table)) return [];
      const published = snapshots.get(table) ?? null;
      let plan = plans.get(table);
      if (plan === undefined || plan.published !== published || !isSame(plan.receipts, receipts)) {
        const { files, columns } = outputOrder(table, receipts, published);
        const task = planMerge(table, key, columns, files, published, stayingFiles(deps));
        plan = { receipts, published, task };
        plans.set(table, plan);
      }
      return plan.task === null ? [] : [{ ...plan.task, task: nameOf(plan.task.task) }];
    });
}

const isSame = <T>(a: readonly T[], b: readonly T[]) =>
  a.length === b.length && a.every((each, i) => each === b[i]);

/** What became of the merges planned; `output` is null while it is not known. A table without a merge needs none. */
export function mergesOf(
  deps: MergeDeps,
  planned: readonly MergeTask[],
  receiptOf: (task: MergeTask) => TaskReceipt | null,
): Merges {
  const merges = new Map<string, { key: TableKey; output: MergeOutput | null }>();
  for (const [table, key] of keyedTables(deps)) {
    const task = planned.find((each) => each.table === table);
    const output = task === undefined ? nothing : (receiptOf(task)?.merged ?? null);
    merges.set(table, { key, output });
  }
  return merges;
}
