// ZIP archives (APPNOTE.TXT 6.3.10): what is in them by their central directory, and the bytes of each member, checked.
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { type Packing, unpack } from "./unpack.ts";

/** `headerOffset`: of its local header. `method`, `flags`: sections 4.4.4 and 4.4.5. */
export type ZipEntry = {
  name: string;
  method: number;
  flags: number;
  crc: number;
  packedBytes: number;
  sizeBytes: number;
  headerOffset: number;
};

const endSignature = 0x06054b50;
const endBytes = 22;
const endLocatorSignature = 0x07064b50;
const endLocatorBytes = 20;
const centralSignature = 0x02014b50;
const centralBytes = 46;
const localSignature = 0x04034b50;
const localBytes = 30;
const maxDirectoryBytes = 64 * 1024 * 1024;
const maxEntries = 100_000;

/** Of a local header, and of the end of an archive without members (sections 4.3.7 and 4.3.16). */
export const isZip = (head: Buffer) =>
  head.length >= 4 && [localSignature, endSignature].includes(head.readUInt32LE(0));

/** Folders, and what macOS puts beside files. */
export const isAside = (name: string) =>
  name.endsWith("/") || /(^|\/)(__MACOSX\/|\._|\.DS_Store$)/.test(name);

/** Office documents and the like: what they hold is one document, not files. */
export const isPackage = (entries: readonly ZipEntry[]) =>
  entries.some(({ name }) => name === "[Content_Types].xml") || entries[0]?.name === "mimetype";

/** Gives `length` bytes from `at` on, fewer only where there are no more. */
export type ReadAt = (at: number, length: number) => Promise<Buffer>;

/** `directoryStart`: of the central directory, which goes to the end. */
export type ZipContent = { entries: ZipEntry[]; directoryStart: number };

/** Members in the order of the directory. Throws Error for what is no archive, is cut, in several parts, or has members that overlap. */
export async function readZip(path: string): Promise<ZipEntry[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    return (await readDirectory(readAtOf(file), size)).entries;
  } finally {
    await file.close();
  }
}

/** As {@link readZip}, of an archive of `size` bytes that need not be a local file. */
export async function readDirectory(read: ReadAt, size: number): Promise<ZipContent> {
  const { start, bytes, count, from } = await directoryPlace(read, size);
  if (bytes > maxDirectoryBytes || count > maxEntries)
    throw new Error(`a ZIP archive of more than ${maxEntries} members`);
  if (start + bytes > size) throw new Error("the directory of the ZIP archive is not in the file");
  const entries = entriesOf(await bytesAt(read, start, bytes), count);
  checkPlaces(entries, start);
  return { entries, directoryStart: Math.min(start, from) };
}

const readAtOf =
  (file: FileHandle): ReadAt =>
  async (at, length) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
    return buffer.subarray(0, bytesRead);
  };

async function bytesAt(read: ReadAt, at: number, length: number): Promise<Buffer> {
  const bytes = await read(at, length);
  if (bytes.length < length) throw new Error("the ZIP archive is cut");
  return bytes;
}

/** The end of the central directory (section 4.3.16), behind which a comment may stand; the one of ZIP64 (4.3.14) if it is there. */
async function directoryPlace(read: ReadAt, size: number) {
  const tailBytes = Math.min(size, endBytes + 0xffff);
  const tail = await bytesAt(read, size - tailBytes, tailBytes);
  let at = tail.length - endBytes;
  while (at >= 0 && !isEnd(tail, at)) at--;
  if (at < 0) throw new Error("the ZIP archive has no directory: it is cut");
  const disks = tail.readUInt16LE(at + 4);
  const place = {
    from: size - tailBytes + at,
    count: tail.readUInt16LE(at + 10),
    bytes: tail.readUInt32LE(at + 12),
    start: tail.readUInt32LE(at + 16),
  };
  const locator = at - endLocatorBytes;
  const has64 = locator >= 0 && tail.readUInt32LE(locator) === endLocatorSignature;
  if (!has64) {
    if (disks !== 0) throw new Error("a ZIP archive in several parts");
    return place;
  }
  const from = Number(tail.readBigUInt64LE(locator + 8));
  const end64 = await bytesAt(read, from, 56);
  if (end64.readUInt32LE(0) !== 0x06064b50)
    throw new Error("the ZIP64 directory is not where it should be");
  return {
    from,
    count: Number(end64.readBigUInt64LE(32)),
    bytes: Number(end64.readBigUInt64LE(40)),
    start: Number(end64.readBigUInt64LE(48)),
  };
}

const isEnd = (tail: Buffer, at: number) =>
  tail.readUInt32LE(at) === endSignature &&
  tail.readUInt16LE(at + 20) === tail.length - at - endBytes;

function entriesOf(directory: Buffer, count: number): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + centralBytes > directory.length || directory.readUInt32LE(at) !== centralSignature)
      throw new Error("the directory of the ZIP archive is corrupt");
    const nameBytes = directory.readUInt16LE(at + 28);
    const extraBytes = directory.readUInt16LE(at + 30);
    const nameEnd = at + centralBytes + nameBytes;
    const entry = {
      name: directory.toString("utf8", at + centralBytes, nameEnd),
      flags: directory.readUInt16LE(at + 8),
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      packedBytes: directory.readUInt32LE(at + 20),
      sizeBytes: directory.readUInt32LE(at + 24),
      headerOffset: directory.readUInt32LE(at + 42),
    };
    entries.push(with64(entry, directory.subarray(nameEnd, nameEnd + extraBytes)));
    at = nameEnd + extraBytes + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** Sizes and place of a large member are in an extra field (section 4.5.3), those that did not fit only. */
function with64(entry: ZipEntry, extra: Buffer): ZipEntry {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const values = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
    let next = 0;
    const large = (value: number) => {
      if (value !== 0xffffffff || next + 8 > values.length) return value;
      next += 8;
      return Number(values.readBigUInt64LE(next - 8));
    };
    return {
      ...entry,
      sizeBytes: large(entry.sizeBytes),
      packedBytes: large(entry.packedBytes),
      headerOffset: large(entry.headerOffset),
    };
  }
  return entry;
}

/** Members that share bytes are a bomb: https://www.bamsoftware.com/hacks/zipbomb/. */
function checkPlaces(entries: readonly ZipEntry[], directoryStart: number) {
  const sorted = [...entries].sort((a, b) => a.headerOffset - b.headerOffset);
  for (const [i, { headerOffset, packedBytes }] of sorted.entries()) {
    const next = sorted[i + 1]?.headerOffset ?? directoryStart;
    if (headerOffset + localBytes + packedBytes > next)
      throw new Error("members of the ZIP archive overlap");
  }
}

const packings: Record<number, Packing> = { 0: "none", 8: "deflate", 12: "bzip2", 93: "zstd" };

/** The bytes of a member. Throws Error when it is encrypted, packed in an unknown way, cut, corrupt, or not what the directory says. */
export async function* zipMember(
  path: string,
  entry: ZipEntry,
): AsyncGenerator<Buffer, void, void> {
  if ((entry.flags & 1) !== 0) throw new Error("it is encrypted");
  const packing = packings[entry.method];
  if (packing === undefined) throw new Error(`it is packed by method ${entry.method}`);
  const start = await dataStart(path, entry);
  const source =
    entry.packedBytes === 0
      ? none()
      : (createReadStream(path, {
          start,
          end: start + entry.packedBytes - 1,
        }) as AsyncIterable<Buffer>);
  let crc = 0;
  let sizeBytes = 0;
  for await (const chunk of unpack(source, packing, entry.packedBytes)) {
    crc = crc32(chunk, crc);
    sizeBytes += chunk.length;
    if (sizeBytes > entry.sizeBytes) break;
    yield chunk;
  }
  if (sizeBytes !== entry.sizeBytes)
    throw new Error(`it has not the ${entry.sizeBytes} bytes that the directory says`);
  if (crc !== entry.crc) throw new Error("it has a wrong CRC");
}

async function* none(): AsyncGenerator<Buffer> {}

async function dataStart(path: string, { headerOffset }: ZipEntry): Promise<number> {
  const file = await open(path);
  try {
    const header = await bytesAt(readAtOf(file), headerOffset, localBytes);
    if (header.readUInt32LE(0) !== localSignature)
      throw new Error("it is not where the directory says");
    return headerOffset + localBytes + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await file.close();
  }
}
