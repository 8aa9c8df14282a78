// What of an answer is looked for outside its records.

import type { ApiSource } from "../model/pipeline.ts";
import { plainPath } from "./plain-path.ts";

/** The JSONPaths of a source that are of the document around the records: where paging, `failWhen` and `envelope` look. */
export function documentPaths({
  pagination,
  failWhen,
  envelope,
}: Pick<ApiSource, "pagination" | "failWhen" | "envelope">): string[] {
  const { next, total, totalPages, more } = { ...noPaths, ...pagination };
  return [next, total, totalPages, more, failWhen, ...Object.values(envelope)].filter(
    (path) => path !== null,
  );
}

/** Members by name, and the first or last element of a list: of records, the frame has no others. */
const framePath = /^\$(?:\.[A-Za-z_]\w*|\['[^'\\]*'\]|\["[^"\\]*"\]|\[0\]|\[-1\])*$/;

/** Whether answers of a source may be read without being held: all its paths are such that can be followed while they come. */
export function isStreamed(
  source: Pick<ApiSource, "records" | "pagination" | "failWhen" | "envelope">,
): boolean {
  const isPlain = source.records.startsWith("/") || plainPath(source.records) !== null;
  return isPlain && documentPaths(source).every((path) => framePath.test(path));
}

const noPaths = { next: null, total: null, totalPages: null, more: null };
