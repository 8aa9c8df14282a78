// Fetching over TLS from real servers: who is trusted, who we are, sessions, HTTP/2.
import { createSecureServer } from "node:http2";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Server as NetServer } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Fetcher, openFetcher } from "../../internal/fetch/fetch-page.ts";
import { openRoute } from "../../internal/fetch/open-route.ts";
import { makeCertificates } from "../support/certificates.ts";

const { ca, server: own, client } = makeCertificates(["good.localhost", "127.0.0.1"]);
const tls = { cert: null, key: null, ca, rejectUnauthorized: true };
const named = ["good.localhost", "other.localhost", "127.0.0.1"];
const never = new AbortController().signal;

let fetcher: Fetcher;
const servers: (NetServer & { closeAllConnections?: () => void })[] = [];
beforeAll(() => {
  fetcher = openFetcher({ idle: { keepAliveMs: 10_000, maxIdle: 100 } });
});
afterAll(() => fetcher.close());
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.();
    server.close();
  }
});

async function listen(server: NetServer): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Tells of each request whether its TLS session was resumed, and who asked. */
function tellingServer(options: object = {}): Server {
  return createServer({ ...own, ...options }, (request, response) => {
    const socket = request.socket as TLSSocket;
    const { subject } = socket.getPeerCertificate();
    const told = [socket.isSessionReused(), subject?.CN ?? null, socket.servername || null];
    response.setHeader("connection", "close").end(JSON.stringify(told));
  });
}

const ask = (url: string, route = openRoute({ tls, named })) =>
  fetcher.fetch(url, { headers: {}, route }, never);
const fault = (url: string, route = openRoute({ tls, named })) =>
  ask(url, route).then(
    () => null,
    (error: unknown) => error,
  );

test("a second connection resumes the session of the first, by name and by address", async () => {
  const port = await listen(tellingServer());
  for (const host of ["good.localhost", "127.0.0.1"]) {
    const told = [];
    for (let n = 0; n < 3; n += 1)
      told.push(JSON.parse((await ask(`https://${host}:${port}/`)).body.toString()));
    const name = host === "127.0.0.1" ? null : host;
    expect(told).toEqual([
      [false, null, name],
      [true, null, name],
      [true, null, name],
    ]);
  }
});

test("a server is trusted by its authority and its name, unless the source says otherwise", async () => {
  const port = await listen(tellingServer());
  const url = `https://good.localhost:${port}/`;
  expect(await fault(url, openRoute({ named }))).toMatchObject({
    kind: "tls",
    message: expect.stringMatching(/^no TLS with good\.localhost:\d+ \(.*certificate/i),
  });
  expect(await fault(`https://other.localhost:${port}/`)).toMatchObject({
    kind: "tls",
    message: expect.stringContaining("ERR_TLS_CERT_ALTNAME_INVALID"),
  });
  const anyone = openRoute({ named, tls: { ...tls, ca: null, rejectUnauthorized: false } });
  expect((await ask(url, anyone)).status).toBe(200);
  // Neither its connections nor its sessions are used by a route that trusts less.
  expect(await fault(url, openRoute({ named }))).toMatchObject({ kind: "tls" });
});

test("a client certificate says who asks; without one such a server is a fault", async () => {
  const port = await listen(tellingServer({ requestCert: true, ca }));
  const url = `https://good.localhost:${port}/`;
  const route = openRoute({ named, tls: { ...tls, ...client } });
  expect(JSON.parse((await ask(url, route)).body.toString())[1]).toBe("client");
  expect(await fault(url)).toMatchObject({ name: "FetchFault" });
});

test("a server without TLS behind an https: URL is a fault of kind tls; one that hangs is a timeout", async () => {
  const { createServer: createTcpServer } = await import("node:net");
  const noTls = await listen(
    createTcpServer((socket) => socket.on("error", () => undefined).end("HTTP/1.1 200 OK\r\n\r\n")),
  );
  expect(await fault(`https://good.localhost:${noTls}/`)).toMatchObject({ kind: "tls" });
  const silent = await listen(
    createTcpServer((socket) => {
      socket.on("error", () => undefined).resume();
    }),
  );
  const route = openRoute({ named, limits: { connectMs: 200 } });
  expect(await fault(`https://good.localhost:${silent}/`, route)).toMatchObject({
    kind: "timeout",
    message: `no connection to good.localhost:${silent} within 200 ms: stopped while agreeing on TLS`,
  });
});

test("HTTP/2 when the source wants it: many requests on one connection, each told of when it is sent", async () => {
  let connections = 0;
  const server = createSecureServer({ ...own, allowHTTP1: true }, (request, response) => {
    response.setHeader("x-v", request.httpVersion);
    response.setHeader("set-cookie", ["a=1", "b=2"]);
    response.end(request.url);
  });
  server.on("secureConnection", () => {
    connections += 1;
  });
  const port = await listen(server as unknown as NetServer);
  const url = `https://good.localhost:${port}`;
  expect(await ask(`${url}/one`)).toMatchObject({ httpVersion: "1.1", headers: { "x-v": "1.1" } });
  const route = openRoute({ tls, named, http2: true });
  expect(await ask(`${url}/two`, route)).toMatchObject({
    httpVersion: "2",
    ip: "127.0.0.1",
    headers: { "x-v": "2.0", "set-cookie": "a=1, b=2" },
    rawHeaders: expect.arrayContaining([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]),
  });
  let sent = 0;
  const onSent = () => {
    sent += 1;
  };
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      fetcher.fetch(`${url}/${n}`, { headers: {}, route, onSent }, never),
    ),
  );
  expect(answers.map(({ body }) => body.toString())).toEqual(
    Array.from({ length: 200 }, (_, n) => `/${n}`),
  );
  expect(sent).toBe(200);
  // One was HTTP/1.1.
  expect(connections).toBe(3);
});

test("a reset stream ends its own request only, and an abort too", async () => {
  const server = createSecureServer(own);
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    if (headers[":path"] === "/reset") stream.close(2);
    else if (headers[":path"] === "/slow") setTimeout(() => stream.end("slow"), 200);
    else if (headers[":path"] !== "/never") stream.end("quick");
  });
  const port = await listen(server as unknown as NetServer);
  const route = openRoute({ tls, named, http2: true });
  const url = `https://good.localhost:${port}`;
  await ask(`${url}/first`, route);
  const slow = ask(`${url}/slow`, route);
  expect(await fault(`${url}/reset`, route)).toMatchObject({ kind: "broken" });
  const stop = new AbortController();
  const asked = { headers: {}, route, onSent: () => stop.abort(new Error("enough")) };
  await expect(fetcher.fetch(`${url}/never`, asked, stop.signal)).rejects.toThrow("enough");
  expect((await slow).body.toString()).toBe("slow");
});
