// How much memory the container lets this process have: engines that look at the machine see all of it, and are killed.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The lowest memory limit of the process's cgroup and those above it, in bytes (cgroups(7): `memory.max` of version 2,
 * `memory.limit_in_bytes` of version 1); null where there is none. `root`: of the file system, for tests.
 */
export function containerMemoryBytes(root = "/"): number | null {
  const limits: number[] = [];
  for (const line of textOf(join(root, "proc/self/cgroup")).split("\n")) {
    const [, controllers, ...rest] = line.split(":");
    const path = rest.join(":");
    if (controllers === "")
      limits.push(...limitsUp(join(root, "sys/fs/cgroup"), path, "memory.max"));
    else if (controllers?.split(",").includes("memory"))
      limits.push(...limitsUp(join(root, "sys/fs/cgroup/memory"), path, "memory.limit_in_bytes"));
  }
  return limits.length === 0 ? null : Math.min(...limits);
}

/**
 * DuckDB's share: what is asked for, but at most half of the container, since it takes up to 300 MB beside what it counts and
 * Node needs some too. `containerBytes` as {@link containerMemoryBytes} gives it.
 */
export function duckDbMemoryMb(askedMb: number, containerBytes: number | null): number {
  if (containerBytes === null) return askedMb;
  return Math.max(64, Math.min(askedMb, Math.floor(containerBytes / 2 / 2 ** 20)));
}

/** Version 1 says "no limit" by a number as large as 2^63 rounded to pages. */
const noLimit = 2 ** 62;

/** Limits of a cgroup and its parents. A container often sees its own as the root, whatever path it is told. */
function limitsUp(mount: string, path: string, file: string): number[] {
  const limits: number[] = [];
  for (let at = path; ; at = dirname(at)) {
    const text = textOf(join(mount, at, file)).trim();
    const limit = Number(text);
    if (text !== "" && limit < noLimit) limits.push(limit);
    if (at === "/" || at === ".") return limits;
  }
}

/** Empty for a file that is not there, or may not be read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
