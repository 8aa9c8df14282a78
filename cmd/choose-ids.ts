// Ids on the command line: whole, or their first characters when those fit one only.
import { UsageError } from "../internal/std/errors.ts";

const shortest = 4;

/** What the ids mean, each once, in their order. Throws UsageError for one that means nothing or several. */
export function chooseIds<T extends { id: string }>(
  all: readonly T[],
  ids: readonly string[],
  run: string,
): T[] {
  const chosen = new Set<T>();
  for (const id of ids) {
    const wanted = id.toLowerCase();
    const found = all.filter(
      (one) => one.id === wanted || (wanted.length >= shortest && one.id.startsWith(wanted)),
    );
    const [first] = found;
    if (first === undefined) {
      throw new UsageError(
        `no dead letter has the id "${id}", or somebody decided on it`,
        run,
        `\`onpoint dead ls ${run}\` tells the ids`,
      );
    }
    if (found.length > 1) {
      throw new UsageError(
        `"${id}" is the beginning of ${found.length} ids`,
        run,
        "write more of it",
      );
    }
    chosen.add(first);
  }
  return [...chosen];
}
