import { tmpdir } from "node:os";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { threadCpuMs } from "../../test/support/cpu-time.ts";
import type { FrontierLink } from "../model/link.ts";
import { authorityOf } from "../url/url.ts";
import { linkFingerprint } from "./link-fingerprint.ts";
import { type QueuedLink, ShardFrontier } from "./shard-frontier.ts";

const scratch = tmpdir();

const names = ["a.test", "b.test", "c.test"];
const hosts = names.map((name) => authorityOf(`https://${name}/`));
const [first] = hosts as [string, ...string[]];
const page = (host: string, n: number, more: Partial<FrontierLink> = {}): FrontierLink => ({
  url: `https://${host}/${n}`,
  source: "s",
  kind: "page",
  depth: 1,
  priority: 2,
  ...more,
});
const links = fc.array(
  fc
    .record({
      host: fc.constantFrom(...names),
      n: fc.nat(30),
      depth: fc.nat(3),
      priority: fc.constantFrom(0 as const, 1 as const, 2 as const),
    })
    .map(({ host, n, depth, priority }) => page(host, n, { depth, priority })),
  { maxLength: 60 },
);

/** Takes what may be taken and lets it end by `fates`, until nothing may be taken any more. */
function fetchAll(frontier: ShardFrontier, max: number, fates: string[]) {
  const flying: QueuedLink[] = [];
  const ended = { save: 0, fail: 0 };
  for (;;) {
    // Twice: a page that is put back may go to the host that was asked first.
    for (const host of [...hosts, ...hosts]) {
      const entry = frontier.take(host);
      if (entry !== null) flying.push(entry);
    }
    expect(ended.save + flying.length).toBeLessThanOrEqual(max);
    const entry = flying.pop();
    if (entry === undefined) return { saved: ended.save, failed: ended.fail };
    const fate = fates.pop() ?? "save";
    if (fate === "again") {
      frontier.putBack(entry);
      continue;
    }
    frontier.settle(entry.link, fate === "save");
    ended[fate as "save" | "fail"] += 1;
  }
}

describe("ShardFrontier", () => {
  test("every link offered is taken once, and pending reaches 0", () => {
    fc.assert(
      fc.property(links, fc.array(fc.boolean(), { maxLength: 40 }), (offered, failures) => {
        const frontier = new ShardFrontier({ scratch });
        const isNew = offered.filter((link) => frontier.offer(link));
        expect(isNew.length).toBe(new Set(offered.map((link) => link.url)).size);
        const settled: string[] = [];
        for (let round = 0; frontier.pending > settled.length; round += 1) {
          const host = hosts[round % hosts.length] as string;
          const peeked = frontier.peek(host);
          const entry = frontier.take(host);
          expect(entry).toBe(peeked);
          if (entry === null) continue;
          if (failures.pop()) frontier.putBack({ ...entry, attempts: entry.attempts + 1 });
          else {
            frontier.settle(entry.link, true);
            settled.push(entry.link.url);
          }
        }
        expect([...settled].sort()).toEqual([...new Set(offered.map((link) => link.url))].sort());
        frontier.committed(settled.length);
        expect(frontier.pending).toBe(0);
        expect([...frontier.authorities()]).toEqual([]);
      }),
    );
  });

  test("a page cap is never overshot, and is reached when there are enough pages", () => {
    fc.assert(
      fc.property(
        links,
        fc.nat(20),
        fc.array(fc.constantFrom("save", "fail", "again"), { maxLength: 200 }),
        (offered, max, fates) => {
          const frontier = new ShardFrontier({ scratch });
          frontier.limitPages("s", max);
          for (const link of offered) frontier.offer(link);
          const { saved, failed } = fetchAll(frontier, max, [...fates]);
          const unique = new Set(offered.map((link) => link.url)).size;
          expect(saved).toBe(Math.min(max, unique - failed));
          expect(frontier.dropped).toBe(unique - failed - saved);
          frontier.committed(saved + failed);
          expect(frontier.pending).toBe(0);
        },
      ),
    );
  });

  test("seeds first, then sitemap links, then breadth first; a link put back comes next", () => {
    const frontier = new ShardFrontier({ scratch });
    frontier.offer(page("a.test", 5, { depth: 2 }));
    frontier.offer(page("a.test", 4, { depth: 1 }));
    frontier.offer(page("a.test", 3, { priority: 1 }));
    frontier.offer(page("a.test", 1, { priority: 0, depth: 0 }));
    frontier.offer(page("a.test", 2, { priority: 0, depth: 0 }));
    const taken = frontier.take(first) as QueuedLink;
    expect(taken.link.url).toBe("https://a.test/1");
    frontier.putBack(taken);
    const order: string[] = [];
    for (let next = frontier.take(first); next; next = frontier.take(first)) {
      order.push(next.link.url.slice(-1));
      frontier.settle(next.link, true);
    }
    expect(order).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("a page waits until all that is less deep is settled, also on other hosts, but not longer than a minute", () => {
    let nowMs = 0;
    const frontier = new ShardFrontier({ scratch, nowMs: () => nowMs });
    frontier.offer(page("b.test", 1, { depth: 1 }));
    frontier.offer(page("a.test", 2, { depth: 2 }));
    const shallow = frontier.take(hosts[1] as string) as QueuedLink;
    expect(frontier.take(first)).toBeNull();
    expect(frontier.hasQueued(first)).toBe(true);
    // What it finds at depth 2 is not seen at a greater depth before.
    frontier.settle(shallow.link, true);
    expect(frontier.take(first)?.link.url).toBe("https://a.test/2");
    frontier.offer(page("b.test", 3, { depth: 1 }));
    frontier.offer(page("a.test", 4, { depth: 3 }));
    expect(frontier.take(first)).toBeNull();
    nowMs = 61_000;
    expect(frontier.take(first)?.link.url).toBe("https://a.test/4");
  });

  test("a sitemap comes before the pages that other sitemaps named", () => {
    const frontier = new ShardFrontier({ scratch });
    frontier.offer(page("a.test", 1, { priority: 1 }));
    frontier.offer(page("a.test", 2, { priority: 1, kind: "sitemap", depth: 0 }));
    const sitemap = frontier.take(first) as QueuedLink;
    expect(sitemap.link.kind).toBe("sitemap");
    expect(frontier.take(first)).toBeNull();
    frontier.settle(sitemap.link, false);
    expect(frontier.take(first)?.link.kind).toBe("page");
  });

  test("what was committed before is not queued; another source's or a replayed link is another link", () => {
    const frontier = new ShardFrontier({ scratch });
    expect(frontier.offer(page("a.test", 1))).toBe(true);
    expect(frontier.offer(page("a.test", 1, { depth: 3 }))).toBe(false);
    expect(frontier.offer(page("a.test", 1, { source: "t" }))).toBe(true);
    expect(frontier.offer(page("a.test", 1, { replay: 1 }))).toBe(true);
  });

  test("dropping or taking many queued links is not quadratic", () => {
    const frontier = new ShardFrontier({ scratch });
    frontier.limitPages("s", 1);
    const many = 150_000;
    for (let n = 0; n < many; n += 1) frontier.offer(page("a.test", n));
    const entry = frontier.take(first) as QueuedLink;
    frontier.settle(entry.link, true);
    const startedMs = threadCpuMs();
    expect(frontier.take(first)).toBeNull();
    expect(threadCpuMs() - startedMs).toBeLessThan(500);
    expect(frontier.dropped).toBe(many - 1);
  });
});

test("a page that a later page leads back to is queued as a circle once, whoever owns the shard", () => {
  const page = (cursor: string, n: number) =>
    ({
      url: `https://a.test/?c=${cursor}`,
      source: "s",
      kind: "api",
      depth: 0,
      priority: 0,
      page: n,
    }) as const;
  const log = [page("a", 1), page("b", 3), page("a", 5), page("a", 5)];
  const taken = (frontier: ShardFrontier) => {
    const entries = [];
    for (let entry = frontier.take(first); entry !== null; entry = frontier.take(first))
      entries.push(entry.link);
    frontier.close();
    return entries.map(({ page: n, isCircle = false }) => [n, isCircle]);
  };
  const owner = new ShardFrontier({ scratch });
  for (const link of log) owner.offer(link);
  expect(taken(owner)).toEqual([
    [1, false],
    [3, false],
    [5, true],
  ]);
  // The next owner knows what is done and reads the log again.
  for (const [done, left] of [
    [
      [],
      [
        [1, false],
        [3, false],
        [5, true],
      ],
    ],
    [
      log.slice(0, 1),
      [
        [3, false],
        [5, true],
      ],
    ],
    [log.slice(0, 2), [[5, true]]],
    [log.slice(0, 3), []],
  ] as const) {
    const next = new ShardFrontier({ scratch });
    for (const link of done) {
      const { hi, lo } = linkFingerprint(link);
      next.markDone(hi, lo);
    }
    for (const link of log) next.offer(link);
    expect(taken(next)).toEqual(left);
  }
});
