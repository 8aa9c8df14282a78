// Large dropped files become several inputs: text at starts of records, archives between members. What is compressed, and formats
// whose records need what stands before them, stay whole. Run by the coordinator, which reads such a file once: its parts
// then know the number of their first line.
import { isTarHeader, readTar } from "../archive/tar.ts";
import { packingOf } from "../archive/unpack.ts";
import { isPackage, isZip, readDirectory } from "../archive/zip.ts";
import type { FilePart, TaskInput } from "../model/task.ts";
import { isSystemError, Permanent } from "../std/errors.ts";
import type { Place } from "./byte-source.ts";
import { cutPlaces, type QuotedRecords } from "./cut-places.ts";
import { bytesBetween, type DropBytes, openDrop } from "./drop-bytes.ts";
import type { OpenBucket } from "./list-drops.ts";
import type { SniffedCsv } from "./sniff-csv.ts";
import { type FileOptions, headBytes, sniffHead } from "./sniff-format.ts";

/** Starts of parts; what is behind `end` belongs to all of them, or to none. */
type Cut = { of: FilePart["of"]; places: Place[]; end: number };

/** The parts of a file, or of a part of one, of more than `partBytes`: each of about so many bytes or of a single record or member; else itself. */
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
    const whole = { from: 0, to: sizeBytes, line: 1 };
    const range = { name: input.path, partBytes: evenBytes, ...whole, ...input.part };
    const cut = drop === null ? null : await cutDrop(drop, range, options, signal);
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

/** What of a file is to be cut, from which line on. */
type Range = { name: string; from: number; to: number; line: number; partBytes: number };

async function cutDrop(
  drop: DropBytes,
  range: Range,
  options: FileOptions,
  signal: AbortSignal,
): Promise<Cut | null> {
  const { name, from, to, line, partBytes } = range;
  const head = await bytesBetween(drop, 0, Math.min(drop.sizeBytes, headBytes + 1));
  if (packingOf(head) !== "none") return null;
  if (isZip(head)) return cutZip(drop, range);
  if (isTarHeader(head.subarray(0, 512))) return cutTar(drop, range);
  const file = { local: "", name, compression: "none" as const, held: head };
  const found = await sniffHead(file, options);
  if (found.file.encoding !== undefined) return null;
  const isLines = found.format === "ndjson" || found.format === "fixed";
  if (!isLines && found.format !== "csv") return null;
  const quoted = found.format === "csv" ? quotedOf(found.csv, from) : null;
  const place = { offset: from, line };
  const places = await cutPlaces(drop.bytes(from, to), { quoted, partBytes, place }, signal);
  return { of: "lines", places, end: to };
}

function quotedOf({ delimiter, header, names }: SniffedCsv, from: number): QuotedRecords {
  return { delimiter, header: header && from === 0, width: names.length };
}

async function cutZip(drop: DropBytes, range: Range): Promise<Cut | null> {
  const { sizeBytes } = drop;
  const read = (at: number, length: number) =>
    bytesBetween(drop, at, Math.min(sizeBytes, at + length));
  const { entries, directoryStart } = await readDirectory(read, sizeBytes);
  if (isPackage(entries)) return null;
  const end = Math.min(range.to, directoryStart);
  const starts = entries
    .map(({ headerOffset }) => headerOffset)
    .filter((start) => start >= range.from && start < end)
    .sort((a, b) => a - b);
  return { of: "zip", places: placesOf(starts, { ...range, to: end }), end };
}

async function cutTar(drop: DropBytes, range: Range): Promise<Cut> {
  const { from, to } = range;
  const starts: number[] = [];
  for await (const { start } of readTar(drop.bytes(from, to))) starts.push(from + start);
  return { of: "tar", places: placesOf(starts, range), end: to };
}

/** Of members that start at `starts`: as many in a part as fit, and at least one. */
function placesOf(starts: readonly number[], { from, to, partBytes }: Range): Place[] {
  const places = [{ offset: from, line: 1 }];
  for (const [i, start] of starts.entries()) {
    const open = places.at(-1)?.offset ?? from;
    const isFull = (starts[i + 1] ?? to) - open > partBytes;
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
