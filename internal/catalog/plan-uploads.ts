// Which files go to the upload target, in which tasks: derived from the files alone, so that a resume plans the same. Pure.
import { createHash } from "node:crypto";
import type { PartFile, UploadTask } from "../model/task.ts";

const maxFiles = 200;
const maxBytes = 256 * 1024 * 1024;

/** Cuts files, sorted by path, into tasks of at most 200 files and about 256 MiB. */
export function planUploads(
  files: readonly PartFile[],
  to: string,
  simulate: boolean,
): UploadTask[] {
  const tasks: UploadTask[] = [];
  let open: PartFile[] = [];
  let openBytes = 0;
  const close = () => {
    if (open.length === 0) return;
    const hash = createHash("sha256").update(`${to}\n${simulate}`);
    for (const file of open) hash.update(`\n${file.path}\t${file.sha256}`);
    tasks.push({
      stage: "upload",
      task: `upload-${hash.digest("hex").slice(0, 16)}`,
      to,
      simulate,
      files: open,
    });
    open = [];
    openBytes = 0;
  };
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (open.length >= maxFiles || (open.length > 0 && openBytes + file.sizeBytes > maxBytes))
      close();
    open.push(file);
    openBytes += file.sizeBytes;
  }
  close();
  return tasks;
}
