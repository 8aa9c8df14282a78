// Stage upload: files of tables in, copies at the target out, verified one by one; or, simulated, the list of what would be
// sent. Names say what is in a file, so what is there already with the right size is not sent again.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { PartFile, UploadedFile, UploadTask } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import type { Log } from "../telemetry/log.ts";
import { emptyResult, type TaskContext, type TaskResult } from "./work.ts";

export type UploadDeps = {
  openTarget: (url: string) => Promise<Objects>;
  scratch: string;
  log: Log;
};

/** Uploads one task's files. Throws when a copy is not what was sent, or the target cannot be written. */
export async function tablesToUploads(
  deps: UploadDeps,
  task: UploadTask,
  context: TaskContext,
): Promise<TaskResult> {
  const uploaded: UploadedFile[] = [];
  // 1. Simulated: say what would be sent, and record it.
  if (task.simulate) {
    for (const file of task.files) {
      const planned = planOf(task, file);
      deps.log.info("upload.simulated", {
        path: planned.path,
        to: planned.to,
        sizeBytes: planned.sizeBytes,
      });
      uploaded.push(planned);
    }
    return { ...emptyResult, uploaded, simulated: true };
  }
  // 2. Real: one file after the other; a crash repeats at most the file under way.
  const target = await deps.openTarget(task.to);
  const scratch = join(deps.scratch, `upload-${task.task}`);
  await mkdir(scratch, { recursive: true });
  try {
    for (const file of task.files) {
      context.signal.throwIfAborted();
      await uploadOne(context.lake, target, file, scratch);
      uploaded.push(planOf(task, file));
    }
  } finally {
    await target.close();
    await rm(scratch, { recursive: true, force: true });
  }
  return { ...emptyResult, uploaded };
}

function planOf(task: UploadTask, file: PartFile): UploadedFile {
  return {
    path: file.path,
    to: `${task.to}/${file.path}`,
    sizeBytes: file.sizeBytes,
    sha256: file.sha256,
  };
}

async function uploadOne(
  lake: Objects,
  target: Objects,
  file: PartFile,
  scratch: string,
): Promise<void> {
  const there = await target.head(file.path);
  if (there?.sizeBytes === file.sizeBytes) return;
  const local = await lake.local(file.path, scratch);
  const hash = createHash("sha256");
  await pipeline(createReadStream(local), hash);
  const digest = hash.digest("hex");
  if (digest !== file.sha256) {
    throw new Error(
      `upload "${file.path}": its bytes in the lake have sha256 ${digest}, its receipt says ${file.sha256}`,
    );
  }
  await target.putFile(file.path, local);
  const now = await target.head(file.path);
  if (now?.sizeBytes !== file.sizeBytes) {
    throw new Error(
      `upload "${file.path}" to ${target.url}: it has ${now?.sizeBytes ?? 0} bytes there, not ${file.sizeBytes}`,
    );
  }
}
