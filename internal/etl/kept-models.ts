// A run's models in the lake: the coordinator reads them from its disk and leaves them there, so that an etl pod needs no
// folder of its own and works with what the coordinator planned with.
import { modelsPath } from "../model/lake-paths.ts";
import type { Objects } from "../objects/objects.ts";
import type { Model } from "./read-models.ts";

/** Writes the models of a run; a coordinator that goes on with it writes them anew. */
export async function keepModels(
  lake: Pick<Objects, "put">,
  token: string,
  models: readonly Model[],
): Promise<void> {
  await lake.put(modelsPath(token), JSON.stringify(models));
}

/** The models of a run. Throws NotFound when its coordinator left none. */
export async function readKeptModels(lake: Pick<Objects, "get">, token: string): Promise<Model[]> {
  const { body } = await lake.get(modelsPath(token));
  return JSON.parse(body.toString("utf8")) as Model[];
}
