import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SegmentRecord } from "../model/segment.ts";
import type { ProcessTask } from "../model/task.ts";
import { dueCuts } from "./raw-to-batches.ts";
import { mergeHosts, RunView } from "./run-view.ts";

const record = (shard: number, pending: number, consumedSeq: number, n = 0): SegmentRecord => ({
  segment: `${shard}-${n}`,
  shard,
  files: n === 0 ? [] : [{ source: "s", path: `raw/${shard}-${n}`, sizeBytes: 10, pages: 2 }],
  done: n === 0 ? "" : "0".repeat(16),
  dead: 0,
  pending,
  consumedSeq,
  counts: { s: { requests: 1, pages: 2, bytes: 3, retries: 0, dead: 0, drops: {} } },
});

describe("RunView", () => {
  test("a crawl is complete when every shard with links stated that nothing is left, up to the log's end", () => {
    const shard = fc.record({
      last: fc.integer({ min: 1, max: 5 }),
      pending: fc.nat(2),
      consumed: fc.nat(6),
      hasSpoken: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(shard, { maxLength: 6 }), (shards) => {
        const view = new RunView();
        for (const [n, { pending, consumed, hasSpoken }] of shards.entries())
          if (hasSpoken) view.addSegment(record(n, pending, consumed), {}, 0);
        const lastLinks = new Map(shards.map(({ last }, n) => [n, last]));
        const done = shards.filter(
          ({ last, pending, consumed, hasSpoken }) =>
            hasSpoken && pending === 0 && consumed >= last,
        );
        const progress = view.crawlProgress(lastLinks, view.shardRecords());
        expect(progress).toMatchObject({ done: done.length, shards: shards.length });
      }),
    );
  });

  test("a record that comes after the logs' ends were asked for does not complete the crawl", () => {
    const view = new RunView();
    view.addSegment(record(0, 1, 1), {}, 0);
    const records = view.shardRecords();
    const lastLinks = new Map([[0, 1]]);
    // Shard 0 found a link of shard 1, put it on its log, and has nothing left.
    view.addSegment(record(0, 0, 1, 1), {}, 0);
    expect(view.crawlProgress(lastLinks, records)).toMatchObject({ done: 0, shards: 1 });
  });

  test("a segment told twice counts once, and a file is in a batch or loose, never both", () => {
    const view = new RunView();
    const segment = record(0, 3, 1, 1);
    for (let again = 0; again < 2; again += 1) view.addSegment(segment, {}, 0);
    expect(view.totalsOf("s")).toMatchObject({ requests: 1, pages: 2, rawFiles: 1 });
    expect(view.looseFiles.get("s")?.length).toBe(1);
    view.addBatch({ task: "b", source: "s", inputs: [{ path: "raw/0-1" }] } as ProcessTask);
    expect(view.looseFiles.get("s")).toEqual([]);
    view.addBatch({ task: "c", source: "s", inputs: [{ path: "raw/0-2" }] } as ProcessTask);
    view.addSegment(record(0, 0, 1, 2), {}, 0);
    expect(view.looseFiles.get("s")).toEqual([]);
  });
});

test("cuts hold every file once, in order; the rest waits for its age or the end", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 });
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 1, max: 30 }),
      fc.boolean(),
      fc.nat(20),
      (all, batchBytes, isOver, nowMs) => {
        const loose = all.map((sizeBytes, n) => ({
          file: { source: "s", path: `${n}`, sizeBytes, pages: 1 },
          sinceMs: n,
          trace: {},
        }));
        const cuts = dueCuts(loose, { batchBytes, batchMs: 10 }, isOver, nowMs);
        const cut = cuts.flat();
        expect(cut).toEqual(loose.slice(0, cut.length));
        const rest = loose.slice(cut.length);
        if (isOver) expect(rest).toEqual([]);
        for (const { sinceMs } of rest) expect(nowMs - sinceMs).toBeLessThan(10);
        expect(rest.reduce((sum, { file }) => sum + file.sizeBytes, 0)).toBeLessThan(batchBytes);
      },
    ),
  );
});

test("hosts of several segments come together with the smallest gap", () => {
  const host = {
    host: "a",
    requests: 1,
    smallestGapMs: null,
    allowedGapMs: 8,
    robots: "none" as const,
    backoffs: 1,
    deferred: 2,
  };
  expect(
    mergeHosts([
      host,
      { ...host, smallestGapMs: 9, robots: "rules", addressWaitMs: 5 },
      { ...host, smallestGapMs: 12, addressWaitMs: 2 },
    ]),
  ).toEqual([
    {
      host: "a",
      requests: 3,
      smallestGapMs: 9,
      allowedGapMs: 8,
      robots: "rules",
      backoffs: 3,
      deferred: 6,
      addressWaitMs: 7,
    },
  ]);
});
