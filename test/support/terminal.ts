// Runs the program in a real terminal, and looks for what it leaves behind.
import { execFileSync, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export type Terminal = {
  /** All that was shown so far, with its control characters. */
  shown(): string;
  type(text: string): void;
  /** As closing the window does: the program gets SIGHUP. */
  close(): void;
  /** Its exit code when it has ended. */
  ended: Promise<number | null>;
} & Disposable;

export const ctrlC = "\x03";

/** Starts a command in a terminal 100 columns wide. Needs Python 3. */
export function openTerminal(
  command: readonly string[],
  cwd: string,
  env: Record<string, string | undefined>,
): Terminal {
  const script = fileURLToPath(new URL("./terminal.py", import.meta.url));
  const child = spawn("python3", [script, "100", ...command], { cwd, env, stdio: "pipe" });
  let shown = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      shown += text;
    });
  }
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("error", (cause) => reject(new Error("python3 is needed for this test", { cause })));
  child.once("close", resolve);
  return {
    shown: () => shown,
    type: (text) => void child.stdin.write(text),
    close: () => void child.stdin.end(),
    ended,
    [Symbol.dispose]: () => void child.kill("SIGKILL"),
  };
}

/** Processes, zombies left out, that have `folder` in their arguments or their environment, with their arguments. */
export function processesOf(folder: string): { pid: number; args: string }[] {
  // `e` without a dash: the environment behind the arguments, on Linux and macOS alike.
  const listing = execFileSync("ps", ["axeww", "-o", "pid=,stat=,args="], {
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  return listing.split("\n").flatMap((line) => {
    const [, pid, stat = "", args = ""] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    const isFound = pid !== undefined && !stat.startsWith("Z") && line.includes(folder);
    return isFound && !/terminal\.py/.test(args) ? [{ pid: Number(pid), args }] : [];
  });
}
