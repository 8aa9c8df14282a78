// Announcing work: a task without a receipt goes on its role's queue, and again now and then, because an empty queue proves
// nothing (a queue can lose what it was given).
import type { ActiveRun } from "../model/active-run.ts";
import type { Task } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import type { Headers, Queue } from "../queue/queue.ts";
import type { Log } from "../telemetry/log.ts";
import { packTask } from "./task-message.ts";

const announceAgainMs = 5_000;

export type AnnounceDeps = { queue: Queue; lake: Objects; run: ActiveRun; log: Log };

/** A function that announces those of `tasks` that are open, and gives how many they are. */
export function openAnnouncer({ queue, lake, run, log }: AnnounceDeps) {
  const announced = new Map<string, number>();
  return async <T extends Task>(
    tasks: readonly T[],
    isOpen: (task: T) => boolean,
    traceOf: (task: T) => Headers,
  ): Promise<number> => {
    let open = 0;
    for (const task of tasks) {
      if (!isOpen(task)) continue;
      open += 1;
      const announcedMs = announced.get(task.task);
      if (announcedMs !== undefined && Date.now() - announcedMs < announceAgainMs) continue;
      const message = await packTask(lake, run.token, task);
      const state = await queue.publishWork(
        task.stage,
        run.token,
        task.task,
        message,
        traceOf(task),
      );
      if (announcedMs === undefined && state === "queued")
        log.info("task.announced", { stage: task.stage, task: task.task });
      announced.set(task.task, Date.now());
    }
    return open;
  };
}
