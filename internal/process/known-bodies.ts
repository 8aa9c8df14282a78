// Bodies that did not come again. A page that did not change since an earlier run has a record without a body, which names the
// raw file that has it; the tables of the date are to be whole all the same. The bodies that a batch needs are copied from those
// files to its own disk, once each file; in memory is a place for each.
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import type { RawRecord } from "../model/raw-record.ts";
import { NotFound } from "../objects/objects.ts";
import { Permanent } from "../std/errors.ts";
import { bytesOf, compressionOf, type LocalFile } from "./byte-source.ts";

export type KnownBodies = {
  /** The record with its body, and what is new of it; as it is when it has its own. */
  complete(answer: RawRecord): Promise<RawRecord>;
  close(): Promise<void>;
};

type Place = { offset: number; length: number };

const mark = Buffer.from('"body_in":');
const urlStart = Buffer.from('{"url":');

/** `localOf`: a local file with the bytes of a raw file of the lake. Throws Permanent for a file that a crawl did not write. */
export async function gatherBodies(
  inputs: readonly LocalFile[],
  localOf: (path: string) => Promise<string>,
  scratch: string,
  signal: AbortSignal,
): Promise<KnownBodies> {
  const wanted = await wantedBodies(inputs, signal);
  const places = new Map<string, Place>();
  const file = await open(join(scratch, "known-bodies"), "w+");
  try {
    let end = 0;
    for (const [path, urls] of wanted) {
      signal.throwIfAborted();
      const source = await openRaw(path, localOf);
      if (source === null) continue;
      for await (const line of linesOf(source)) {
        const url = urlOf(line, path);
        if (!urls.has(url)) continue;
        await file.write(line, 0, line.length, end);
        places.set(`${path}\n${url}`, { offset: end, length: line.length });
        end += line.length;
      }
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  return { complete: (answer) => complete(answer, places, file), close: () => file.close() };
}

async function complete(
  answer: RawRecord,
  places: ReadonlyMap<string, Place>,
  file: FileHandle,
): Promise<RawRecord> {
  const { known } = answer;
  if (known?.body_in === undefined) return answer;
  const place = places.get(`${known.body_in}\n${answer.url}`);
  // The raw file is not kept for ever: then the row says what is known without it.
  if (place === undefined) return { ...answer, status: known.status ?? answer.status };
  const line = Buffer.alloc(place.length);
  await file.read(line, 0, place.length, place.offset);
  const before = JSON.parse(line.toString("utf8")) as RawRecord;
  return { ...before, depth: answer.depth, known };
}

/** URLs by the raw file that has their body. */
async function wantedBodies(
  inputs: readonly LocalFile[],
  signal: AbortSignal,
): Promise<Map<string, Set<string>>> {
  const wanted = new Map<string, Set<string>>();
  for (const input of inputs) {
    for await (const line of linesOf(input)) {
      signal.throwIfAborted();
      if (!line.includes(mark)) continue;
      const { url, known } = parseRecord(line, input.name);
      if (known?.body_in === undefined) continue;
      const urls = wanted.get(known.body_in) ?? new Set();
      wanted.set(known.body_in, urls.add(url));
    }
  }
  return wanted;
}

async function openRaw(
  path: string,
  localOf: (path: string) => Promise<string>,
): Promise<LocalFile | null> {
  try {
    const local = await localOf(path);
    return { local, name: path, compression: await compressionOf(local) };
  } catch (error) {
    if (error instanceof NotFound) return null;
    throw error;
  }
}

/** The URL of a line, which is the first of its fields, without reading the rest. */
function urlOf(line: Buffer, name: string): string {
  const start = urlStart.length;
  const end = line.indexOf('"', start + 1);
  const isPlain =
    line.subarray(0, start).equals(urlStart) &&
    end > 0 &&
    !line.subarray(start, end).includes(0x5c);
  return isPlain ? line.toString("utf8", start + 1, end) : parseRecord(line, name).url;
}

function parseRecord(line: Buffer, name: string): RawRecord {
  try {
    return JSON.parse(line.toString("utf8")) as RawRecord;
  } catch (error) {
    throw new Permanent(`read "${name}": a line is not a raw record`, { cause: error });
  }
}

/** Lines of any length: an answer may be longer than a record of a table may be. */
export async function* linesOf(file: LocalFile): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  for await (const chunk of bytesOf(file)) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      parts.push(chunk.subarray(start, end));
      yield Buffer.concat(parts);
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}
