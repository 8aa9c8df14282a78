// The promise of politeness, on a virtual clock: however many pods there are, whatever they go through, no host is asked
// sooner than it allows or by more at a time, and the crawl comes to its end.
//
// The pods are real down to their leases, gates and frontiers; queue, web and time are made up. Concurrency is held against
// each pod by itself: what a stalled process had sent before it lost its lease is with the server already.
import { tmpdir } from "node:os";
import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualPod } from "../../test/support/virtual-pod.ts";
import { epochMs, VirtualTime } from "../../test/support/virtual-time.ts";
import { busyBackoffMs, VirtualWeb, type WebHost } from "../../test/support/virtual-web.ts";
import { standardFetchOptions } from "../model/fetch-options.ts";
import type { FrontierLink } from "../model/link.ts";
import type { Pipeline, Rate, WebSource } from "../model/pipeline.ts";
import { openMemoryQueue } from "../queue/queue-memory.ts";

const shards = 3;
const shardOf = (url: string) => Number(/\d+/.exec(url)?.[0]) % shards;
const minuteMs = 60_000;

const host: fc.Arbitrary<WebHost> = fc
  .record({
    delayMs: fc.constantFrom(0, 0, 700, 3_000, 20_000),
    isBare: fc.boolean(),
    slowMs: fc.constantFrom(10, 300, 3_000),
    trouble: fc.constantFrom(0, 0.1, 0.3),
    policyMs: fc.constantFrom(0, 0, 500, 4_000),
  })
  .map(({ delayMs, isBare, ...more }) => ({
    ...more,
    delayMs,
    robots: isBare ? null : `User-agent: *\nDisallow: /no\nCrawl-delay: ${delayMs / 1_000}`,
  }))
  .map((made) => (made.robots === null ? { ...made, delayMs: 0 } : made));

/** One source a run: two runs share all hosts. */
const source = fc.record({
  perSecond: fc.constantFrom(0.4, 1, 2, 10),
  concurrency: fc.integer({ min: 1, max: 3 }),
  robots: fc.constantFrom("obey" as const, "obey" as const, "ignore" as const),
});

const event = fc.record({
  atMs: fc.nat(90_000),
  kind: fc.constantFrom<EventKind>("kill", "stall", "cut off", "leave", "join", "wall"),
  pod: fc.nat(5),
  forMs: fc.integer({ min: 100, max: 20_000 }),
});

type Case = [WebHost[], [SourceTraits, SourceTraits], Event[], number, number];

const calm: WebHost = { robots: "", delayMs: 0, slowMs: 300, trouble: 0 };
/** A pod cannot reach the queue, loses a shard to another one, and gets it again. */
const shardTakenAgain: Case = [
  [calm, { ...calm, slowMs: 10 }, { ...calm, trouble: 0.3 }, { ...calm, slowMs: 10 }],
  [
    { perSecond: 2, concurrency: 1, robots: "obey" },
    { perSecond: 0.4, concurrency: 1, robots: "obey" },
  ],
  [{ atMs: 10_796, kind: "cut off", pod: 0, forMs: 14_955 }],
  3,
  1_407_411_073,
];

test("no host is ever asked too soon or too much at a time, over pods that die, stall, lose leases, come and go", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(host, { minLength: 1, maxLength: 5 }),
      fc.tuple(source, source),
      fc.array(event, { maxLength: 12 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer(),
      async (hosts, sources, events, pods, seed) => {
        const { web, pending, time } = await crawl(hosts, sources, events, pods, seed);
        expect(web.violations).toEqual([]);
        expect(pending(), `left after ${time.nowMs / minuteMs} minutes`).toEqual([]);
        expect(web.requests).toBeGreaterThan(0);
      },
    ),
    { numRuns: 40, examples: [shardTakenAgain] },
  );
}, 300_000);

test("hosts on one IP address are asked no faster together than it allows, over pods that die, stall, come and go", async () => {
  const quick: SourceTraits = { perSecond: 10, concurrency: 2, robots: "ignore" };
  await fc.assert(
    fc.asyncProperty(
      fc.array(host, { minLength: 3, maxLength: 8 }),
      fc.array(event, { maxLength: 8 }),
      fc.constantFrom(0.5, 2, 5),
      fc.integer({ min: 1, max: 3 }),
      fc.integer(),
      async (hosts, events, perSecond, pods, seed) => {
        const limits = { perAddress: { perSecond, concurrency: 6 } };
        const { web, born, pending } = await crawl(
          hosts,
          [quick, quick],
          events,
          pods,
          seed,
          limits,
        );
        expect(pending()).toEqual([]);
        expect(rushes(web.arrivalsMs, perSecond, born())).toEqual([]);
      },
    ),
    { numRuns: 25 },
  );
}, 300_000);

test("no budget is ever overspent, over pods that die, stall, lose leases, come and go; nothing is left behind", async () => {
  const hourMs = 3_600_000;
  await fc.assert(
    fc.asyncProperty(
      fc.array(host, { minLength: 1, maxLength: 3 }),
      fc.tuple(source, source),
      fc.array(event, { maxLength: 12 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 4, max: 14 }),
      fc.constantFrom(30_000, 3 * hourMs),
      fc.integer(),
      async (hosts, sources, events, pods, requests, maxBlockMs, seed) => {
        const budgets = [{ per: "hour" as const, requests }];
        const limits = { budgets, maxBlockMs };
        const { web, pending } = await crawl(hosts, sources, events, pods, seed, limits);
        expect(web.violations).toEqual([]);
        expect(pending()).toEqual([]);
        for (const [name, timesMs] of web.arrivalsOf) {
          const byHour = Map.groupBy(timesMs, (ms) => Math.floor((epochMs + ms) / hourMs));
          for (const [hour, times] of byHour)
            expect(times.length, `${name} in hour ${hour}`).toBeLessThanOrEqual(requests);
        }
      },
    ),
    { numRuns: 12 },
  );
}, 300_000);

/** Times with more requests than their address allows. Each pod has a first one that waits for none. */
function rushes(arrivalsMs: readonly number[], perSecond: number, pods: number): string[] {
  const found: string[] = [];
  for (const [first, fromMs] of arrivalsMs.entries()) {
    for (const [more, toMs] of arrivalsMs.slice(first).entries()) {
      const most = ((toMs - fromMs) / 1_000) * perSecond + pods;
      if (more + 1 > most) found.push(`${more + 1} from ${fromMs} to ${toMs}, ${most} are allowed`);
    }
  }
  return found;
}

type EventKind = "kill" | "stall" | "cut off" | "leave" | "join" | "wall";
type Event = { atMs: number; kind: EventKind; pod: number; forMs: number };
type SourceTraits = { perSecond: number; concurrency: number; robots: "obey" | "ignore" };

async function crawl(
  hosts: WebHost[],
  sources: SourceTraits[],
  events: Event[],
  podCount: number,
  seed: number,
  limits: Partial<Rate> = {},
) {
  const time = new VirtualTime();
  const names = new Map(hosts.map((each, n) => [`h${n}.test`, each]));
  const limitsOf = (_: string, agent: string) => {
    const traits = sources[Number(agent.slice("run".length))] as SourceTraits;
    return { gapMs: 1_000 / traits.perSecond, concurrency: traits.concurrency };
  };
  const web = new VirtualWeb(time, names, limitsOf, randomOf(seed), "192.0.2.1");
  const links: FrontierLink[] = [...names.keys()].flatMap((name) =>
    Array.from({ length: 5 }, (_, n) => ({
      url: `http://${name}/${n}`,
      source: "s",
      kind: "page" as const,
      depth: 0,
      priority: 0 as const,
    })),
  );
  const runs = new Map(
    sources.map((traits, n) => [
      `run${n}`,
      { pipeline: pipelineOf(traits, `run${n}`, limits), links },
    ]),
  );
  const done = new Set<string>();
  const queue = openMemoryQueue({ now: () => time.nowMs, shards });
  const all = { time, queue, web, shards, shardOf, runs, done, scratch: tmpdir() };
  let born = 0;
  const birth = () => new VirtualPod(`pod-${born++}`, all);
  const pods = Array.from({ length: podCount }, birth);
  for (const { atMs, kind, pod: index, forMs } of events) {
    time.at(atMs, () => {
      const pod = pods[index % pods.length] as VirtualPod;
      if (kind === "kill" || kind === "leave") {
        if (kind === "kill") pod.process.isDead = true;
        else pod.leave();
        time.at(time.nowMs + forMs, () => pods.splice(pods.indexOf(pod), 1, birth()));
      } else if (kind === "stall") pod.process.stall(forMs);
      else if (kind === "cut off") pod.cutOff(forMs);
      else if (kind === "wall") pod.process.setWall(forMs % 2 === 0 ? forMs : -forMs);
      else pods.push(birth());
    });
  }
  const wanted = links.length * runs.size;
  const patienceMs = 20 * minuteMs + 5 * Math.max(0, (limits.maxBlockMs ?? 0) - minuteMs);
  await time.pass(() => done.size === wanted, patienceMs);
  for (const pod of pods) pod.process.isDead = true;
  return {
    web,
    time,
    born: () => born,
    pending: () => (done.size === wanted ? [] : [`${wanted - done.size} links`]),
  };
}

function pipelineOf(
  { robots, ...pace }: SourceTraits,
  userAgent: string,
  limits: Partial<Rate>,
): Pipeline {
  const web: WebSource = {
    kind: "web",
    name: "s",
    seeds: [],
    headers: {},
    rate: {
      ...pace,
      backoffMs: 500,
      maxBackoffMs: 5_000,
      busyBackoffMs,
      maxBlockMs: 30_000,
      maxCrawlDelayMs: 60_000,
      slowFactor: 1,
      perAddress: null,
      budgets: [],
      ...limits,
    },
    sitemaps: false,
    robots,
    render: "http",
    fetch: standardFetchOptions,
    traps: null,
    follow: { links: ["a"], nofollow: "obey", metaRobots: "obey" },
    canonical: { query: "keep", dropParams: [], sessionIds: "keep", fragment: "drop" },
    warc: false,
    recrawl: { mode: "conditional", minMs: 1, maxMs: 1 },
    pages: null,
    extract: [],
    auth: null,
    userAgent,
    content: { save: ["*/*"], skip: [], maxBytes: 1e6 },
    scope: { within: "any", include: ["**"], exclude: [], maxDepth: 9, maxPages: 1e6 },
  };
  const retries = { crawl: 2, process: 0, etl: 0, upload: 0 };
  return { sources: [web], retries } as unknown as Pipeline;
}

/** Mulberry32: the same web for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
