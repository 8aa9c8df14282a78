// A hard memory limit for a process and all it starts, by a cgroup (cgroups(7)), where this machine lets us make one.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** `procs`: the file that a process writes its id to; null: there is no limit, and `kind` says so. */
export type MemoryCap = { kind: string; procs: string | null } & Disposable;

/** Makes a cgroup of `limitBytes`, of version 2 or 1. */
export function memoryCap(limitBytes: number): MemoryCap {
  for (const [kind, parent, file] of candidates()) {
    const folder = join(parent, `onpoint-bench-${process.pid}`);
    try {
      mkdirSync(folder);
      if (!existsSync(join(folder, file))) throw new Error(`${folder} has no ${file}`);
      writeFileSync(join(folder, file), String(limitBytes));
      const remove = () => rmdirSync(folder);
      return { kind, procs: join(folder, "cgroup.procs"), [Symbol.dispose]: remove };
    } catch {
      if (existsSync(folder)) rmdirSync(folder);
    }
  }
  return { kind: "no limit: no cgroup can be made here", procs: null, [Symbol.dispose]: () => {} };
}

/** Version, folder and file of the limit, by the lines of /proc/self/cgroup: `id:controllers:path`. */
function candidates(): [string, string, string][] {
  if (!existsSync("/proc/self/cgroup")) return [];
  const lines = readFileSync("/proc/self/cgroup", "utf8").trim().split("\n");
  return lines.flatMap((line): [string, string, string][] => {
    const [, controllers = "", ...path] = line.split(":");
    if (controllers === "")
      return [["cgroup v2", join("/sys/fs/cgroup", path.join(":")), "memory.max"]];
    if (!controllers.split(",").includes("memory")) return [];
    return [["cgroup v1", join("/sys/fs/cgroup/memory", path.join(":")), "memory.limit_in_bytes"]];
  });
}
