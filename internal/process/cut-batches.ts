// Cutting files into batches: the same files in the same order give the same batches with the same names. Pure.
import { createHash } from "node:crypto";
import type { ProcessTask, TaskInput } from "../model/task.ts";

/** Part of every task's name: a change of what processing makes of the same input must change it. */
export const transformVersion = 1;

/** A name that is derived from the inputs and the transform's version: `<source>-<16 hex digits>`. */
export function batchName(source: string, inputs: readonly TaskInput[]): string {
  const hash = createHash("sha256").update(`v${transformVersion}`);
  for (const { path, sizeBytes, etag } of inputs) hash.update(`\n${path}\t${sizeBytes}\t${etag}`);
  return `${source}-${hash.digest("hex").slice(0, 16)}`;
}

/** Joins files, in their order, until a batch reaches `batchBytes`. */
export function cutBatches(
  source: string,
  kind: ProcessTask["kind"],
  inputs: readonly TaskInput[],
  batchBytes: number,
  trace: Record<string, string>,
): ProcessTask[] {
  const batches: ProcessTask[] = [];
  let open: TaskInput[] = [];
  let openBytes = 0;
  const close = () => {
    if (open.length > 0)
      batches.push({
        stage: "process",
        task: batchName(source, open),
        source,
        kind,
        inputs: open,
        trace,
      });
    open = [];
    openBytes = 0;
  };
  for (const input of inputs) {
    if (open.length > 0 && openBytes + input.sizeBytes > batchBytes) close();
    open.push(input);
    openBytes += input.sizeBytes;
  }
  close();
  return batches;
}
