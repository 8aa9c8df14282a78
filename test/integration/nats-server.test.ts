import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { findNatsServer } from "../../internal/pod/nats-binary.ts";
import { startNatsServer } from "../../internal/pod/nats-server.ts";
import { Fatal, UsageError } from "../../internal/std/errors.ts";

let binary: string;
let folder: string;
let end: AbortController;
beforeAll(async () => {
  binary = await findNatsServer(process.cwd(), process.env.PATH);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "onpoint-server-"));
  end = new AbortController();
});
afterEach(async () => {
  end.abort();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

const options = (more: { port?: number; onRestart?: (code: number | null) => void } = {}) => ({
  binary,
  port: 0,
  storeDir: join(folder, "store"),
  logFile: join(folder, "logs", "nats.log"),
  signal: end.signal,
  onRestart: () => {},
  ...more,
});

/** Whether the process runs; a zombie that nobody has reaped does not. */
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true; // no /proc here
  }
};

test("it comes back on the same port when it is killed, and ends when asked to", async () => {
  let restarts = 0;
  const server = await startNatsServer(options({ onRestart: () => restarts++ }));
  const firstPid = server.pid();
  process.kill(firstPid, "SIGKILL");
  await expect.poll(() => server.pid(), { timeout: 10_000 }).not.toBe(firstPid);
  expect(restarts).toBe(1);
  await server.stop();
  expect(isAlive(server.pid())).toBe(false);
  const log = await readFile(join(folder, "logs", "nats.log"), "utf8");
  expect(log).toMatch(/Server is ready/);
});

test("a taken port is the user's to solve", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const starting = startNatsServer(options({ port }));
  await expect(starting).rejects.toBeInstanceOf(UsageError);
  await expect(starting).rejects.toThrow(`port ${port}`);
  other.close();
});

test("a missing binary is the user's to install", async () => {
  const starting = startNatsServer({ ...options(), binary: join(folder, "nats-server") });
  await expect(starting).rejects.toThrow(/make tools/);
});

test("two on one store are refused while the first one's owner lives", async () => {
  const server = await startNatsServer(options());
  await expect(startNatsServer(options())).rejects.toBeInstanceOf(UsageError);
  await server.stop();
});

test("one whose owner was killed is ended by the next", async () => {
  const script = `
    import { startNatsServer } from "${join(process.cwd(), "internal/pod/nats-server.ts")}";
    const server = await startNatsServer({
      ...${JSON.stringify(options())}, signal: new AbortController().signal, onRestart() {},
    });
    console.log(server.pid());
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["--input-type=module-typescript", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [printed] = await once(owner.stdout, "data");
  const stalePid = Number(String(printed));
  expect(isAlive(stalePid)).toBe(true);
  owner.kill("SIGKILL");
  await once(owner, "exit");
  expect(isAlive(stalePid)).toBe(true);
  const server = await startNatsServer(options());
  expect(isAlive(stalePid)).toBe(false);
  await server.stop();
});

test("a server that keeps dying is given up with its last words", async () => {
  const server = await startNatsServer(options());
  const killer = setInterval(() => {
    if (isAlive(server.pid())) process.kill(server.pid(), "SIGKILL");
  }, 20);
  const failure = await server.failed;
  clearInterval(killer);
  expect(failure).toBeInstanceOf(Fatal);
  expect(failure.message).toMatch(/in a row/);
});
