// The meter that all benches share: what a process and all it started take of CPU and memory, read from /proc (Linux).
//
// CPU: a process carries its own time and that of the children it has waited for, so the sum over those that live loses
// nothing when one ends (proc_pid_stat(5): utime, stime, cutime, cstime). What is missed is the time between the last
// sample and the end of a process that nobody of the tree waits for: the root, and orphans.
// Memory: PSS, which counts a page that n processes share one n-th to each, so that sums over processes are true
// (proc_pid_smaps(5)); a peak between two samples is missed. Beside it the highest RSS of a process, which the kernel keeps
// (proc_pid_status(5): VmHWM): of that only what comes after the last sample is missed. PSS costs the kernel a walk over
// all pages of a process: it is read with a sample only while that takes a small part of the time, or the meter would
// compete with what it measures.
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

export type TreeUsage = {
  /** Since the meter was started. */
  wallSeconds: number;
  /** User and system time of the tree since each process began, also of those that have ended. */
  cpuSeconds: number;
  /** Highest sum over all processes at one moment. */
  peakPssBytes: number;
  samples: number;
  /** By name, most CPU first. Peaks of single names may add up to more than the peak of all. */
  commands: CommandUsage[];
};

export type CommandUsage = {
  name: string;
  /** How many were seen. */
  processes: number;
  cpuSeconds: number;
  peakPssBytes: number;
  /** Highest RSS of one of them, pages that it shares counted in full. */
  peakRssBytes: number;
};

export type TreeMeter = {
  /** Takes a sample and tells what was used until now: two calls give the CPU between them. */
  now(): TreeUsage;
  /** The same, and stops. */
  stop(): TreeUsage;
};

export type TreeMeterOptions = {
  /** Between two samples. Reading PSS takes a few milliseconds for each process and 100 MB: at most 3 % of the time goes into it. */
  everyMs?: number;
  /** What a process is counted under, from its arguments. */
  nameOf?: (argv: readonly string[]) => string;
};

/** Clock ticks since boot; with the pid, `startedTicks` names a process for good. */
type Stat = { parent: number; startedTicks: number; ownTicks: number; waitedTicks: number };
type Member = Stat & { name: string; pssBytes: number; peakRssBytes: number };

/** USER_HZ, the unit of times in /proc: 100 wherever Node runs on Linux (time(7)). */
const ticksPerSecond = 100;

/** Of the time, for reading memory. */
const memoryShare = 0.03;

/** CPU that no process was seen to use: of those that began or ended between two samples. */
export const unseen = "(between samples)";

/** Samples the tree under `rootPid` until stopped. Throws where there is no /proc, or no such process. */
export function meterProcessTree(rootPid: number, options: TreeMeterOptions = {}): TreeMeter {
  const { everyMs = 200, nameOf = commandName } = options;
  const root = readStat(rootPid);
  if (root === null) throw new Error(`process ${rootPid} has no /proc/${rootPid}/stat`);
  const startedMs = performance.now();
  const living = new Map<number, Member>([
    [rootPid, { ...root, name: "", pssBytes: 0, peakRssBytes: 0 }],
  ]);
  const ended: Member[] = [];
  const peaks = new Map<string, number>();
  let endedTicks = 0;
  let totalTicks = 0;
  let peakPssBytes = 0;
  let samples = 0;
  let nextMemoryMs = 0;

  const lookAtMemory = () => {
    const beganMs = performance.now();
    const members = [...living.values()];
    for (const [pid, member] of living) member.pssBytes = readPss(pid);
    peakPssBytes = Math.max(
      peakPssBytes,
      sum(members, (one) => one.pssBytes),
    );
    for (const [name, group] of Map.groupBy(members, (one) => one.name)) {
      const bytes = sum(group, (one) => one.pssBytes);
      peaks.set(name, Math.max(bytes, peaks.get(name) ?? 0));
    }
    const nowMs = performance.now();
    nextMemoryMs = nowMs + (nowMs - beganMs) / memoryShare;
  };
  const sample = () => {
    const stats = readAllStats();
    const gone = takeEnded(living, stats);
    ended.push(...gone.values());
    endedTicks += sum(
      [...gone.values()].filter((one) => !isWaitedFor(one, gone, living)),
      allTicks,
    );
    addChildren(living, stats);
    refresh(living, stats, nameOf);
    const members = [...living.values()];
    totalTicks = Math.max(totalTicks, endedTicks + sum(members, allTicks));
    if (performance.now() >= nextMemoryMs) lookAtMemory();
    samples += 1;
  };
  const now = (): TreeUsage => {
    sample();
    return {
      wallSeconds: (performance.now() - startedMs) / 1000,
      cpuSeconds: totalTicks / ticksPerSecond,
      peakPssBytes,
      samples,
      commands: byCommand([...living.values(), ...ended], peaks, totalTicks),
    };
  };
  sample();
  const timer = setInterval(sample, everyMs);
  return {
    now,
    stop: () => {
      clearInterval(timer);
      return now();
    },
  };
}

/** `onpoint crawl`, `server.ts`, `nats-server`: the script instead of what runs it, and onpoint with its command. */
export function commandName(argv: readonly string[]): string {
  const program = basename(argv[0] ?? "");
  if (!/^(node|bash|sh)$/.test(program)) return program;
  const words = argv.slice(1).filter((word) => !word.startsWith("-"));
  const script = basename(words[0] ?? program);
  return /^onpoint\.[jt]s$/.test(script) ? `onpoint ${words[1] ?? ""}`.trim() : script;
}

/** Removes and returns the members that are no more. */
function takeEnded(living: Map<number, Member>, stats: Map<number, Stat>): Map<number, Member> {
  const gone = new Map<number, Member>();
  for (const [pid, member] of living) {
    if (stats.get(pid)?.startedTicks === member.startedTicks) continue;
    gone.set(pid, member);
    living.delete(pid);
  }
  return gone;
}

/** Whether its time is now in that of one that lives, its parent or, when that has ended too, a parent's parent. */
function isWaitedFor(
  one: Member,
  gone: ReadonlyMap<number, Member>,
  living: ReadonlyMap<number, Member>,
): boolean {
  let parent = one.parent;
  for (let next = gone.get(parent); next !== undefined; next = gone.get(parent)) {
    parent = next.parent;
  }
  return living.has(parent);
}

/** A member whose parent has ended belongs to init by now, and stays a member. */
function addChildren(living: Map<number, Member>, stats: Map<number, Stat>): void {
  for (let grew = true; grew; ) {
    grew = false;
    for (const [pid, stat] of stats) {
      if (living.has(pid) || !living.has(stat.parent)) continue;
      living.set(pid, { ...stat, name: "", pssBytes: 0, peakRssBytes: 0 });
      grew = true;
    }
  }
}

/** The name is looked up each time: between fork and exec a process has its parent's arguments. */
function refresh(
  living: Map<number, Member>,
  stats: Map<number, Stat>,
  nameOf: (argv: readonly string[]) => string,
): void {
  for (const [pid, member] of living) {
    Object.assign(member, stats.get(pid));
    const argv = readText(`/proc/${pid}/cmdline`).split("\0").slice(0, -1);
    // A zombie has no arguments any more.
    if (argv.length > 0) member.name = nameOf(argv);
    // The last value is the highest, and a process that is ending has none.
    const rss = /^VmHWM:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/status`))?.[1];
    if (rss !== undefined) member.peakRssBytes = Number(rss) * 1024;
  }
}

function readPss(pid: number): number {
  const kilobytes = /^Pss: +(\d+) kB$/m.exec(readText(`/proc/${pid}/smaps_rollup`))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

function byCommand(
  members: readonly Member[],
  peaks: ReadonlyMap<string, number>,
  totalTicks: number,
): CommandUsage[] {
  const commands = [...Map.groupBy(members, (one) => one.name)].map(([name, group]) => ({
    name,
    processes: group.length,
    cpuSeconds: sum(group, (one) => one.ownTicks) / ticksPerSecond,
    peakPssBytes: peaks.get(name) ?? 0,
    peakRssBytes: Math.max(...group.map((one) => one.peakRssBytes)),
  }));
  const rest = totalTicks - sum(members, (one) => one.ownTicks);
  if (rest > 0) {
    const cpuSeconds = rest / ticksPerSecond;
    commands.push({ name: unseen, processes: 0, cpuSeconds, peakPssBytes: 0, peakRssBytes: 0 });
  }
  return commands.sort((a, b) => b.cpuSeconds - a.cpuSeconds);
}

function readAllStats(): Map<number, Stat> {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  const found = pids.map((pid) => [pid, readStat(pid)] as const);
  return new Map(found.filter((entry): entry is [number, Stat] => entry[1] !== null));
}

/** proc_pid_stat(5): "pid (command) state ppid ..."; the command may hold spaces and brackets. */
function readStat(pid: number): Stat | null {
  const text = readText(`/proc/${pid}/stat`);
  if (text === "") return null;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // The manual counts from 1 and begins with the pid: field n of it is here n - 3.
  const field = (n: number) => Number(fields[n - 3]);
  return {
    parent: field(4),
    ownTicks: field(14) + field(15),
    waitedTicks: field(16) + field(17),
    startedTicks: field(22),
  };
}

/** Empty for a process that has ended, or whose memory we may not look at. */
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const allTicks = (one: Stat) => one.ownTicks + one.waitedTicks;
const sum = <T>(all: readonly T[], value: (one: T) => number) =>
  all.reduce((total, one) => total + value(one), 0);
