import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findNatsServer } from "../../internal/pod/nats-binary.ts";
import { type NatsServer, startNatsServer } from "../../internal/pod/nats-server.ts";
import { openLink } from "../../internal/queue/nats-link.ts";
import { queueContract, take } from "../../internal/queue/queue.contract.ts";
import type { Queue } from "../../internal/queue/queue.ts";
import { openNatsQueue } from "../../internal/queue/queue-nats.ts";
import { LostLease, UsageError } from "../../internal/std/errors.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);
const shards = 256;

/** A server in a folder of its own, gone when `stop` resolves. */
async function ownServer(): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), "onpoint-nats-"));
  const server = await startNatsServer({
    binary: await findNatsServer(process.cwd(), process.env.PATH),
    port: 0,
    storeDir: join(folder, "store"),
    logFile: join(folder, "nats.log"),
    signal: new AbortController().signal,
    onRestart: () => {},
  });
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...server, stop };
}

/** A way to the server that can swallow what the server says, and be cut. */
async function mutableProxy(port: number) {
  let muted = false;
  let muteAtSent: string | null = null;
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
        sockets.delete(socket);
      });
    }
    client.on("data", (chunk) => {
      if (muteAtSent !== null && chunk.includes(muteAtSent)) muted = true;
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (!muted) client.write(chunk);
    });
  });
  await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `nats://127.0.0.1:${address.port}`,
    mute: () => {
      muted = true;
    },
    /** Mutes as soon as the client sends `words`. */
    muteAt: (words: string) => {
      muteAtSent = words;
    },
    cut: () => {
      muted = false;
      muteAtSent = null;
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => listener.close(done));
    },
  };
}

queueContract("nats", async () => {
  const server = await ownServer();
  const ackWaitMs = 1_000;
  const open = () => openNatsQueue({ url: server.url, name: "test", shards, ackWaitMs });
  const queue = await open();
  const other = await open();
  return {
    queue,
    other,
    ackWaitMs,
    passTime: async () => {}, // the suite waits until the lease is not listed
    close: async () => {
      await Promise.all([queue.close(), other.close()]);
      await server.stop();
    },
  };
});

describe("a server that is killed", () => {
  let server: NatsServer;
  let queue: Queue;
  let other: Queue;
  beforeAll(async () => {
    server = await ownServer();
    queue = await openNatsQueue({ url: server.url, name: "a", shards });
    other = await openNatsQueue({ url: server.url, name: "b", shards });
  });
  afterAll(async () => {
    await Promise.all([queue.close(), other.close()]);
    await server.stop();
  });

  test("loses nothing acked; readers go on; leases and fenced writes too", async () => {
    const run = "kill";
    const count = 300;
    const end = new AbortController();
    const read: { seq: number; text: string }[] = [];
    const reading = (async () => {
      for await (const batch of other.readLinks(run, 5, 1, end.signal)) {
        read.push({ seq: batch.seq, text: text(batch.data) });
      }
    })();
    const lease = await queue.acquire("shard.5", "a", 60_000);
    if (lease === null) throw new Error("not acquired");
    const acked: number[] = [];
    for (let i = 0; i < count; i++) {
      if (i % 100 === 50) process.kill(server.pid(), "SIGKILL");
      const [seq, , committed] = await Promise.all([
        queue.appendLinks(run, 5, bytes(`${i}`), {}),
        queue.appendCrawled(run, 5, bytes(`${i}`), lease, {}),
        queue.commit(run, "process", `t${i}`, bytes(`${i}`)),
        queue.publishWork("process", run, `t${i}`, bytes(`${i}`), {}),
        ...(i % 10 === 0 ? [queue.renew(lease, 60_000)] : []),
      ]);
      acked.push(seq);
      expect(committed.first).toBe(true);
    }
    await expect.poll(() => read.at(-1)?.text, { timeout: 20_000 }).toBe(`${count - 1}`);
    end.abort();
    await reading;
    const seqs = read.map((batch) => batch.seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(seqs.length);
    for (const seq of acked) expect(seqs).toContain(seq);
    const expected = Array.from({ length: count }, (_, i) => `${i}`);
    const crawled = await other.readCrawled(run, 5);
    expect(crawled.map((record) => text(record.data))).toEqual(expected);
    const ledger = await take(count, (signal) => other.watchLedger(run, signal));
    expect(ledger.map((record) => text(record.data))).toEqual(expected);
    expect(await other.workDepth("process")).toBe(count);
    await queue.purgeRun(run);
  });

  test("work in hand can be acked after it, and workers go on", async () => {
    const run = "kill-work";
    await queue.publishWork("etl", run, "one", bytes("1"), {});
    const end = new AbortController();
    const work = other.takeWork("etl", 2, end.signal)[Symbol.asyncIterator]();
    const one = (await work.next()).value;
    process.kill(server.pid(), "SIGKILL");
    await one.ack();
    await queue.publishWork("etl", run, "two", bytes("2"), {});
    const tasks: string[] = [];
    while (!tasks.includes("two")) {
      const next = (await work.next()).value; // "one" may come again: the server forgot that it was out
      tasks.push(next.task);
      await next.ack();
    }
    expect(await queue.workDepth("etl")).toBe(0);
    end.abort();
    expect((await work.next()).done).toBe(true);
  });
});

describe("a write whose answer got lost", () => {
  let server: NatsServer;
  let proxy: Awaited<ReturnType<typeof mutableProxy>>;
  let queue: Queue;
  let direct: Queue;
  beforeAll(async () => {
    server = await ownServer();
    proxy = await mutableProxy(Number(new URL(server.url).port));
    queue = await openNatsQueue({ url: proxy.url, name: "behind", shards });
    direct = await openNatsQueue({ url: server.url, name: "direct", shards });
  });
  afterAll(async () => {
    await Promise.all([queue.close(), direct.close()]);
    await proxy.close();
    await server.stop();
  });

  test("is recognised as our own", async () => {
    proxy.mute();
    const commit = queue.commit("lost", "etl", "t", bytes("mine"));
    await expect
      .poll(() => direct.readLedger("lost", "etl", "t"), { timeout: 5_000 })
      .not.toBeNull();
    proxy.cut();
    expect((await commit).first).toBe(true);
    const key = "shard.9";
    proxy.muteAt(`HPUB onpoint.lease.${key}`);
    const acquire = queue.acquire(key, "a", 60_000);
    await expect.poll(() => direct.leases(key), { timeout: 5_000 }).toHaveLength(1);
    proxy.cut();
    const lease = await acquire;
    if (lease === null) throw new Error("not acquired");
    proxy.mute();
    const append = queue.appendCrawled("lost", 9, bytes("x"), lease, {});
    await expect.poll(() => direct.readCrawled("lost", 9), { timeout: 5_000 }).toHaveLength(1);
    proxy.cut();
    const seq = await append;
    const records = await direct.readCrawled("lost", 9);
    expect(records.map((record) => record.seq)).toEqual([seq]);
    proxy.mute();
    const [before] = await direct.leases(key);
    const renewal = queue.renew(lease, 60_000);
    proxy.cut();
    expect((await renewal).token).toBe(lease.token);
    expect(await direct.leases(key)).toEqual([before]);
  });

  test("of a lease that has gone since: the stored append counts, the next one is refused", async () => {
    const key = "shard.10";
    const lease = await queue.acquire(key, "a", 60_000);
    if (lease === null) throw new Error("not acquired");
    proxy.mute();
    const append = queue.appendCrawled("gone", 10, bytes("x"), lease, {});
    await expect.poll(() => direct.readCrawled("gone", 10), { timeout: 5_000 }).toHaveLength(1);
    await direct.release(lease);
    const next = await direct.acquire(key, "b", 60_000);
    if (next === null) throw new Error("not acquired");
    await direct.appendCrawled("gone", 10, bytes("y"), next, {});
    proxy.cut();
    const records = await direct.readCrawled("gone", 10);
    expect(await append).toBe(records[0]?.seq);
    const again = queue.appendCrawled("gone", 10, bytes("z"), lease, {});
    await expect(again).rejects.toBeInstanceOf(LostLease);
    expect(await direct.readCrawled("gone", 10)).toHaveLength(2);
  });
});

describe("opening", () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await ownServer();
  });
  afterAll(async () => {
    await server.stop();
  });

  test("many at once, and again later, find the same streams", async () => {
    const open = (name: string) => openNatsQueue({ url: server.url, name, shards });
    const queues = await Promise.all(["a", "b", "c", "d"].map(open));
    await queues[0]?.putState("k", bytes("v"));
    expect(text((await queues[3]?.getState("k")) ?? bytes(""))).toBe("v");
    await Promise.all(queues.map((queue) => queue.close()));
    const later = await open("e");
    expect(await later.getState("k")).not.toBeNull();
    await later.close();
  });

  test("a stream of an earlier version is changed where it may be, and refused where not", async () => {
    const link = await openLink(server.url, "admin", null);
    const { streams } = link.jsm;
    for await (const name of streams.names()) await streams.delete(name);
    const name = "ONPOINT_FRONTIER";
    await streams.add({ name, subjects: ["onpoint.frontier.>"], max_msg_size: 1_000 });
    await (await openNatsQueue({ url: server.url, name: "a", shards })).close();
    const { config } = await streams.info(name);
    expect(config).toMatchObject({ subjects: ["onpoint.frontier.*.*"], max_msg_size: 1_048_576 });
    await streams.delete(name);
    await streams.add({ name, subjects: ["onpoint.frontier.*.*"], retention: "interest" });
    const opening = openNatsQueue({ url: server.url, name: "a", shards });
    await expect(opening).rejects.toThrow(/ONPOINT_FRONTIER.*retention/);
    await streams.delete(name);
    await link.close();
  });

  test("an old server is refused with its version and the way out", async () => {
    const old = createServer((socket) => {
      const info = { server_id: "x", version: "2.10.4", max_payload: 1_048_576, jetstream: true };
      socket.write(`INFO ${JSON.stringify({ ...info, headers: true, proto: 1 })}\r\n`);
      socket.on("data", (chunk) => {
        if (chunk.includes("PING")) socket.write("PONG\r\n");
      });
      socket.on("error", () => {});
    });
    await new Promise<void>((done) => old.listen(0, "127.0.0.1", done));
    const address = old.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const opening = openNatsQueue({ url: `nats://127.0.0.1:${port}`, name: "a", shards });
    await expect(opening).rejects.toBeInstanceOf(UsageError);
    await expect(opening).rejects.toThrow(/2\.10\.4.*\n.*make tools/);
    old.close();
  });

  test("another number of shards is refused: a host would have two owners", async () => {
    const first = await openNatsQueue({ url: server.url, name: "a", shards });
    const second = openNatsQueue({ url: server.url, name: "b", shards: 64 });
    await expect(second).rejects.toBeInstanceOf(UsageError);
    await first.close();
  });
});
