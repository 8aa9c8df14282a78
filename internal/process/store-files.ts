// Written files go to the lake; nobody sees them there before a snapshot names them.
import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import type { PartFile } from "../model/task.ts";
import { type Objects, PreconditionFailed } from "../objects/objects.ts";
import type { WrittenFile } from "./written-file.ts";

/**
 * Copies files under `folder` of the lake (it ends with "/"). A name says what was read and how, so what is there by that
 * name has the same bytes; should it not (the table's schema has grown since), it stays, and the new file gets a name of
 * its own: a snapshot may name the old one.
 */
export async function storeFiles(
  lake: Objects,
  folder: string,
  files: readonly WrittenFile[],
): Promise<PartFile[]> {
  const stored: PartFile[] = [];
  for (const { local, relative, ...about } of files) {
    const path = await storeOne(lake, `${folder}${relative}`, local, about.sha256);
    stored.push({ path, ...about });
  }
  return stored;
}

async function storeOne(
  lake: Objects,
  path: string,
  local: string,
  sha256: string,
): Promise<string> {
  try {
    await lake.putFile(path, local, { ifAbsent: true });
    return path;
  } catch (error) {
    if (!(error instanceof PreconditionFailed)) throw error;
  }
  if ((await sha256Of(lake, path)) === sha256) return path;
  const other = path.replace(/\.parquet$/, `-${sha256.slice(0, 16)}.parquet`);
  await lake.putFile(other, local);
  return other;
}

async function sha256Of(lake: Objects, path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(await lake.open(path), hash);
  return hash.digest("hex");
}
