// Finds the processes of a running `onpoint run` and kills them as a power failure would: without a word.
import { execFileSync } from "node:child_process";
import type { Running } from "./run-onpoint.ts";

/** `role`: `nats`, or a role of the program. */
export type Victim = { pid: number; role: string };

/** Processes under a run whose state is in `folder`. */
export function victimsOf({ child }: Running, folder: string): Victim[] {
  const listing = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" });
  return listing.split("\n").flatMap((line) => {
    const [, pid, ppid, args = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined) return [];
    if (args.includes("nats-server") && args.includes(folder))
      return [{ pid: Number(pid), role: "nats" }];
    const role = / (coordinator|crawl|process|etl|upload)( |$)/.exec(args)?.[1];
    return Number(ppid) === child.pid && role !== undefined ? [{ pid: Number(pid), role }] : [];
  });
}

/** Whether it was there to be killed. */
export function kill(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

/** Waits `ms`, or until the run has ended; gives whether it has. */
export function until(running: Running, ms: number): Promise<boolean> {
  return Promise.race([
    running.ended.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(resolve, ms, false)),
  ]);
}
