import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fetcher, openFetcher } from "./fetch-page.ts";
import { openRoute } from "./open-route.ts";

const text = "Grüße ".repeat(100);
const packed: Record<string, [string, Buffer]> = {
  "/gzip": ["gzip", gzipSync(text)],
  "/br": ["br", brotliCompressSync(text)],
  "/zstd": ["zstd", zstdCompressSync(text)],
  "/zlib": ["deflate", deflateSync(text)],
  "/raw": ["deflate", deflateRawSync(text)],
  "/twice": ["gzip, BR", brotliCompressSync(gzipSync(text))],
  "/identity": ["identity", Buffer.from(text)],
  "/bomb": ["gzip", gzipSync(Buffer.alloc(200_000))],
  "/damaged": ["gzip", gzipSync(text).subarray(0, 30)],
  "/strange": ["x-unheard-of", Buffer.from("?")],
  "/long": ["identity", Buffer.alloc(20_001, "x")],
  "/long-gzip": [
    "gzip",
    gzipSync(Buffer.from(Array.from({ length: 30_000 }, (_, n) => (n * n * 31) >> 3)), {
      level: 0,
    }),
  ],
};
const answer: RequestListener = (request, response) => {
  const path = request.url ?? "";
  const [coding, body] = packed[path] ?? [];
  if (coding !== undefined) response.writeHead(200, { "content-encoding": coding }).end(body);
  else if (path === "/reset") request.socket.resetAndDestroy();
  else if (path === "/cut") {
    response.writeHead(200, { "content-length": 100 });
    response.write("half", () => request.socket.destroy());
  } else if (path === "/redirect") response.writeHead(302, { location: "/elsewhere" }).end();
  else if (path === "/stall") response.writeHead(200).write("half");
  else if (path !== "/silent")
    response.writeHead(200, { "x-a": ["1", "2"] }).end(request.headers["user-agent"]);
};
const server = createServer(answer);
let fetcher: Fetcher;
let at = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  fetcher = openFetcher();
});
afterAll(async () => {
  await fetcher.close();
  server.closeAllConnections();
  server.close();
});
const never = new AbortController().signal;
const routeWithin = (idleMs: number, totalMs: number) =>
  openRoute({
    limits: { maxBytes: 20_000, idleMs, totalMs },
    named: ["127.0.0.1", "shop.example.localhost"],
  });
// So long that a busy machine is no fault; and for faults of time, which are to come soon.
const route = routeWithin(10_000, 20_000);
const shortRoute = routeWithin(200, 400);
const fetch = (path: string, headers = {}) =>
  fetcher.fetch(`${at}${path}`, { headers, route }, never);

test.each(["/gzip", "/br", "/zstd", "/zlib", "/raw", "/twice", "/identity"])(
  "%s is unpacked",
  async (path) => {
    expect(await fetch(path)).toMatchObject({
      status: 200,
      body: Buffer.from(text),
      truncated: false,
    });
  },
);

test.each(["/long", "/long-gzip", "/bomb"])("%s is cut at the limit, and says so", async (path) => {
  const { body, truncated } = await fetch(path);
  expect([body.length, truncated]).toEqual([20_000, true]);
});

test("a body that is not wanted ends at its head, also one that would never end", async () => {
  const heads: unknown[] = [];
  const wantsBody = (status: number, headers: Record<string, string>) => {
    heads.push([status, headers["content-encoding"]]);
    return false;
  };
  for (const path of ["/stall", "/bomb", "/identity"]) {
    const asked = { headers: {}, route, wantsBody };
    expect(await fetcher.fetch(`${at}${path}`, asked, never)).toMatchObject({
      status: 200,
      body: Buffer.alloc(0),
      truncated: true,
    });
  }
  expect(heads).toEqual([
    [200, undefined],
    [200, "gzip"],
    [200, "identity"],
  ]);
  expect((await fetch("/gzip")).body.toString()).toBe(text);
});

test.each([
  ["/damaged", "decode", "the gzip body is damaged (unexpected end of file)"],
  ["/strange", "decode", "a coding that nobody knows"],
  ["/reset", "broken", "broke off"],
  ["/cut", "broken", "broke off"],
  ["/silent", "timeout", "no whole answer from 127.0.0.1"],
  ["/stall", "timeout", "no whole answer from 127.0.0.1"],
])("%s is a fault of kind %s", async (path, kind, message) => {
  const asked = { headers: {}, route: kind === "timeout" ? shortRoute : route };
  const fault = await fetcher.fetch(`${at}${path}`, asked, never).catch((error: unknown) => error);
  expect(fault).toMatchObject({
    name: "FetchFault",
    kind,
    message: expect.stringContaining(message),
  });
});

test("redirects are answers, headers are lower-case and joined, and what was asked is sent", async () => {
  expect(await fetch("/redirect")).toMatchObject({
    status: 302,
    headers: { location: "/elsewhere" },
  });
  const { headers, body } = await fetch("/", { "user-agent": "onpoint" });
  expect([headers["x-a"], body.toString()]).toEqual(["1, 2", "onpoint"]);
});

test("names under localhost are loopback; the request is told of when it goes out, once", async () => {
  let sent = 0;
  const { port } = new URL(at);
  const asked = {
    headers: {},
    route,
    onSent: () => {
      sent += 1;
    },
  };
  const { status } = await fetcher.fetch(`http://shop.example.localhost:${port}/`, asked, never);
  expect([status, sent]).toEqual([200, 1]);
});

test("a port where nobody listens is a fault; an abort throws its own reason", async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const fault = await fetcher
    .fetch(`http://127.0.0.1:${port}/`, { headers: {}, route }, never)
    .catch((error: unknown) => error);
  expect(fault).toMatchObject({ kind: "connect" });
  const stop = new AbortController();
  const asked = { headers: {}, route, onSent: () => stop.abort(new Error("lease lost")) };
  await expect(fetcher.fetch(`${at}/silent`, asked, stop.signal)).rejects.toThrow("lease lost");
});

test("request and answer are kept as they were on the wire", async () => {
  const heads: string[] = [];
  const raw = createTcpServer((socket) => {
    socket.on("data", (bytes) => {
      heads.push(bytes.toString("latin1"));
      socket.write(
        "HTTP/1.1 203 Fair Enough\r\nX-Z: 1\r\nx-a: \xe9\r\nX-z: 2\r\nContent-Length: 2\r\n\r\nok",
        "latin1",
      );
    });
  });
  await new Promise<void>((resolve) => raw.listen(0, "127.0.0.1", resolve));
  const { port } = raw.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/a?b`;
  const got = await fetcher.fetch(
    url,
    { headers: { "user-agent": "onpoint" }, body: "é", route },
    never,
  );
  const again = await fetcher.fetch(url, { headers: { accept: "x/y" }, route }, never);
  raw.close();
  const lines = ({ request }: typeof got) => [
    `${request.method} ${request.target} HTTP/${got.httpVersion}`,
    ...request.headers.map(([name, value]) => `${name}: ${value}`),
    "",
    request.body ?? "",
  ];
  expect(heads).toEqual(
    [got, again].map((each) => Buffer.from(lines(each).join("\r\n")).toString("latin1")),
  );
  expect(got).toMatchObject({
    status: 203,
    statusText: "Fair Enough",
    ip: "127.0.0.1",
    rawHeaders: [
      ["X-Z", "1"],
      ["x-a", "\xe9"],
      ["X-z", "2"],
      ["Content-Length", "2"],
    ],
    headers: { "x-z": "1, 2" },
  });
});

test("what onSent throws ends the request before anything of it is sent", async () => {
  let bytes = 0;
  const raw = createTcpServer((socket) => {
    socket
      .on("error", () => undefined)
      .on("data", (chunk) => {
        bytes += chunk.length;
      });
  });
  await new Promise<void>((resolve) => raw.listen(0, "127.0.0.1", resolve));
  const { port } = raw.address() as AddressInfo;
  const onSent = () => {
    throw new Error("the lease ended");
  };
  const asked = { headers: {}, route, onSent };
  const refused = fetcher.fetch(`http://127.0.0.1:${port}/`, asked, never);
  await expect(refused).rejects.toThrow("the lease ended");
  await new Promise((resolve) => raw.close(resolve));
  expect(bytes).toBe(0);
});
