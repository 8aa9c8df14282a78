// The demo server inside a process: one port on loopback, sites by the Host header, faults and the log around them.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { flightsApi, moviesApi, quakesApi } from "./api-sites.ts";
import { docsSite } from "./docs-site.ts";
import { faultSequence } from "./faults.ts";
import { nowMs, openRequestLog } from "./request-log.ts";
import { refusal, type Site, type SiteAnswer } from "./site.ts";

/** `port` 0: a free one. `faultEvery` 0: no faults. */
export type ServerOptions = {
  port: number;
  seed: number;
  faultEvery: number;
  logFile: string | null;
};
export type DemoServer = { port: number; close: () => Promise<void> };

/** `Retry-After` is in seconds (RFC 9110 section 10.2.3). */
type LoggedAnswer = SiteAnswer & { retryAfterMs: number | null };

const neverFaulted = new Set(["/robots.txt", "/sitemap.xml", "/hook"]);
const maxHookBytes = 2 ** 20;

/** Starts it; `close` lets answers under way end. Throws when the port is taken or the log cannot be opened. */
export async function startServer(options: ServerOptions): Promise<DemoServer> {
  const sites = new Map<string, Site>([
    ["flights.localhost", flightsApi()],
    ["movies.localhost", moviesApi()],
    ["quakes.localhost", quakesApi()],
    ["docs.localhost", docsSite()],
    ["hook.localhost", ({ path }) => refusal(path === "/hook" ? 405 : 404, "POST /hook")],
  ]);
  const nextFault = faultSequence(options.seed, options.faultEvery);
  const log = openRequestLog(options.logFile);

  const answerTo = (method: string, url: URL): LoggedAnswer => {
    const site = sites.get(url.hostname);
    if (site === undefined)
      return { ...refusal(404, `no such site: ${url.hostname}`), retryAfterMs: null };
    if (method !== "GET" && method !== "HEAD")
      return { ...refusal(405, "GET only"), retryAfterMs: null };
    const fault = neverFaulted.has(url.pathname) ? null : nextFault(url.href);
    if (fault === null) {
      const request = { path: url.pathname, query: url.searchParams, origin: url.origin };
      return { ...site(request), retryAfterMs: null };
    }
    const answer = refusal(
      fault.status,
      fault.status === 429 ? "too many requests" : "unavailable",
    );
    if (fault.retryAfterMs !== null)
      answer.headers["retry-after"] = String(fault.retryAfterMs / 1_000);
    return { ...answer, retryAfterMs: fault.retryAfterMs };
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const cameMs = Math.round(nowMs() * 1_000) / 1_000;
    const method = request.method ?? "";
    const url = urlOf(request);
    const isHook =
      method === "POST" && url?.hostname === "hook.localhost" && url.pathname === "/hook";
    const body = isHook ? await textOf(request) : undefined;
    const answer =
      url === null
        ? { ...refusal(400, "bad Host header or path"), retryAfterMs: null }
        : isHook
          ? { ...(body === null ? refusal(413, "too large") : json204), retryAfterMs: null }
          : answerTo(method, url);
    log.write({
      t_ms: cameMs,
      host: url?.hostname ?? request.headers.host ?? "",
      method,
      path: request.url ?? "",
      status: answer.status,
      retryAfterMs: answer.retryAfterMs,
      userAgent: request.headers["user-agent"] ?? "",
      ...(typeof body === "string" ? { body } : {}),
    });
    response.writeHead(answer.status, {
      ...answer.headers,
      "content-length": Buffer.byteLength(answer.body),
    });
    response.end(answer.body);
  };

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      process.stderr.write(`demo server: ${request.method} ${request.url}: ${String(error)}\n`);
      response.destroy();
    });
  });
  // A connection that the server closes just as it is used again looks like a fault that nobody asked for.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          log.close();
          resolve();
        });
      }),
  };
}

const json204: SiteAnswer = { status: 204, headers: {}, body: "" };

function urlOf(request: IncomingMessage): URL | null {
  return URL.parse(`http://${request.headers.host ?? ""}${request.url ?? ""}`);
}

/** The body as text; null when it is larger than a webhook call has any reason to be. */
async function textOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes <= maxHookBytes) chunks.push(chunk);
  }
  return sizeBytes > maxHookBytes ? null : Buffer.concat(chunks).toString("utf8");
}
