// What of an answer is read as one document: its body or, where that is a ZIP archive, each member of it by its own format.
import { randomUUID } from "node:crypto";
import { open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packingOf } from "../archive/unpack.ts";
import { isAside, isPackage, isZip, readZip, type ZipEntry } from "../archive/zip.ts";
import { bytesOf, headOf, type LocalFile } from "../process/byte-source.ts";
import { describeError, isSystemError, Permanent } from "../std/errors.ts";
import type { AnswerLabel } from "./answer-format.ts";
import { AnswerFault } from "./split-json.ts";

/** `member`: its name in the archive; null for a body that is none. `fault`: why nothing of it can be read. */
export type AnswerPart = {
  file: LocalFile;
  label: AnswerLabel;
  member: string | null;
  fault: AnswerFault | null;
};

/**
 * The parts of an answer; each is to be read before the next one is asked for. `scratch`: a folder, for an archive that is in
 * memory. Throws AnswerFault for an archive that cannot be read at all.
 */
export async function* answerParts(
  file: LocalFile,
  label: AnswerLabel,
  scratch: string,
): AsyncGenerator<AnswerPart, void, void> {
  if (file.compression !== "none" || !isZip(await startOf(file))) {
    yield { file, label, member: null, fault: null };
    return;
  }
  const { held } = file;
  const local = held === undefined ? file.local : join(scratch, `answer-${randomUUID()}.zip`);
  try {
    if (held !== undefined) await writeFile(local, held);
    for (const entry of await membersOf(local)) yield await partOf(file.name, local, entry);
  } finally {
    if (held !== undefined) await rm(local, { force: true });
  }
}

async function startOf({ held, local }: LocalFile): Promise<Buffer> {
  if (held !== undefined) return held;
  const file = await open(local);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function membersOf(local: string): Promise<ZipEntry[]> {
  let entries: ZipEntry[];
  try {
    entries = await readZip(local);
  } catch (error) {
    if (isSystemError(error)) throw error;
    throw new AnswerFault(describeError(error), { reason: "UNREADABLE_FILE", cause: error });
  }
  if (isPackage(entries))
    throw new AnswerFault("it is an Office document", { reason: "UNREADABLE_FILE" });
  return entries.filter(({ name }) => !isAside(name));
}

async function partOf(name: string, local: string, entry: ZipEntry): Promise<AnswerPart> {
  const packed: LocalFile = {
    local,
    name: `${name}!${entry.name}`,
    compression: "none",
    member: entry,
  };
  const label = { contentType: "", name: entry.name };
  const part = { file: packed, label, member: entry.name, fault: null };
  try {
    const { head } = await headOf(packed, 16);
    if (isZip(head)) throw new Permanent(`read "${packed.name}": a ZIP archive in another archive`);
    const file = { ...packed, compression: packingOf(head) };
    // Its checksum is behind its last byte, and none of its records may be a row before.
    for await (const _ of bytesOf(file));
    return { ...part, file };
  } catch (error) {
    if (!(error instanceof Permanent)) throw error;
    const fault = new AnswerFault(describeError(error), {
      reason: "UNREADABLE_FILE",
      cause: error,
    });
    return { ...part, fault };
  }
}
