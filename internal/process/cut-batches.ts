// Cutting files into batches: the same files in the same order give the same batches with the same names. Pure.
import { createHash } from "node:crypto";
import { type Source, type TableConfig, tablesOf } from "../model/pipeline.ts";
import type { ProcessTask, TaskInput } from "../model/task.ts";

/** Part of every task's name: a change of what processing makes of the same input must change it. */
export const transformVersion = 5;

/**
 * All that decides what a source's input becomes, without secrets: the run (the same files taken by another run are rows of
 * their own), how records are found, and the settings of the source's tables.
 */
export function transformOf(
  run: string,
  source: Source,
  tables: Record<string, TableConfig>,
): string {
  const how =
    source.kind === "web"
      ? { pages: source.pages, extract: source.extract }
      : source.kind === "files"
        ? { ...source, name: null, urls: null, quietMs: null }
        : {
            records: source.records,
            namespaces: source.namespaces,
            format: source.format,
            columns: source.columns,
            envelope: source.envelope,
          };
  const own = tablesOf(source).map((table) => [table, tables[table] ?? null]);
  return JSON.stringify([transformVersion, run, source.kind, how, own]);
}

/** Files of a batch at most: what is lost when its task is cut off, and what one receipt tells of. */
const maxFiles = 10_000;

/** A name that is derived from the inputs and what is made of them: `<source>-<16 hex digits>`. */
export function batchName(source: string, inputs: readonly TaskInput[], transform: string): string {
  const hash = createHash("sha256").update(transform);
  for (const { path, sizeBytes, etag, part } of inputs)
    hash.update(`\n${path}\t${sizeBytes}\t${etag}${part ? `\t${part.from}` : ""}`);
  return `${source}-${hash.digest("hex").slice(0, 16)}`;
}

/** Joins files, in their order, until a batch reaches `batchBytes` or 10,000 files. */
export function cutBatches(
  source: string,
  kind: ProcessTask["kind"],
  inputs: readonly TaskInput[],
  batchBytes: number,
  transform: string,
  trace: Record<string, string>,
): ProcessTask[] {
  const batches: ProcessTask[] = [];
  let open: TaskInput[] = [];
  let openBytes = 0;
  const close = () => {
    if (open.length > 0)
      batches.push({
        stage: "process",
        task: batchName(source, open, transform),
        source,
        kind,
        inputs: open,
        trace,
      });
    open = [];
    openBytes = 0;
  };
  for (const input of inputs) {
    const isFull = open.length >= maxFiles || openBytes + input.sizeBytes > batchBytes;
    if (open.length > 0 && isFull) close();
    open.push(input);
    openBytes += input.sizeBytes;
  }
  close();
  return batches;
}
