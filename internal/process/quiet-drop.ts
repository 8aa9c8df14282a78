// Files on a disk that somebody still writes: such a file is not taken until it has been left alone for a while. Objects in S3
// come whole.
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { TaskInput } from "../model/task.ts";
import { diskEtag } from "./list-drops.ts";

/** A file that grows on and on, such as a log, is waited for that many times. */
const maxLooks = 10;

/** `wait` ends after so many milliseconds, or throws; `nowMs`: since 1970. */
export type QuietClock = { nowMs: () => number; wait: (ms: number) => Promise<void> };

/**
 * The drop as it is when it was last changed `quietMs` ago or longer; null when it changes all the time, or is gone. With 0, and
 * what is no file on a disk, as it is given.
 */
export async function quietDrop(
  drop: TaskInput,
  quietMs: number,
  { nowMs, wait }: QuietClock,
): Promise<TaskInput | null> {
  if (quietMs === 0 || !drop.path.startsWith("file:")) return drop;
  let lastEtag = "";
  for (let looks = 0; looks <= maxLooks; looks += 1) {
    const info = await statOrNull(fileURLToPath(drop.path));
    if (info === null) return null;
    const ageMs = nowMs() - info.mtimeMs;
    const etag = diskEtag(info);
    // A disk whose clock is ahead never has old files: it must do that nothing changed meanwhile.
    if (ageMs >= quietMs || etag === lastEtag) return { ...drop, sizeBytes: info.size, etag };
    lastEtag = etag;
    if (looks < maxLooks) await wait(ageMs > 0 ? quietMs - ageMs : quietMs);
  }
  return null;
}

async function statOrNull(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
