// A problem at a place of the pipeline file.
import type { Problem } from "./problems.ts";
import type { Path, YamlDocument } from "./yaml-document.ts";

/** One problem; none where there is no such place, or its shape is at fault already. */
export function at(document: YamlDocument, path: Path, what: string, fix: string): Problem[] {
  const place = document.place(path);
  if (!place || place.isBroken) return [];
  return [{ ...place.at, what, fix }];
}
