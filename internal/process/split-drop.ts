// Large dropped files become several inputs: text at starts of records, archives between members. What is compressed, and formats
// whose records need what stands before them, stay whole. Run by the coordinator, which reads such a file once: its parts
// then know the number of their first line.
import { isTarHeader, readTar } from "../archive/tar.ts";
import { packingOf } from "../archive/unpack.ts";
import { isPackage, isZip, readDirectory } from "../archive/zip.ts";
import type { FilePart, TaskInput } from "../model/task.ts";
import { isSystemError, Permanent } from "../std/errors.ts";
import type { Place } from "./byte-source.ts";
import { cutPlaces } from "./cut-places.ts";
import { bytesBetween, type DropBytes, openDrop } from "./drop-bytes.ts";
import type { OpenBucket } from "./list-drops.ts";
import { type FileOptions, headBytes, sniffHead } from "./sniff-format.ts";

/** Starts of parts; what is behind `end` belongs to all of them, or to none. */
type Cut = { of: FilePart["of"]; places: Place[]; end: number };

/** The parts of a file of more than `partBytes`, each of about so many bytes or of a single record or member; else the file. */
export async function splitDrop(
  input: TaskInput,
  options: FileOptions,
  partBytes: number,
  openBucket: OpenBucket,
  signal: AbortSignal,
): Promise<TaskInput[]> {
  const { sizeBytes } = input;
  if (sizeBytes <= partBytes) return [input];
  const evenBytes = Math.ceil(sizeBytes / Math.ceil(sizeBytes / partBytes));
  let drop: DropBytes | null = null;
  try {
    drop = await openDrop(input, openBucket);
    const cut = drop === null ? null : await cutDrop(drop, input, options, evenBytes, signal);
    return cut === null ? [input] : partsOf(input, cut);
  } catch (error) {
    signal.throwIfAborted();
    // Whoever reads the file says what is wrong with it.
    if (isDamage(error)) return [input];
    throw error;
  } finally {
    await drop?.close();
  }
}

/** Of the file itself: errors that mean to try again, or of the system, have a class of their own. */
const isDamage = (error: unknown) =>
  error instanceof Permanent ||
  (error instanceof Error && error.name === "Error" && !isSystemError(error));

async function cutDrop(
  drop: DropBytes,
  { path, sizeBytes }: TaskInput,
  options: FileOptions,
  partBytes: number,
  signal: AbortSignal,
): Promise<Cut | null> {
  const head = await bytesBetween(drop, 0, Math.min(sizeBytes, headBytes + 1));
  if (packingOf(head) !== "none") return null;
  if (isZip(head)) return cutZip(drop, sizeBytes, partBytes);
  if (isTarHeader(head.subarray(0, 512))) return cutTar(drop, sizeBytes, partBytes);
  const file = { local: "", name: path, compression: "none" as const, held: head };
  const found = await sniffHead(file, options);
  if (found.file.encoding !== undefined) return null;
  const isLines = found.format === "ndjson" || found.format === "fixed";
  if (!isLines && found.format !== "csv") return null;
  const quoted = found.format === "csv" ? { ...found.csv, width: found.csv.names.length } : null;
  const places = await cutPlaces(drop.bytes(0, sizeBytes), quoted, partBytes, signal);
  return { of: "lines", places, end: sizeBytes };
}

async function cutZip(drop: DropBytes, size: number, partBytes: number): Promise<Cut | null> {
  const read = (at: number, length: number) => bytesBetween(drop, at, Math.min(size, at + length));
  const { entries, directoryStart } = await readDirectory(read, size);
  if (isPackage(entries)) return null;
  const starts = entries.map(({ headerOffset }) => headerOffset).sort((a, b) => a - b);
  return { of: "zip", places: placesOf(starts, directoryStart, partBytes), end: directoryStart };
}

async function cutTar(drop: DropBytes, size: number, partBytes: number): Promise<Cut> {
  const starts: number[] = [];
  for await (const { start } of readTar(drop.bytes(0, size))) starts.push(start);
  return { of: "tar", places: placesOf(starts, size, partBytes), end: size };
}

/** Of members that start at `starts`: as many in a part as fit, and at least one. */
function placesOf(starts: readonly number[], end: number, partBytes: number): Place[] {
  const places = [{ offset: 0, line: 1 }];
  for (const [i, start] of starts.entries()) {
    const open = places.at(-1)?.offset ?? 0;
    const isFull = (starts[i + 1] ?? end) - open > partBytes;
    if (i > 0 && start > open && isFull) places.push({ offset: start, line: 1 });
  }
  return places;
}

function partsOf(input: TaskInput, { of, places, end }: Cut): TaskInput[] {
  // The last record may end with the file.
  const starts = places.filter(({ offset }) => offset < end);
  if (starts.length < 2) return [input];
  return starts.map(({ offset: from, line }, i) => {
    const to = starts[i + 1]?.offset ?? end;
    return { ...input, sizeBytes: to - from, part: { of, from, to, line } };
  });
}
