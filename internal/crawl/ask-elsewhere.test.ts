import { expect, test } from "vitest";
import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import { unpackLinks } from "../frontier/link-batch.ts";
import type { ShardLeases } from "../frontier/shard-leases.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { FrontierLink } from "../model/link.ts";
import { openMemoryQueue } from "../queue/queue-memory.ts";
import type { Clock } from "../std/clock.ts";
import { LostLease } from "../std/errors.ts";
import { Elsewhere } from "./ask-elsewhere.ts";

const owner = {
  run: { token: "r", trace: {} },
  shard: 0,
  shardOf: () => 3,
  signal: new AbortController().signal,
} as unknown as ShardOwner;
const asked = { url: "https://b.test/r.txt", source: "s", via: "https://a.test/robots.txt" };
const got = (more: Partial<Exchange>) =>
  ({ status: 200, headers: {}, body: Buffer.from("Disallow: /"), ...more }) as Exchange;

/** `passMs`: how much time goes by with each look. */
function newPlace({ passMs = 1, isStops = false, isValid = true } = {}) {
  const queue = openMemoryQueue();
  let nowMs = 0;
  let waiting = 0;
  const clock: Clock = {
    wallMs: () => 1_000_000 + nowMs,
    steadyMs: () => nowMs,
    setTimer: (body) => {
      nowMs += passMs;
      const timer = setImmediate(body);
      return () => clearImmediate(timer);
    },
  };
  const leases = { isValid: () => isValid } as unknown as ShardLeases;
  const onWait = (change: number) => {
    waiting += change;
  };
  const place = new Elsewhere({ queue, leases }, clock, { isStopping: () => isStops, onWait });
  /** The links on the log of the shard. */
  const links = async (): Promise<FrontierLink[]> => {
    const end = new AbortController();
    if (!(await queue.lastLinks("r")).has(3)) return [];
    for await (const { data, seq } of queue.readLinks("r", 3, 1, end.signal)) {
      if (seq === (await queue.lastLinks("r")).get(3)) end.abort();
      return unpackLinks(data);
    }
    return [];
  };
  return { place, links, waiting: () => waiting };
}

test("the owner of the other shard is asked by a link, and its answer is good for all who ask", async () => {
  const { place, links, waiting } = newPlace();
  const first = place.ask(owner, asked);
  await expect.poll(links, { interval: 1 }).toHaveLength(1);
  expect(waiting()).toBe(1);
  const [link] = (await links()) as [FrontierLink];
  expect(link).toMatchObject({ url: asked.url, source: "s", kind: "robots", via: asked.via });
  const redirect = got({ status: 301, headers: { location: "/x", "set-cookie": "no" } });
  await place.leave(owner, link, redirect);
  const answer = { status: 301, headers: { location: "/x" }, body: Buffer.from("Disallow: /") };
  expect(await first).toEqual(answer);
  expect(await place.ask(owner, asked)).toEqual(answer);
  expect(waiting()).toBe(0);
});

test("a fault comes back as one; a long body is cut where a reader would cut it", async () => {
  for (const left of [new FetchFault("tls", "no TLS"), got({ body: Buffer.alloc(600 * 1024) })]) {
    const { place, links } = newPlace();
    const answer = place.ask(owner, asked);
    await expect.poll(links, { interval: 1 }).toHaveLength(1);
    await place.leave(owner, (await links())[0] as FrontierLink, left);
    if (left instanceof FetchFault) expect(await answer).toHaveProperty("message", "no TLS");
    else expect(((await answer) as Exchange).body.length).toBe(500 * 1024);
  }
});

test("nobody waits for ever: not for a host that is blocked, not in a pod that stops, not without the lease", async () => {
  const late = await newPlace({ passMs: 10_000 }).place.ask(owner, asked);
  expect(late).toHaveProperty("message", `nobody could ask for ${asked.url}`);
  for (const gone of [{ isStops: true }, { isValid: false }])
    await expect(newPlace(gone).place.ask(owner, asked)).rejects.toThrow(LostLease);
});
