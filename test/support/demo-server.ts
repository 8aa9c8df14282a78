// The demo's server as its own process, as `make demo` starts it.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { setPriority } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { RequestLine } from "../../examples/demo/request-log.ts";
import { checkout } from "./run-onpoint.ts";

export type DemoServer = {
  port: number;
  requests(): Promise<RequestLine[]>;
  stop(): Promise<void>;
};

/** Starts it with its log in `folder`; resolves when it is ready. */
export async function startDemoServer(folder: string): Promise<DemoServer> {
  const log = join(folder, "requests.jsonl");
  const script = join(checkout, "examples/demo/server.ts");
  const child = spawn(process.execPath, [script, "--port", "0", "--seed", "7", "--log", log], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  runFirst(child.pid);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", (line) =>
      resolve((JSON.parse(line) as { port: number }).port),
    );
    child.once("exit", (code) => reject(new Error(`the demo server ended with ${code}`)));
  });
  return {
    port,
    requests: async () => {
      const lines = (await readFile(log, "utf8")).trimEnd().split("\n");
      return lines.map((line) => JSON.parse(line) as RequestLine);
    },
    stop: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Its clock is the judge's of politeness: it should not wait for a CPU. Not everybody may ask for that. */
function runFirst(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, -10);
  } catch {
    // It runs as fast as others.
  }
}
