// Starts the server of a world for a test.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Arrival, parseArrivals } from "./arrival.ts";
import type { WorldOptions } from "./world.ts";

export type Web = {
  port: number;
  /** Ends the server; gives all requests it got, in the order of arrival. */
  stop(): Promise<Arrival[]>;
};

const script = fileURLToPath(new URL("server.ts", import.meta.url));

/** Resolves when it listens. Throws Error when it ends before. */
export async function startWeb(options: WorldOptions, logFile: string): Promise<Web> {
  const args = [script, "--world", JSON.stringify(options), "--log", logFile];
  // In a session of its own, which can be given precedence; it ends when its stdin does.
  const child = spawn(process.execPath, args, {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", (line) =>
      resolve((JSON.parse(line) as { port: number }).port),
    );
    child.once("exit", (code) => reject(new Error(`the server of the world ended with ${code}`)));
  });
  return {
    port,
    stop: async () => {
      child.kill("SIGTERM");
      await exited;
      return parseArrivals(await readFile(logFile, "utf8"));
    },
  };
}
