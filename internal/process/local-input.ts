// The inputs of a task on the local disk: a whole file, or what the task takes of a large one.
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { readDirectory } from "../archive/zip.ts";
import type { FilePart, TaskInput } from "../model/task.ts";
import { Permanent } from "../std/errors.ts";
import { bytesBetween, type DropBytes, openDrop } from "./drop-bytes.ts";
import type { DroppedFile } from "./dropped-file.ts";
import type { OpenBucket } from "./list-drops.ts";
import { headBytes } from "./sniff-format.ts";

/**
 * A drop as a local file, which may be the drop itself or a new one in `scratch`. Throws Permanent when it has changed since it
 * was listed.
 */
export async function localInput(
  input: TaskInput,
  scratch: string,
  openBucket: OpenBucket,
): Promise<DroppedFile> {
  const { path: name, part } = input;
  const drop = await openDrop(input, openBucket);
  if (drop === null) throw new Permanent(`read "${name}": it is neither on a disk nor in S3`);
  try {
    if (part === undefined) return { name, local: drop.local ?? (await copyWhole(drop, scratch)) };
    if (part.of === "zip") {
      const members = { of: "zip" as const, from: part.from, to: part.to };
      const local = drop.local ?? (await copyMembers(drop, part, newName(scratch)));
      return { name, local, part: members };
    }
    const local = newName(scratch);
    await pipeline(drop.bytes(part.from, part.to), createWriteStream(local));
    if (part.of === "tar") return { name, local };
    const head = await bytesBetween(drop, 0, Math.min(drop.sizeBytes, headBytes + 1));
    const place = { offset: part.from, line: part.line };
    return { name, local, part: { of: "lines", head, place } };
  } finally {
    await drop.close();
  }
}

async function copyWhole(drop: DropBytes, scratch: string): Promise<string> {
  const local = newName(scratch);
  await pipeline(drop.bytes(0, drop.sizeBytes), createWriteStream(local));
  return local;
}

/** Throws Permanent when one of these files on a disk has changed while it was read. */
export async function checkUnchanged(
  inputs: readonly TaskInput[],
  openBucket: OpenBucket,
): Promise<void> {
  for (const input of inputs) {
    // An object that was read has the etag that was asked for.
    if (input.path.startsWith("file:")) await (await openDrop(input, openBucket))?.close();
  }
}

/** Parts of two files of a task may begin at the same byte. */
const newName = (scratch: string) => join(scratch, `input-${randomUUID()}`);

/** An archive that has nothing, and takes no place on the disk, but for the wanted members and the directory. */
async function copyMembers(drop: DropBytes, part: FilePart, local: string): Promise<string> {
  const { sizeBytes } = drop;
  const read = (at: number, length: number) =>
    bytesBetween(drop, at, Math.min(sizeBytes, at + length));
  const { directoryStart } = await readDirectory(read, sizeBytes);
  await using file = await open(local, "w");
  await file.truncate(sizeBytes);
  for (const [from, to] of [
    [part.from, part.to],
    [directoryStart, sizeBytes],
  ] as const) {
    let at = from;
    for await (const chunk of drop.bytes(from, to)) {
      await file.write(chunk, 0, chunk.length, at);
      at += chunk.length;
    }
  }
  return local;
}
