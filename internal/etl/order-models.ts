// In which order models run: each after the models it reads. Pure.
import { UsageError } from "../std/errors.ts";
import type { Model } from "./read-models.ts";

export type OrderedModel = { model: Model; reads: string[] };

/**
 * Orders models (by name where either may come first). `tableNames` gives the tables a SELECT reads; `known` are the tables
 * that sources write or the lake has. Throws UsageError for an unknown table or a cycle.
 */
export function orderModels(
  models: readonly Model[],
  tableNames: (sql: string) => string[],
  known: ReadonlySet<string>,
): OrderedModel[] {
  const byName = new Map(models.map((model) => [model.name, model]));
  const reads = new Map<string, string[]>();
  for (const model of models) {
    const names = namesIn(model, tableNames);
    for (const name of names) {
      if (name === model.name || (!byName.has(name) && !known.has(name))) {
        const all = [...new Set([...known, ...byName.keys()])]
          .filter((each) => each !== model.name)
          .sort()
          .join(", ");
        const what =
          name === model.name
            ? `model "${name}" reads itself`
            : `model "${model.name}" reads "${name}", which no source or model makes`;
        throw new UsageError(what, model.file, `tables there are: ${all}`);
      }
    }
    reads.set(model.name, names);
  }
  const ordered: OrderedModel[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (model: Model, path: string[]): void => {
    if (state.get(model.name) === "done") return;
    if (state.get(model.name) === "open") {
      const cycle = [...path.slice(path.indexOf(model.name)), model.name].join(" -> ");
      throw new UsageError(
        `models read each other in a circle: ${cycle}`,
        model.file,
        "take one of these references out",
      );
    }
    state.set(model.name, "open");
    const own = reads.get(model.name) ?? [];
    for (const name of own) {
      const next = byName.get(name);
      if (next !== undefined) visit(next, [...path, model.name]);
    }
    state.set(model.name, "done");
    ordered.push({ model, reads: own });
  };
  for (const model of [...models].sort((a, b) => (a.name < b.name ? -1 : 1))) visit(model, []);
  return ordered;
}

function namesIn(model: Model, tableNames: (sql: string) => string[]): string[] {
  try {
    return [...new Set(tableNames(model.sql).map((name) => name.toLowerCase()))].sort();
  } catch (error) {
    throw badSql(model, error);
  }
}

function badSql(model: Model, cause: unknown): UsageError {
  const what = `the model is not valid SQL: ${(cause as Error).message.split("\n")[0]}`;
  return new UsageError(what, model.file, "write one SELECT; try it with: onpoint sql", { cause });
}
