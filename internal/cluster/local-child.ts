// One role process as a child of `onpoint run`: its output by lines, its IPC messages, and exactly one word of its end.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export type ChildCommand = {
  /** Arguments of Node: the script and what follows. */
  args: string[];
  /** The whole environment of the child. */
  env: Record<string, string | undefined>;
};

/** `code` is null when a signal ended it or it could not be started; `failure` says why it could not. */
export type ChildEnd = { code: number | null; signal: string | null; failure: Error | null };

export type ChildEvents = {
  onLine(line: string): void;
  onMessage(message: unknown): void;
  /** Called once, after the last line. */
  onEnd(end: ChildEnd): void;
};

// How long a dead child's output is waited for; a grandchild that inherited the pipe could keep it open for ever.
const outputGraceMs = 500;

/** Starts Node with `command` in a process group of its own: Ctrl-C in the terminal is for the parent alone. */
export function startChild(command: ChildCommand, events: ChildEvents): ChildProcess {
  const child = spawn(process.execPath, command.args, {
    env: command.env,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on("line", events.onLine);
  }
  child.on("message", events.onMessage);

  let ended = false;
  const end = (how: ChildEnd) => {
    if (ended) return;
    ended = true;
    events.onEnd(how);
  };
  child.on("error", (failure) => {
    // Also raised for a message or signal that could not be sent; only a child without a pid never started.
    if (child.pid === undefined) end({ code: null, signal: null, failure });
  });
  child.once("exit", (code, signal) => {
    const how = { code, signal, failure: null };
    const timer = setTimeout(end, outputGraceMs, how);
    child.once("close", () => {
      clearTimeout(timer);
      end(how);
    });
  });
  return child;
}
