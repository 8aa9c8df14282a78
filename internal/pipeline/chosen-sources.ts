// The sources that a run is about.
import { type ApiSource, type Pipeline, type Source, tablesOf } from "../model/pipeline.ts";

/**
 * The sources that `only` (source and table names; null: all) names, in the order of the file, and those that they are fetched
 * for each record of.
 */
export function chosenSources(
  pipeline: Pick<Pipeline, "sources">,
  only: readonly string[] | null,
): Source[] {
  const { sources } = pipeline;
  if (only === null) return sources;
  const chosen = new Set<string>();
  for (const source of sources) {
    if (!only.some((name) => namesOf(source).includes(name))) continue;
    let at: Source | undefined = source;
    while (at !== undefined && !chosen.has(at.name)) {
      chosen.add(at.name);
      const from: string | undefined = at.kind === "api" ? at.each?.from : undefined;
      at = sources.find(({ name }) => name === from);
    }
  }
  return sources.filter(({ name }) => chosen.has(name));
}

/** Those of them that are fetched for each record of `parent`. */
export function childrenOf(
  pipeline: Pick<Pipeline, "sources">,
  only: readonly string[] | null,
  parent: Source,
): ApiSource[] {
  if (parent.kind !== "api") return [];
  return chosenSources(pipeline, only)
    .filter((source) => source.kind === "api")
    .filter(({ each }) => each?.from === parent.name);
}

/** What `only` may call a source: its name and its tables. */
export function namesOf(source: Source): string[] {
  return [source.name, ...tablesOf(source)];
}
