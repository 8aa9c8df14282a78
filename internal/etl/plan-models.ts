// Which models can run now, on which files. Pure: the same tables give the same tasks with the same names.
import { createHash } from "node:crypto";
import type { ModelTask, TableColumn } from "../model/task.ts";
import type { OrderedModel } from "./order-models.ts";

/** A table as a model sees it. */
export type TableInput = { files: string[]; columns: TableColumn[] };

/**
 * Tasks of the models whose tables are complete, in the models' order. `inputOf` gives a source's or the lake's table, null
 * while it is not complete; `outputOf` what a task of this plan has made, null while it has not; `nameOf` turns the name that
 * follows from the inputs into the one to use (a task that came to nothing is tried again under a new one).
 */
export function readyModels(
  models: readonly OrderedModel[],
  inputOf: (table: string) => TableInput | null,
  outputOf: (task: ModelTask) => TableInput | null,
  nameOf: (task: string) => string,
): ModelTask[] {
  const tasks: ModelTask[] = [];
  const made = new Map<string, TableInput | null>(models.map(({ model }) => [model.name, null]));
  for (const { model, reads } of models) {
    const inputs: Record<string, TableInput> = {};
    for (const table of reads) {
      const input = made.has(table) ? made.get(table) : inputOf(table);
      if (input) inputs[table] = input;
    }
    if (Object.keys(inputs).length < reads.length) continue;
    const hash = createHash("sha256").update(
      JSON.stringify([model.sql, model.partitionBy, model.tests, inputs]),
    );
    const name = nameOf(`${model.name}-${hash.digest("hex").slice(0, 16)}`);
    const task: ModelTask = { stage: "etl", task: name, model: model.name, inputs };
    tasks.push(task);
    made.set(model.name, outputOf(task));
  }
  return tasks;
}
