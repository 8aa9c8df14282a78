// The server of a synthetic web, as a process of its own: node test/support/web/server.ts --world JSON --log FILE
// Serves all hosts of the world by their Host header on one port of loopback, which it tells as {"port":N} on stdout.
import { createWriteStream, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setPriority } from "node:os";
import { parseArgs } from "node:util";
import { answerer } from "./answer.ts";
import { type Arrival, formatArrival } from "./arrival.ts";
import { makeWorld } from "./make-world.ts";
import type { WorldOptions } from "./world.ts";

const heartbeatMs = 1;

function main(): void {
  const { values } = parseArgs({ options: { world: { type: "string" }, log: { type: "string" } } });
  const world = makeWorld(JSON.parse(values.world ?? "null") as WorldOptions);
  const log = createWriteStream(values.log ?? "/dev/null");
  runFirst();
  const lateness = startHeartbeat();
  const connections = new WeakMap<Socket, number>();
  let connected = 0;
  const open = new Map<Arrival, () => void>();
  let answer: ReturnType<typeof answerer> | undefined;

  const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
    const atMs = performance.now();
    const { socket } = request;
    const connection = connections.get(socket) ?? ++connected;
    connections.set(socket, connection);
    const host = (request.headers.host ?? "").split(":")[0] ?? "";
    const path = request.url ?? "/";
    const userAgent = request.headers["user-agent"] ?? "";
    const lateMs = lateness(atMs);
    const arrival: Arrival = {
      ...{ atMs, lateMs, answeredMs: atMs, endMs: atMs, host, path },
      ...{ status: 0, retryAfterMs: null, connection, userAgent },
    };
    const end = () => {
      if (!open.delete(arrival)) return;
      log.write(formatArrival({ ...arrival, endMs: performance.now() }));
    };
    open.set(arrival, end);
    // Also when its connection ends: it may be written past Node.
    response.once("close", end);
    // Before it: the client may have it before this process goes on.
    arrival.answeredMs = performance.now();
    Object.assign(arrival, answer?.(response, host + path));
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  server.listen(0, "127.0.0.1", 4_096, () => {
    const { port } = server.address() as AddressInfo;
    answer = answerer(world, port);
    process.stdout.write(`{"port":${port}}\n`);
  });
  const stop = () => {
    for (const end of [...open.values()]) end();
    log.end(() => process.exit(0));
  };
  process.once("SIGTERM", stop);
  // Whoever started it is gone.
  process.stdin.once("close", stop).resume();
}

/**
 * Its clock is the judge's: it should not wait for a CPU. Linux weighs sessions first (autogroups), so that of this one is
 * raised too. Not everybody may ask for that; then `lateMs` is larger.
 */
function runFirst(): void {
  for (const raise of [
    () => setPriority(-10),
    () => writeFileSync("/proc/self/autogroup", "-10"),
  ]) {
    try {
      raise();
    } catch {
      // It runs as fast as others.
    }
  }
}

/**
 * Gives how long before `nowMs` something may have arrived that is read only now. The beat before the last one is what counts:
 * the last one may have come in the same turn of the event loop, just before the reading.
 */
function startHeartbeat(): (nowMs: number) => number {
  let lastMs = performance.now();
  let beforeMs = lastMs;
  setInterval(() => {
    beforeMs = lastMs;
    lastMs = performance.now();
  }, heartbeatMs);
  return (nowMs) => nowMs - beforeMs;
}

main();
