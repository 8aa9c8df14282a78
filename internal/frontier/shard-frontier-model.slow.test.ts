// The frontier against its model: whatever is done to them in whatever order, both say the same, also when another one goes
// on from a snapshot.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { FrontierModel } from "../../test/support/frontier-model.ts";
import type { FrontierLink } from "../model/link.ts";
import { authorityOf } from "../url/url.ts";
import { type QueuedLink, ShardFrontier } from "./shard-frontier.ts";
import { readSnapshot, writeSnapshot } from "./snapshot-file.ts";

const scratch = await mkdtemp(join(tmpdir(), "onpoint-model-"));
afterAll(() => rm(scratch, { recursive: true, force: true }));
const page = { source: "s", kind: "page", depth: 1, priority: 2 } as const;

const names = ["a.test", "b.test:8080", "c.test"];
const hosts = names.map((name) => authorityOf(`https://${name}/`));
// Long enough for some runs to reach the disk.
const padding = fc.constantFrom("", "x".repeat(9_000));
const link = fc
  .record({
    name: fc.constantFrom(...names),
    n: fc.nat(40),
    source: fc.constantFrom("s", "s", "t", "api"),
    depth: fc.nat(2),
    priority: fc.constantFrom(2 as const, 2 as const, 1 as const, 0 as const),
    isSitemap: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    replay: fc.constantFrom(0, 0, 0, 0, 1),
  })
  .map(({ name, n, source, depth, priority, isSitemap, replay }): FrontierLink => {
    const web = isSitemap ? "sitemap" : "page";
    const kind = source === "api" ? "api" : web;
    const url = `https://${name}/${n}`;
    return { url, source, kind, depth, priority, ...(replay ? { replay } : {}) };
  });
const amount = fc.oneof(fc.nat(8), fc.constant(Number.POSITIVE_INFINITY));
const step = fc.oneof(
  { weight: 6, arbitrary: link.map((offered) => ({ do: "offer" as const, link: offered })) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("take" as const), host: fc.nat(2) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("end" as const),
      which: fc.nat(),
      fate: fc.constantFrom("save", "fail", "again", "wait"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("commit" as const), count: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("limit" as const), max: amount }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("grant" as const), granted: amount }) },
  { weight: 1, arbitrary: fc.constant({ do: "wait" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "snapshot" as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A frontier and its model, and what is in flight of both. */
class Pair {
  model = new FrontierModel();
  real = this.#newFrontier();
  readonly #pad: string;
  #flying: [model: QueuedLink, real: QueuedLink][] = [];
  /** Sources of what is settled and not committed; "" where no page was saved. */
  #settled: string[] = [];
  readonly #saved = new Map<string, number>();

  constructor(pad: string) {
    this.#pad = pad;
  }

  #newFrontier(): ShardFrontier {
    return new ShardFrontier({ scratch, nowMs: () => this.model.nowMs });
  }

  async play(now: Step): Promise<void> {
    if (now.do === "snapshot") await this.#replace();
    else this.#do(now);
    const { model, real } = this;
    expect([real.pending, real.dropped]).toEqual([model.pending, model.dropped]);
    for (const host of hosts) expect(real.hasQueued(host)).toBe(model.hasQueued(host));
  }

  #do(now: Exclude<Step, { do: "snapshot" }>): void {
    const { model, real } = this;
    if (now.do === "offer") {
      const padded = { ...now.link, url: now.link.url + this.#pad };
      expect(real.offer(padded)).toBe(model.offer(padded));
    } else if (now.do === "take") this.#take(hosts[now.host] as string);
    else if (now.do === "end") this.#end(now.which, now.fate);
    else if (now.do === "commit") {
      const count = Math.min(now.count, this.#settled.length);
      for (const source of this.#settled.splice(0, count))
        this.#saved.set(source, (this.#saved.get(source) ?? 0) + 1);
      model.committed(count);
      real.committed(count);
    } else if (now.do === "limit") {
      model.source("s").max = now.max;
      real.limitPages("s", now.max);
    } else if (now.do === "grant") {
      model.source("s").granted = now.granted;
      real.pagesOf("s").granted = now.granted;
    } else model.nowMs += 61_000;
  }

  /** Another owner goes on from a snapshot; what the old one still does while it is written must not be in it. */
  async #replace(): Promise<void> {
    const capture = this.real.capture();
    const before = this.model.successor(this.#saved);
    for (const host of hosts) this.#take(host);
    this.#end(0, "save");
    this.#do({ do: "commit", count: 1 });
    this.real.offer({ ...page, url: `https://${names[0]}/late${this.#pad}` });
    const file = join(scratch, "frontier.snap");
    const sources = capture.sources.map((source) => ({
      ...source,
      saved: before.source(source.name).saved,
    }));
    const header = { run: "r", shard: 0, ledgerSeq: 1, segments: [], ...capture, sources };
    const { parts, release: _, ...plain } = header;
    await writeSnapshot(file, plain, parts, new AbortController().signal);
    capture.release();
    this.real.close();
    this.model = before;
    this.real = this.#newFrontier();
    await readSnapshot(file, {
      header: (found) => this.real.beginRestore(found),
      fingerprint: (hi, lo) => this.real.markDone(hi, lo),
      record: (bytes, at) => void this.real.restore(bytes, at),
      pause: async () => undefined,
    });
    for (const name of ["s", "t", "api"]) {
      this.real.limitPages(name, before.source(name).max);
      this.real.pagesOf(name).granted = before.source(name).granted;
      this.#saved.set(name, before.source(name).saved);
    }
    this.#flying = [];
    this.#settled = [];
  }

  #take(host: string): void {
    const peeked = this.real.peek(host);
    const taken = this.real.take(host);
    const wanted = this.model.take(host);
    expect(taken).toEqual(wanted);
    expect(taken).toBe(peeked);
    if (taken !== null && wanted !== null) this.#flying.push([wanted, taken]);
  }

  #end(which: number, fate: string): void {
    const [flown] = this.#flying.splice(which % (this.#flying.length || 1), 1);
    if (flown === undefined) return;
    const [wanted, { link, attempts, calm }] = flown;
    if (fate === "again" || fate === "wait") {
      const tries =
        fate === "again" ? { attempts: attempts + 1, calm } : { attempts, calm: calm + 1 };
      this.model.putBack({ link: wanted.link, ...tries });
      this.real.putBack({ link, ...tries });
      return;
    }
    this.#settled.push(fate === "save" && link.kind === "page" ? link.source : "");
    this.model.settle(wanted.link, fate === "save");
    this.real.settle(link, fate === "save");
  }
}

test("the frontier does what its model does", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 150, size: "max" }),
      padding,
      async (steps, pad) => {
        const pair = new Pair(pad);
        for (const each of steps) await pair.play(each);
        pair.real.close();
      },
    ),
    { numRuns: 100 },
  );
});
