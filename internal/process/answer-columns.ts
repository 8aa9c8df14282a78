// What the rows of an API's answer carry beside the fields of their record: where they came from, and the answer's envelope.
import { compilePath, valueOf as valueAt } from "../extract/json-records.ts";
import type { ApiSource, OriginColumn } from "../model/pipeline.ts";
import type { RawRecord } from "../model/raw-record.ts";

/** The columns of one answer, by name; the same for all of its rows. */
export type AnswerColumns = (answer: RawRecord, document: unknown) => Record<string, unknown>;

const originOf: Record<OriginColumn, (answer: RawRecord, run: string) => unknown> = {
  _source: ({ source }) => source,
  _run: (_, run) => run,
  _fetched_at: ({ fetched_at }) => fetched_at,
  _page: ({ page }) => page,
};

/** Those that `source` asks for, and the keys of parents; null where the answer's envelope lacks a value. */
export function answerColumns(
  source: Pick<ApiSource, "columns" | "envelope">,
  run: string,
): AnswerColumns {
  const envelope = Object.entries(source.envelope).map(
    ([name, path]) => [name, compilePath(path)] as const,
  );
  return (answer, document) => {
    const columns: Record<string, unknown> = { ...answer.keys };
    for (const [name, path] of envelope) columns[name] = valueAt(document, path) ?? null;
    for (const name of source.columns) columns[name] = originOf[name](answer, run);
    return columns;
  };
}
