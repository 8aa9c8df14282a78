// The health of a role's process as a kubelet sees it: a real process, with and without its NATS server.
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startNatsServer } from "../../internal/pod/nats-server.ts";
import { checkout, freshFolder, startOnpoint } from "../support/run-onpoint.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** The status of a path; 0 while nobody answers. */
async function ask(port: number, path: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
  await answer?.body?.cancel();
  return answer?.status ?? 0;
}

test("a pod that cannot reach NATS lives, and is not ready", async () => {
  await using folder = await freshFolder();
  // Takes connections and says nothing, as a server that is overrun does.
  const sockets = new Set<Socket>();
  const mute = createServer((socket) => sockets.add(socket.on("error", () => undefined)));
  mute.listen(0, "127.0.0.1");
  await once(mute, "listening");
  const port = await freePort();
  using pod = startOnpoint(folder.path, ["process"], {
    ONPOINT_NATS_URL: `nats://127.0.0.1:${(mute.address() as { port: number }).port}`,
    ONPOINT_HEALTH_PORT: String(port),
  });
  await expect.poll(() => ask(port, "/live"), { timeout: 20_000 }).toBe(200);
  expect(await ask(port, "/ready")).toBe(503);
  pod.child.kill("SIGKILL");
  await pod.ended;
  for (const socket of sockets) socket.destroy();
  mute.close();
});

test("it is ready with NATS, and ends with 0 when it is told to", async () => {
  await using folder = await freshFolder();
  const nats = await startNatsServer({
    binary: join(checkout, ".tools/bin/nats-server"),
    port: 0,
    storeDir: join(folder.path, "nats"),
    logFile: join(folder.path, "nats.log"),
    signal: new AbortController().signal,
    onRestart: () => undefined,
  });
  try {
    const port = await freePort();
    using pod = startOnpoint(folder.path, ["crawl"], {
      ONPOINT_NATS_URL: nats.url,
      ONPOINT_HEALTH_PORT: String(port),
    });
    await expect.poll(() => ask(port, "/ready"), { timeout: 20_000 }).toBe(200);
    pod.child.kill("SIGTERM");
    const { code, stderr } = await pod.ended;
    expect(code, stderr).toBe(0);
    expect(await ask(port, "/live")).toBe(0);
  } finally {
    await nats.stop();
  }
});
