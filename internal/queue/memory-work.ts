// Work queues in memory: a task is waiting, or with a worker until a time.
import { moreOrAborted } from "./memory-log.ts";
import type { Headers, Queue, WorkMessage } from "./queue.ts";
import { checkSize, rolePrefix, workSubject } from "./queue-names.ts";
import { openSlots, type Slots } from "./work-slots.ts";

type Task = {
  role: string;
  run: string;
  task: string;
  data: Uint8Array;
  headers: Headers;
  deliveries: number;
  /** When it may be delivered (again), on the clock of `performance.now`. */
  readyMs: number;
};

export type MemoryWork = Pick<Queue, "publishWork" | "takeWork" | "workDepth"> & {
  purge(run: string): void;
};

/** Empty queues; a task comes back to its queue after `ackWaitMs` of silence. */
export function openMemoryWork(ackWaitMs: number): MemoryWork {
  const tasks = new Map<string, Task>();
  let more = Promise.withResolvers<void>();
  const wake = () => {
    more.resolve();
    more = Promise.withResolvers();
  };

  /** Keeps a task from delivery for a while, and wakes the takers when that is over. */
  const hold = (task: Task, delayMs: number) => {
    task.readyMs = performance.now() + delayMs;
    setTimeout(wake, delayMs + 1).unref();
  };

  const toMessage = (subject: string, task: Task, slots: Slots): WorkMessage => {
    const slot = slots.take(ackWaitMs);
    task.deliveries++;
    hold(task, ackWaitMs);
    const delivery = task.deliveries;
    const isOurs = () => tasks.get(subject) === task && task.deliveries === delivery;
    return {
      run: task.run,
      task: task.task,
      data: task.data,
      headers: task.headers,
      deliveries: delivery,
      extend: () => {
        slot.extend();
        if (isOurs()) hold(task, ackWaitMs);
      },
      ack: async () => {
        slot.giveBack();
        if (tasks.get(subject) === task) tasks.delete(subject);
      },
      release: (delayMs) => {
        slot.giveBack();
        if (isOurs()) hold(task, Math.max(0, delayMs));
      },
    };
  };

  async function* takeWork(role: string, maxInFlight: number, signal: AbortSignal) {
    rolePrefix(role);
    const slots = openSlots(maxInFlight);
    while (!signal.aborted) {
      await slots.free(signal);
      if (signal.aborted) return;
      const now = performance.now();
      const ready = [...tasks].find(([, task]) => task.role === role && task.readyMs <= now);
      if (ready === undefined) await moreOrAborted(more.promise, signal);
      else yield toMessage(...ready, slots);
    }
  }

  return {
    takeWork,
    publishWork: async (role, run, task, data, headers) => {
      const subject = workSubject(role, run, task);
      checkSize(`task "${task}"`, data);
      if (tasks.has(subject)) return "present";
      const copy = { data: data.slice(), headers: { ...headers } };
      tasks.set(subject, { role, run, task, ...copy, deliveries: 0, readyMs: 0 });
      wake();
      return "queued";
    },
    workDepth: async (role) => {
      rolePrefix(role);
      return [...tasks.values()].filter((task) => task.role === role).length;
    },
    purge: (run) => {
      for (const [subject, task] of tasks) if (task.run === run) tasks.delete(subject);
    },
  };
}
