// A task as a message of the queue. One that is too large for it (thousands of files in a batch, or under a model) lies in
// the lake, and the message says where.
import { taskPath } from "../model/lake-paths.ts";
import type { Task } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import { maxDataBytes } from "../queue/queue-names.ts";

type TaskInLake = { at: string };

/** The message of a task; a large one is written to the lake first. Done again it writes and gives the same. */
export async function packTask(lake: Objects, token: string, task: Task): Promise<Buffer> {
  const body = Buffer.from(JSON.stringify(task));
  if (body.length <= maxDataBytes) return body;
  const at = taskPath(token, task.stage, task.task);
  if ((await lake.head(at)) === null) await lake.put(at, body);
  return Buffer.from(JSON.stringify({ at } satisfies TaskInLake));
}

/** The task of a message. Throws NotFound when it is gone from the lake. */
export async function unpackTask<T extends Task>(lake: Objects, data: Uint8Array): Promise<T> {
  const message = JSON.parse(Buffer.from(data).toString("utf8")) as T | TaskInLake;
  if (!("at" in message)) return message;
  const { body } = await lake.get(message.at);
  return JSON.parse(body.toString("utf8")) as T;
}
