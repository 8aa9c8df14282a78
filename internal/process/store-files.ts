// Written files go to the lake; nobody sees them there before a snapshot names them.
import type { PartFile } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import type { WrittenFile } from "./written-file.ts";

/** Copies files under `folder` of the lake (it ends with "/"). */
export async function storeFiles(
  lake: Objects,
  folder: string,
  files: readonly WrittenFile[],
): Promise<PartFile[]> {
  const stored: PartFile[] = [];
  for (const { local, relative, ...about } of files) {
    const path = `${folder}${relative}`;
    await lake.putFile(path, local);
    stored.push({ path, ...about });
  }
  return stored;
}
