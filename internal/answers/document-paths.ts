// What of an answer is looked for outside its records.
import type { ApiSource } from "../model/pipeline.ts";

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

const noPaths = { next: null, total: null, totalPages: null, more: null };
