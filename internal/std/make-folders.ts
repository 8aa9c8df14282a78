// Folders with those above them. Node's own recursive mkdir never returns where a parent exists but takes no folder and
// answers ENOENT, as /proc does (seen with Node 26.10): a mistyped lake must be an error, not a hang.
import { mkdirSync, statSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes `folder` and what is missing above it. Throws the file system's error. */
export async function makeFolders(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (isMissingParent(error, folder)) {
      await makeFolders(dirname(folder));
      await mkdir(folder).catch(async (again: unknown) =>
        acceptFolder(again, await isFolder(folder)),
      );
    } else acceptFolder(error, await isFolder(folder));
  }
}

/** The same, blocking. */
export function makeFoldersSync(folder: string): void {
  const isThere = () => statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!isMissingParent(error, folder)) acceptFolder(error, isThere());
    else {
      makeFoldersSync(dirname(folder));
      try {
        mkdirSync(folder);
      } catch (again) {
        acceptFolder(again, isThere());
      }
    }
  }
}

function isMissingParent(error: unknown, folder: string): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT" && dirname(folder) !== folder;
}

function acceptFolder(error: unknown, isThere: boolean): void {
  if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !isThere) throw error;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}
