// Several sorted files into one: of a URL that is in more than one, the last file's line counts. Memory: a frame a file.
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SeenFile, type SeenLine, seenFileChunks } from "./seen-file.ts";

/** Files open at once. */
const maxOpen = 64;

/** Merges files, older ones first, into `target`; `scratch` is an empty folder. Gives the number of lines written. */
export async function mergeSeenFiles(
  files: readonly string[],
  target: string,
  scratch: string,
  signal: AbortSignal,
): Promise<number> {
  let rest = [...files];
  for (let round = 0; rest.length > maxOpen; round++) {
    const merged: string[] = [];
    for (let start = 0; start < rest.length; start += maxOpen) {
      const path = join(scratch, `merge-${round}-${merged.length}`);
      await mergeOnce(rest.slice(start, start + maxOpen), path, signal);
      merged.push(path);
    }
    if (round > 0) for (const path of rest) await rm(path);
    rest = merged;
  }
  return mergeOnce(rest, target, signal);
}

async function mergeOnce(
  files: readonly string[],
  target: string,
  signal: AbortSignal,
): Promise<number> {
  const opened: SeenFile[] = [];
  try {
    for (const file of files) opened.push(await SeenFile.open(file));
    let count = 0;
    const counted = async function* () {
      for await (const line of mergeLines(opened.map((file) => file.lines()))) {
        count += 1;
        yield line;
      }
    };
    await pipeline(Readable.from(seenFileChunks(counted())), createWriteStream(target), { signal });
    return count;
  } finally {
    for (const file of opened) await file[Symbol.asyncDispose]();
  }
}

/** Lines of all inputs in ascending order of their keys, each key once: as the last input that has it says. */
export async function* mergeLines(
  inputs: readonly AsyncIterator<SeenLine>[],
): AsyncGenerator<SeenLine> {
  const heads: (SeenLine | null)[] = [];
  const advance = async (input: number) => {
    const next = await (inputs[input] as AsyncIterator<SeenLine>).next();
    heads[input] = next.done ? null : next.value;
  };
  for (let input = 0; input < inputs.length; input++) await advance(input);
  for (;;) {
    let least: SeenLine | null = null;
    for (const head of heads) {
      if (head !== null && (least === null || head.key <= least.key)) least = head;
    }
    if (least === null) return;
    yield least;
    for (let input = 0; input < heads.length; input++) {
      if (heads[input]?.key === least.key) await advance(input);
    }
  }
}
