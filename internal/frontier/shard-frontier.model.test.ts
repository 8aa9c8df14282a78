// The frontier against its model: whatever is done to them in whatever order, both say the same.
import { tmpdir } from "node:os";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FrontierModel } from "../../test/support/frontier-model.ts";
import type { FrontierLink } from "../model/link.ts";
import { authorityOf } from "../url/url.ts";
import { type QueuedLink, ShardFrontier } from "./shard-frontier.ts";

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
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A frontier and its model, and what is in flight of both. */
class Pair {
  readonly model = new FrontierModel();
  readonly real = new ShardFrontier({ scratch: tmpdir(), nowMs: () => this.model.nowMs });
  readonly #pad: string;
  readonly #flying: [model: QueuedLink, real: QueuedLink][] = [];
  #settled = 0;

  constructor(pad: string) {
    this.#pad = pad;
  }

  play(now: Step): void {
    const { model, real } = this;
    if (now.do === "offer") {
      const padded = { ...now.link, url: now.link.url + this.#pad };
      expect(real.offer(padded)).toBe(model.offer(padded));
    } else if (now.do === "take") this.#take(hosts[now.host] as string);
    else if (now.do === "end") this.#end(now.which, now.fate);
    else if (now.do === "commit") {
      const count = Math.min(now.count, this.#settled);
      this.#settled -= count;
      model.committed(count);
      real.committed(count);
    } else if (now.do === "limit") {
      model.source("s").max = now.max;
      real.limitPages("s", now.max);
    } else if (now.do === "grant") {
      model.source("s").granted = now.granted;
      real.grantPages("s", now.granted);
    } else model.nowMs += 61_000;
    expect([real.pending, real.dropped]).toEqual([model.pending, model.dropped]);
    for (const host of hosts) expect(real.hasQueued(host)).toBe(model.hasQueued(host));
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
    this.#settled += 1;
    this.model.settle(wanted.link, fate === "save");
    this.real.settle(link, fate === "save");
  }
}

test("the frontier does what its model does", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: "max" }), padding, (steps, pad) => {
      const pair = new Pair(pad);
      for (const each of steps) pair.play(each);
      pair.real.close();
    }),
    { numRuns: 100 },
  );
});
