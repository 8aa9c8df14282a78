// A folder for a command's spill files and copies, removed afterwards.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../internal/pod/settings.ts";

/** Makes the folder in ONPOINT_SCRATCH, or in the system's place for such. */
export async function withScratch<T>(
  settings: Pick<Settings, "scratch">,
  body: (scratch: string) => Promise<T>,
): Promise<T> {
  const parent = settings.scratch ?? tmpdir();
  await mkdir(parent, { recursive: true });
  const scratch = await mkdtemp(join(parent, "onpoint-"));
  try {
    return await body(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
