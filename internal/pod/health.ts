// How a pod's kubelet is told that the process lives and may be given work. Both are about this process alone: a broker or
// a lake that is away must not have every pod restarted.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { UsageError } from "../std/errors.ts";

/** `starting` until the queue is open, `draining` from the first signal to stop. */
export type HealthState = "starting" | "ready" | "draining";

export type Health = {
  port: number;
  set(state: HealthState): void;
  /** Ends answers under way, too. */
  close(): Promise<void>;
};

/**
 * Serves `GET /live` (200: the event loop moves, or there would be no answer) and `GET /ready` (200 when ready, else 503) on
 * all addresses; the body is the state. `port` 0: a free one. Throws UsageError when the port cannot be had.
 */
export async function serveHealth(port: number): Promise<Health> {
  let state: HealthState = "starting";
  const server = createServer((request, response) => {
    const status =
      request.url === "/live" || (request.url === "/ready" && state === "ready")
        ? 200
        : request.url === "/ready"
          ? 503
          : 404;
    // A connection that is kept would go on to be asked of a process that ends.
    response.writeHead(status, { "content-type": "text/plain", connection: "close" });
    response.end(`${state}\n`);
  });
  try {
    server.listen(port);
    await once(server, "listening");
  } catch (cause) {
    throw cannotListen(port, cause);
  }
  // A command that has ended must not be kept by who asks whether it lives.
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    set: (next) => {
      // A pod that drains is never ready again, whatever ends late.
      if (state !== "draining") state = next;
    },
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function cannotListen(port: number, cause: unknown): UsageError {
  const what = `port ${port} cannot be used (${(cause as NodeJS.ErrnoException).code})`;
  const fix = "give each process of one host its own, or leave it unset";
  return new UsageError(what, "ONPOINT_HEALTH_PORT", fix, { cause });
}
