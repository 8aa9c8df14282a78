// Connections and names against real servers: what is kept and what is closed, who is connected to and who is not.
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { DnsCache, type NameSource, standardDnsLimits } from "../../internal/fetch/dns-cache.ts";
import { type FetcherTools, openFetcher } from "../../internal/fetch/fetch-page.ts";
import { openRoute, type RouteWishes } from "../../internal/fetch/open-route.ts";
import { systemNames } from "../../internal/fetch/system-names.ts";

const never = new AbortController().signal;
let server: Server;
let port = 0;
const requests: { url: string; cookie: string | undefined; agent: string | undefined }[] = [];
let open = 0;
let made = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    const { cookie, "user-agent": agent } = request.headers;
    requests.push({ url: `${request.headers.host}${request.url}`, cookie, agent });
    if (request.url === "/login") response.setHeader("set-cookie", ["id=7; Path=/", "t=1"]);
    response.end("ok");
  });
  server.on("connection", (socket) => {
    open += 1;
    made += 1;
    socket.on("close", () => {
      open -= 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function withFetcher<T>(
  tools: Partial<FetcherTools>,
  wishes: RouteWishes,
  body: (ask: (url: string, headers?: Record<string, string>) => Promise<number>) => Promise<T>,
): Promise<T> {
  const fetcher = openFetcher(tools);
  const route = openRoute(wishes);
  try {
    return await body(
      async (url, headers = {}) => (await fetcher.fetch(url, { headers, route }, never)).status,
    );
  } finally {
    await fetcher.close();
  }
}

/** Names as given; nothing else is known. */
function fakeNames(zones: Record<string, string[]>): NameSource {
  const none = () => Promise.reject(Object.assign(new Error("none"), { code: "ENOTFOUND" }));
  return {
    resolve4: (name) =>
      zones[name] === undefined
        ? none()
        : Promise.resolve(zones[name].map((address) => ({ address, ttl: 60, type: "A" }) as const)),
    resolve6: none,
    lookup: none,
    isInHosts: () => false,
  };
}

test("a host that leads to this machine or its network is refused, under whatever name, and nothing is sent", async () => {
  const before = requests.length;
  const connections = open;
  const names = fakeNames({ "rebound.example": ["127.0.0.1"], "inside.example": ["10.0.0.1"] });
  await withFetcher({ names }, {}, async (ask) => {
    const urls = [
      `http://127.0.0.1:${port}/`,
      `http://0x7f.1:${port}/`,
      `http://2130706433:${port}/`,
      `http://[::ffff:127.0.0.1]:${port}/`,
      `http://[::1]:${port}/`,
      `http://0.0.0.0:${port}/`,
      `http://localhost:${port}/`,
      `http://x.localhost:${port}/`,
      `http://rebound.example:${port}/`,
      `http://inside.example:${port}/`,
      "http://169.254.169.254/latest/meta-data/",
      `https://127.0.0.1:${port}/`,
    ];
    for (const url of urls)
      await expect(ask(url), url).rejects.toMatchObject({ name: "FetchFault", kind: "refused" });
    await expect(ask(`http://rebound.example:${port}/`)).rejects.toThrow(
      "127.0.0.1, the address of rebound.example, is a loopback address, and the pipeline does not name this host",
    );
    await expect(ask("file:///etc/passwd")).rejects.toMatchObject({ kind: "refused" });
  });
  expect([requests.length, open]).toEqual([before, connections]);
});

test("of several addresses only those that may be are connected to", async () => {
  const names = fakeNames({ "mixed.example": ["10.0.0.1", "127.0.0.1"] });
  const wishes = { allowPrivate: ["127.0.0.0/8"], limits: { connectMs: 1_000 } };
  await withFetcher({ names }, wishes, async (ask) => {
    expect(await ask(`http://mixed.example:${port}/`)).toBe(200);
  });
});

test("one route's leave to reach a private host is no other's, on the same connection least of all", async () => {
  const fetcher = openFetcher();
  const ask = (route: ReturnType<typeof openRoute>) =>
    fetcher.fetch(`http://127.0.0.1:${port}/`, { headers: {}, route }, never);
  expect((await ask(openRoute({ named: ["127.0.0.1"] }))).status).toBe(200);
  await expect(ask(openRoute({}))).rejects.toMatchObject({ kind: "refused" });
  await fetcher.close();
});

test("connections are used again; idle ones are few, and closed in the end", async () => {
  const idle = { keepAliveMs: 300, maxIdle: 3 };
  await withFetcher({ idle }, { named: ["a.localhost"] }, async (ask) => {
    await vi.waitFor(() => expect(open).toBe(0));
    const before = made;
    for (let n = 0; n < 20; n += 1) await ask(`http://a.localhost:${port}/`);
    expect(made - before).toBe(1);
    for (let n = 0; n < 20; n += 1) await ask(`http://h${n}.localhost:${port}/`);
    await vi.waitFor(() => expect(open).toBeLessThanOrEqual(3));
    await vi.waitFor(() => expect(open).toBe(0), 5_000);
    expect(await ask(`http://a.localhost:${port}/`)).toBe(200);
  });
});

test("cookies go back to who set them, if the source wants that, beside its own", async () => {
  const named = ["a.localhost"];
  for (const cookies of [true, false]) {
    requests.length = 0;
    await withFetcher({}, { named, cookies }, async (ask) => {
      await ask(`http://a.localhost:${port}/login`);
      await ask(`http://a.localhost:${port}/next`, { cookie: "own=1" });
      await ask(`http://b.localhost:${port}/other`);
    });
    expect(requests.map(({ cookie }) => cookie)).toEqual([
      undefined,
      cookies ? "own=1; id=7; t=1" : "own=1",
      undefined,
    ]);
  }
});

test("names are asked of a DNS server, with their TTL; a failure is a fault", async () => {
  const asked: string[] = [];
  const dns: UdpSocket = createSocket("udp4");
  dns.on("message", (query, { port: from, address }) => {
    const { name, end } = readName(query, 12);
    const type = query.readUInt16BE(end);
    asked.push(`${name} ${type}`);
    dns.send(
      dnsAnswer(query, end + 4, name === "a.test" && type === 1 ? 120 : null),
      from,
      address,
    );
  });
  await new Promise<void>((resolve) => dns.bind(0, "127.0.0.1", resolve));
  const names = systemNames([`127.0.0.1:${dns.address().port}`]);
  expect(await names.resolve4("a.test")).toMatchObject([{ address: "127.0.0.9", ttl: 120 }]);
  const cache = new DnsCache(names, standardDnsLimits, () => performance.now());
  expect(await cache.resolve("a.test")).toEqual([{ address: "127.0.0.9", family: 4 }]);
  await expect(names.resolve4("b.test")).rejects.toMatchObject({ code: "ENOTFOUND" });
  expect(asked).toEqual(expect.arrayContaining(["a.test 1", "a.test 28", "b.test 1"]));
  dns.close();
  await withFetcher({ names: fakeNames({}) }, {}, async (ask) => {
    await expect(ask("http://nowhere.example/")).rejects.toMatchObject({
      kind: "dns",
      message: "the name nowhere.example cannot be resolved (ENOTFOUND)",
    });
  });
});

/** RFC 1035 section 4.1.2. `end`: behind the name. */
function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 1 };
}

/** An answer with one address, or, without a TTL, that there is no such name. */
function dnsAnswer(query: Buffer, questionEnd: number, ttl: number | null): Buffer {
  const head = Buffer.from(query.subarray(0, questionEnd));
  head.writeUInt16BE(ttl === null ? 0x8183 : 0x8180, 2);
  head.writeUInt16BE(ttl === null ? 0 : 1, 6);
  head.fill(0, 8, 12);
  if (ttl === null) return head;
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 9]);
  record.writeUInt32BE(ttl, 6);
  return Buffer.concat([head, record]);
}
