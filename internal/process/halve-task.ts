// A task that did not fit into memory, in two: by its inputs, or by the records or members of the only one.
import type { FilesSource, Source } from "../model/pipeline.ts";
import type { ProcessTask, TaskInput } from "../model/task.ts";
import type { OpenBucket } from "./list-drops.ts";
import { splitDrop } from "./split-drop.ts";

/** An input of less is not cut any more: it is not what takes the memory. */
const leastBytes = 1024 * 1024;

/** Tasks of about half the input each, in its order, with names of their own; the task alone when it cannot be cut. */
export async function halveTask(
  task: ProcessTask,
  source: Source,
  openBucket: OpenBucket,
  signal: AbortSignal,
): Promise<ProcessTask[]> {
  const { inputs } = task;
  const [only] = inputs;
  const halves =
    inputs.length > 1 || only === undefined || source.kind !== "files"
      ? halvesOf(inputs)
      : await halveInput(only, source, openBucket, signal);
  if (halves.length < 2) return [task];
  return halves.map((half, i) => ({ ...task, task: `${task.task}-h${i + 1}`, inputs: half }));
}

/** All that fits into half the bytes, at least one; and the rest. */
function halvesOf(inputs: readonly TaskInput[]): TaskInput[][] {
  const total = inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let sizeBytes = inputs[0]?.sizeBytes ?? 0;
  let count = 1;
  while (count < inputs.length - 1) {
    sizeBytes += inputs[count]?.sizeBytes ?? 0;
    if (sizeBytes > total / 2) break;
    count++;
  }
  return [inputs.slice(0, count), inputs.slice(count)].filter((half) => half.length > 0);
}

async function halveInput(
  input: TaskInput,
  source: FilesSource,
  openBucket: OpenBucket,
  signal: AbortSignal,
): Promise<TaskInput[][]> {
  if (input.sizeBytes < leastBytes) return [[input]];
  const parts = await splitDrop(input, source, Math.ceil(input.sizeBytes / 2), openBucket, signal);
  return parts.map((part) => [part]);
}
