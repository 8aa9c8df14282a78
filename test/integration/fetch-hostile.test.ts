// Servers that do what they want: whatever comes over the socket, a request ends as an answer or as a fault, in time.
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FetchFault } from "../../internal/fetch/fetch-fault.ts";
import { type Exchange, type Fetcher, openFetcher } from "../../internal/fetch/fetch-page.ts";
import { openRoute } from "../../internal/fetch/open-route.ts";

const limits = {
  maxBytes: 50_000,
  connectMs: 1_000,
  headersMs: 1_500,
  idleMs: 1_500,
  totalMs: 800,
};
const route = openRoute({ limits, named: ["127.0.0.1"], http2: true });
const never = new AbortController().signal;

/** What the server does with a connection on which something was asked. */
let behave: (socket: Socket, head: string) => void = () => undefined;
let server: Server;
let fetcher: Fetcher;
let url = "";
const sockets = new Set<Socket>();
beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
    socket.on("data", (bytes) => behave(socket, bytes.toString("latin1")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  fetcher = openFetcher();
});
afterAll(async () => {
  await fetcher.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});
const ask = (): Promise<Exchange | FetchFault> =>
  fetcher.fetch(url, { headers: {}, route }, never).catch((error: unknown) => {
    if (error instanceof FetchFault) return error;
    throw error;
  });
/** Sends `text` and, if told, ends or resets. */
const says =
  (text: string | Buffer, then: "end" | "reset" | "wait" = "wait") =>
  (socket: Socket) => {
    socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text, () => {
      if (then === "end") socket.end();
      if (then === "reset") setTimeout(() => socket.resetAndDestroy(), 20);
    });
  };

const ok = "HTTP/1.1 200 OK\r\n";
const fine: [string, (socket: Socket) => void, object][] = [
  [
    "interim answers",
    says(
      `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 102 P\r\n\r\n${ok}content-length: 2\r\n\r\nok`,
    ),
    { status: 200, headers: { "content-length": "2" }, body: Buffer.from("ok") },
  ],
  [
    "204 with a length",
    says("HTTP/1.1 204 No Content\r\n\r\n"),
    { status: 204, body: Buffer.alloc(0) },
  ],
  [
    "304 with a length",
    says("HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\netag: x\r\n\r\n"),
    { status: 304, body: Buffer.alloc(0) },
  ],
  [
    "trailers",
    says(`${ok}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-t: 1\r\n\r\n`),
    { status: 200, body: Buffer.from("ok") },
  ],
  [
    "a body up to the end of the connection",
    says("HTTP/1.0 200 OK\r\n\r\nok", "end"),
    { status: 200, body: Buffer.from("ok") },
  ],
  [
    "more bytes than it says",
    says(`${ok}content-length: 2\r\n\r\nokay and more`),
    { status: 200, body: Buffer.from("ok") },
  ],
  [
    "an empty packed body",
    says(`${ok}content-encoding: gzip\r\ncontent-length: 0\r\n\r\n`),
    { status: 200, body: Buffer.alloc(0) },
  ],
  [
    "headers without end, up to a limit",
    says(`${ok}content-length: 0\r\n${"x-long: y\r\n".repeat(1_000)}\r\n`),
    { status: 200 },
  ],
  [
    "an endless body",
    (socket) => {
      socket.write(`${ok}\r\n`);
      const more = () => {
        while (socket.writable && socket.write(Buffer.alloc(16_384, "x")));
      };
      socket.on("drain", more);
      more();
    },
    { status: 200, truncated: true },
  ],
  [
    "a body that unpacks to more than is wanted",
    says(
      Buffer.concat([
        Buffer.from(`${ok}content-encoding: gzip\r\n\r\n`),
        gzipSync(Buffer.alloc(40_000_000)).subarray(0, 30_000),
      ]),
      "end",
    ),
    { status: 200, truncated: true },
  ],
];
test.each(fine)("%s: an answer", async (_title, behaviour, expected) => {
  behave = behaviour;
  expect(await ask()).toMatchObject(expected);
});

const bad: [string, (socket: Socket) => void, string, RegExp][] = [
  ["nothing", () => undefined, "timeout", /in time/],
  ["a close", says("", "end"), "broken", /broke off/],
  ["a reset", (socket) => socket.resetAndDestroy(), "broken", /broke off/],
  ["half a head", says("HTTP/1.1 200 OK\r\ncontent-le", "end"), "broken", /broke off/],
  ["something else than HTTP", says("220 mail.example ESMTP\r\n"), "broken", /not HTTP/],
  ["100 and nothing more", says("HTTP/1.1 100 Continue\r\n\r\n"), "broken", /broke off/],
  [
    "101",
    says("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
    "broken",
    /broke off/,
  ],
  [
    "interim answers without end",
    (socket) => {
      const timer = setInterval(() => socket.write("HTTP/1.1 102 P\r\n\r\n"), 20);
      socket.on("close", () => clearInterval(timer));
    },
    "timeout",
    /in time/,
  ],
  [
    "fewer bytes than it says",
    says(`${ok}content-length: 20\r\n\r\nhalf`, "end"),
    "broken",
    /broke off/,
  ],
  [
    "a reset in the body",
    says(`${ok}content-length: 20\r\n\r\nhalf`, "reset"),
    "broken",
    /broke off/,
  ],
  ["a reset in a body without a length", says(`${ok}\r\nhalf`, "reset"), "broken", /broke off/],
  [
    "a cut chunk",
    says(`${ok}transfer-encoding: chunked\r\n\r\nff\r\nhalf`, "end"),
    "broken",
    /broke off/,
  ],
  [
    "a chunk that is none",
    says(`${ok}transfer-encoding: chunked\r\n\r\nzz\r\n`),
    "broken",
    /not HTTP/,
  ],
  [
    "two lengths",
    says(`${ok}content-length: 2\r\ncontent-length: 3\r\n\r\nabc`),
    "broken",
    /broke off/,
  ],
  [
    "a length and chunks",
    says(`${ok}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
    "broken",
    /broke off/,
  ],
  [
    "a header bomb",
    says(`${ok}${"x-bomb: 1234567890\r\n".repeat(5_000)}\r\n`),
    "broken",
    /headers .* too long/,
  ],
  [
    "one header without end",
    (socket) => {
      socket.write(`${ok}x: `);
      const timer = setInterval(() => socket.write("y".repeat(4_000)), 5);
      socket.on("close", () => clearInterval(timer));
    },
    "broken",
    /headers .* too long/,
  ],
  [
    "a body that drips",
    (socket) => {
      socket.write(`${ok}content-length: 1000\r\n\r\n`);
      const timer = setInterval(() => socket.write("x"), 20);
      socket.on("close", () => clearInterval(timer));
    },
    "timeout",
    /no whole answer .* in time \(800 ms\)/,
  ],
  [
    "a head that drips",
    (socket) => {
      const bytes = [...`${ok}x-slow: ${"y".repeat(500)}`];
      const timer = setInterval(() => socket.write(bytes.shift() ?? "z"), 20);
      socket.on("close", () => clearInterval(timer));
    },
    "timeout",
    /in time/,
  ],
];
test.each(bad)("%s: a fault", async (_title, behaviour, kind, message) => {
  behave = behaviour;
  expect(await ask()).toMatchObject({ kind, message: expect.stringMatching(message) });
});

test("after all that, connections are as good as new", async () => {
  behave = says(`${ok}content-length: 2\r\n\r\nok`);
  expect(await ask()).toMatchObject({ status: 200, body: Buffer.from("ok") });
});

/** A small generator of numbers below n, the same for the same seed (mulberry32). */
function randomOf(seed: number) {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const parts = [
  ok,
  "HTTP/1.0 200 OK\r\n",
  "HTTP/1.1 204 No Content\r\n",
  "HTTP/1.1 302 Found\r\nlocation: /x\r\n",
  "HTTP/1.1 999 Odd\r\n",
  "HTTP/9.9 200\r\n",
  "content-length: 5\r\n",
  "content-length: 99999999999999999999\r\n",
  "content-length: -1\r\n",
  "transfer-encoding: chunked\r\n",
  "transfer-encoding: gzip, chunked\r\n",
  "content-encoding: gzip\r\n",
  "content-encoding: zstd, br\r\n",
  "connection: close\r\n",
  "keep-alive: timeout=0\r\n",
  "trailer: x\r\n",
  "set-cookie: a=b; domain=.;;=\r\n",
  "\r\n",
  "\r\n\r\n",
  "\n",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "ffffffffffffffff\r\n",
  "hello",
  "\x00\xff\x80",
  "x".repeat(3_000),
  " folded: yes\r\n",
  ": no name\r\n",
];

test("seeded garbage: each request ends as an answer or a fault, and nothing else happens", async () => {
  const seed = Number(process.env.FETCH_SEED ?? 20260101);
  const counts = { answers: 0, faults: 0 };
  const packed = gzipSync("hello ".repeat(100));
  const random = randomOf(seed);
  behave = (socket) => {
    const any = (from: number, to: number) => {
      const part = parts[from + random(to - from)] ?? "";
      const piece = random(15) === 0 ? Buffer.from(packed) : Buffer.from(part, "latin1");
      if (random(12) === 0) piece[random(piece.length)] = random(256);
      return piece;
    };
    const many = (most: number, from: number, to: number) =>
      Array.from({ length: random(most) }, () => any(from, to));
    // Half of them look as they should at first.
    const pieces =
      random(2) === 0
        ? many(12, 0, parts.length)
        : [any(0, 5), ...many(4, 6, 17), Buffer.from("\r\n"), ...many(4, 18, parts.length)];
    const bytes = Buffer.concat(pieces);
    const cut = random(4) === 0 ? random(bytes.length + 1) : 0;
    socket.write(bytes.subarray(0, cut));
    socket.write(bytes.subarray(cut), () => {
      const then = random(4);
      if (then <= 1) socket.end();
      else if (then === 2) socket.resetAndDestroy();
    });
  };
  const asking = async () => {
    for (let n = 0; n < 40; n += 1) {
      const got = await ask();
      if (got instanceof FetchFault) {
        counts.faults += 1;
        expect(got.message).toMatch(/127\.0\.0\.1|body/);
      } else {
        counts.answers += 1;
        expect(got.status).toBeGreaterThanOrEqual(200);
        expect(got.body.length).toBeLessThanOrEqual(limits.maxBytes);
      }
    }
  };
  await Promise.all(Array.from({ length: 25 }, asking));
  expect(counts.answers + counts.faults).toBe(1_000);
  expect(Math.min(counts.answers, counts.faults), `seed ${seed}`).toBeGreaterThan(100);
});
