// The cluster of a laptop: role processes as children of `onpoint run`.
//
// A slot is one wanted process of a role. States of a slot: running -> waiting (it died unasked; restart after a backoff)
// -> running; running -> stopping (scaled down, or stop) -> gone; waiting -> gone; any -> gone when it is given up.
import type { ChildProcess } from "node:child_process";
import { Fatal } from "../std/errors.ts";
import type { Cluster } from "./cluster.ts";
import { type ChildCommand, type ChildEnd, startChild } from "./local-child.ts";

export type RestartPolicy = {
  /** Wait before the first restart; doubles with every quick death in a row, up to `maxMs`. */
  firstMs: number;
  maxMs: number;
  /** A process that lived less died quickly. */
  quickMs: number;
  /** More quick deaths in a row than this: given up. */
  quickDeaths: number;
};

export type LocalClusterOptions = {
  command(role: string): ChildCommand;
  /** A line of a child's stderr or stdout, without its newline, prefixed `role[n]: `. */
  onLine(line: string): void;
  /** What children send by IPC, except busy and idle. */
  onMessage(role: string, message: unknown): void;
  /** A process was replaced: how the old one ended. For the log. */
  onRestart(role: string, how: string, delayMs: number): void;
  /** A role cannot be kept running; the text has its last lines. Its process is not started again. */
  onFatal(role: string, error: Fatal): void;
  restart?: RestartPolicy;
};

type Slot = {
  role: string;
  name: string;
  state: "running" | "waiting" | "stopping" | "gone";
  child: ChildProcess | null;
  timer: NodeJS.Timeout | undefined;
  busy: boolean;
  startedMs: number;
  quickDeaths: number;
  lastLines: string[];
};

const defaultRestart = { firstMs: 200, maxMs: 10_000, quickMs: 5_000, quickDeaths: 20 };
const lastLinesKept = 20;
const usageExit = 2;
const lostLeaseExit = 75;

/** Implements {@link Cluster}; also `tell`, and `stop` for the end of the run. */
export class LocalCluster implements Cluster {
  readonly #options: LocalClusterOptions;
  readonly #restart: RestartPolicy;
  readonly #slots = new Set<Slot>();
  readonly #started = new Map<string, number>();
  #stopped: (() => void) | null = null;

  constructor(options: LocalClusterOptions) {
    this.#options = options;
    this.#restart = options.restart ?? defaultRestart;
  }

  /** Does nothing once `stop` was called. */
  async setReplicas(role: string, replicas: number): Promise<void> {
    if (this.#stopped) return;
    const wanted = this.#wanted(role);
    for (let i = wanted.length; i < replicas; i += 1) this.#add(role);
    // Waiting ones cost nothing, then idle ones; of equals the youngest, which has the least to hand over.
    const cost = (slot: Slot) => (slot.state === "waiting" ? 0 : slot.busy ? 2 : 1);
    const cheapest = wanted.toReversed().sort((a, b) => cost(a) - cost(b));
    for (const slot of cheapest.slice(0, Math.max(0, wanted.length - replicas))) this.#stop(slot);
  }

  async replicas(role: string): Promise<{ wanted: number; running: number }> {
    const running = [...this.#slots].filter((slot) => slot.role === role && slot.child).length;
    return { wanted: this.#wanted(role).length, running };
  }

  /** Sends an IPC message to all processes of a role. */
  tell(role: string, message: Record<string, unknown>): void {
    for (const slot of this.#slots) {
      if (slot.role === role && slot.child?.connected) slot.child.send(message, () => undefined);
    }
  }

  /** SIGTERM to all, SIGKILL to those left after `graceMs`; returns when none is left. Nothing starts after it. */
  async stop(graceMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const earlier = this.#stopped;
    this.#stopped = () => {
      earlier?.();
      resolve();
    };
    for (const slot of this.#slots) this.#stop(slot);
    const deadline = setTimeout(() => this.kill(), graceMs);
    if (this.#slots.size > 0) await promise;
    clearTimeout(deadline);
  }

  /** SIGKILL to all at once, for a process that must exit now. */
  kill(): void {
    for (const slot of this.#slots) slot.child?.kill("SIGKILL");
  }

  #wanted(role: string): Slot[] {
    return [...this.#slots].filter(
      (slot) => slot.role === role && (slot.state === "running" || slot.state === "waiting"),
    );
  }

  #add(role: string): void {
    const number = (this.#started.get(role) ?? 0) + 1;
    this.#started.set(role, number);
    const slot: Slot = {
      role,
      name: `${role}[${number}]`,
      state: "waiting",
      child: null,
      timer: undefined,
      busy: false,
      startedMs: 0,
      quickDeaths: 0,
      lastLines: [],
    };
    this.#slots.add(slot);
    this.#start(slot);
  }

  #start(slot: Slot): void {
    slot.state = "running";
    slot.busy = false;
    slot.startedMs = performance.now();
    slot.child = startChild(this.#options.command(slot.role), {
      onLine: (line) => {
        slot.lastLines = [...slot.lastLines.slice(1 - lastLinesKept), line];
        this.#options.onLine(`${slot.name}: ${line}`);
      },
      onMessage: (message) => {
        if (isBusy(message)) slot.busy = message.busy;
        else this.#options.onMessage(slot.role, message);
      },
      onEnd: (end) => this.#ended(slot, end),
    });
  }

  #stop(slot: Slot): void {
    // One SIGTERM a child: the second would make it exit without its drain.
    if (slot.state === "running") {
      slot.state = "stopping";
      slot.child?.kill("SIGTERM");
    } else if (slot.state === "waiting") this.#remove(slot);
  }

  #remove(slot: Slot): void {
    clearTimeout(slot.timer);
    slot.state = "gone";
    this.#slots.delete(slot);
    if (this.#slots.size === 0) this.#stopped?.();
  }

  #ended(slot: Slot, end: ChildEnd): void {
    slot.child = null;
    if (slot.state === "stopping") {
      this.#remove(slot);
      return;
    }
    const { firstMs, maxMs, quickMs, quickDeaths } = this.#restart;
    const quick = performance.now() - slot.startedMs < quickMs;
    slot.quickDeaths = quick ? slot.quickDeaths + 1 : 0;
    // A lost lease is another owner's success: tried again for ever. A usage error stays one however often it is tried.
    const hopeless = end.code === usageExit || slot.quickDeaths > quickDeaths;
    if (hopeless && end.code !== lostLeaseExit) {
      this.#remove(slot);
      this.#options.onFatal(slot.role, fatalOf(slot, end));
      return;
    }
    const delayMs = Math.min(maxMs, firstMs * 2 ** Math.max(0, slot.quickDeaths - 1));
    slot.state = "waiting";
    slot.timer = setTimeout(() => this.#start(slot), delayMs);
    this.#options.onRestart(slot.role, `${slot.name} ${howItEnded(end)}`, delayMs);
  }
}

function fatalOf(slot: Slot, end: ChildEnd): Fatal {
  const times = slot.quickDeaths > 1 ? ` (${slot.quickDeaths} times in a row)` : "";
  const said = slot.lastLines.map((line) => `\n  | ${line}`).join("");
  const cause = end.failure ? { cause: end.failure } : undefined;
  return new Fatal(`keep "${slot.name}" running: it ${howItEnded(end)}${times}${said}`, cause);
}

function howItEnded(end: ChildEnd): string {
  if (end.failure) return "could not be started";
  if (end.code === lostLeaseExit) return "lost its lease";
  return end.code === null ? `was ended by ${end.signal}` : `exited with ${end.code}`;
}

function isBusy(message: unknown): message is { kind: "busy"; busy: boolean } {
  if (typeof message !== "object" || message === null) return false;
  const { kind, busy } = message as { kind?: unknown; busy?: unknown };
  return kind === "busy" && typeof busy === "boolean";
}
