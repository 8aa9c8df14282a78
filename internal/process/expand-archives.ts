// Archives among dropped files become their members, each a file of its own under the name `archive!member`.
//
// What an archive calls its members is never used as a path: they are written under numbers.
import { createWriteStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isTarHeader, readTar } from "../archive/tar.ts";
import { isAside, isPackage, isZip, readZip, type ZipEntry, zipMember } from "../archive/zip.ts";
import { describeError, isSystemError, Permanent } from "../std/errors.ts";
import { bytesOf, compressionOf, headOf, type LocalFile } from "./byte-source.ts";
import type { DroppedFile } from "./dropped-file.ts";

/** Told of an archive or member that cannot be read. */
type Refuse = (name: string, error: Permanent) => void;

/**
 * The files, archives in their place by their members. A member that is damaged is refused alone; the members of a
 * compressed archive that is damaged are refused all together, since none of them is known to be whole.
 */
export async function* expandArchives(
  files: readonly DroppedFile[],
  scratch: string,
  refuse: Refuse,
  signal: AbortSignal,
): AsyncGenerator<DroppedFile, void, void> {
  for (const [i, file] of files.entries()) {
    signal.throwIfAborted();
    const folder = join(scratch, `members-${i}`);
    const kind = await archiveKind(file);
    if (kind === null) {
      yield file;
      continue;
    }
    await mkdir(folder, { recursive: true });
    try {
      if (kind === "zip") yield* zipFiles(file, folder, refuse, signal);
      else yield* await tarFiles(kind, folder, refuse, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (isSystemError(error)) throw error;
      refuse(file.name, unreadable(file.name, error));
    }
  }
}

const unreadable = (name: string, cause: unknown) =>
  cause instanceof Permanent
    ? cause
    : new Permanent(`read "${name}": ${describeError(cause)}`, { cause });

/** `zip`, the tar archive that a file is, maybe compressed, or null. Workbooks are ZIP archives that are one file. */
async function archiveKind({ local, name, part }: DroppedFile): Promise<"zip" | LocalFile | null> {
  if (part !== undefined) return part.of === "zip" ? "zip" : null;
  const compression = await compressionOf(local);
  const file: LocalFile = { local, name, compression };
  if (compression === "none") {
    const start = await startOf(local);
    if (isZip(start)) return "zip";
    return isTarHeader(start) ? file : null;
  }
  try {
    return isTarHeader((await headOf(file, 512)).head) ? file : null;
  } catch (error) {
    // Whoever reads it says so.
    if (error instanceof Permanent) return null;
    throw error;
  }
}

async function startOf(local: string): Promise<Buffer> {
  const file = await open(local);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function* zipFiles(
  file: DroppedFile,
  folder: string,
  refuse: Refuse,
  signal: AbortSignal,
): AsyncGenerator<DroppedFile, void, void> {
  const entries = await readZip(file.local);
  if (isPackage(entries)) {
    yield file;
    return;
  }
  for (const [i, entry] of entries.entries()) {
    if (isAside(entry.name) || !isMeant(file, entry)) continue;
    const name = `${file.name}!${entry.name}`;
    const local = join(folder, String(i));
    try {
      await pipeline(zipMember(file.local, entry), createWriteStream(local), { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (isSystemError(error)) throw error;
      refuse(name, unreadable(name, error));
      continue;
    }
    yield { local, name };
  }
}

function isMeant({ part }: DroppedFile, { headerOffset }: ZipEntry): boolean {
  return part?.of !== "zip" || (headerOffset >= part.from && headerOffset < part.to);
}

/** Given only when all of it was read: the check of what it is compressed by is at the end. */
async function tarFiles(
  file: LocalFile,
  folder: string,
  refuse: Refuse,
  signal: AbortSignal,
): Promise<DroppedFile[]> {
  const members: DroppedFile[] = [];
  let open: string | null = null;
  try {
    for await (const { name: member, bytes } of readTar(bytesOf(file))) {
      const name = `${file.name}!${member}`;
      if (isAside(member)) continue;
      open = name;
      const local = join(folder, String(members.length));
      await pipeline(bytes, createWriteStream(local), { signal });
      open = null;
      members.push({ local, name });
    }
  } catch (error) {
    signal.throwIfAborted();
    if (file.compression !== "none" || isSystemError(error)) throw error;
    const name = open ?? file.name;
    refuse(name, unreadable(name, error));
  }
  return members;
}
