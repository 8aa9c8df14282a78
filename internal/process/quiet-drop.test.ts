import { appendFile, mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { diskEtag } from "./list-drops.ts";
import { quietDrop } from "./quiet-drop.ts";

const quietMs = 1_000;
const startMs = Date.UTC(2026, 6, 1);

/** A file that was changed at `startMs`, looked at from then on; `onWait`: what happens meanwhile, before the n-th wait ends. */
async function look(
  onWait: (path: string, n: number, nowMs: number) => Promise<void>,
  { aheadMs = 0, ageMs = 0 } = {},
) {
  const root = await mkdtemp(join(tmpdir(), "onpoint-quiet-"));
  try {
    const path = join(root, "a.csv");
    await writeFile(path, "id\n");
    const at = (ms: number) => utimes(path, ms / 1000, ms / 1000);
    await at(startMs + aheadMs);
    const info = await stat(path);
    const drop = { path: pathToFileURL(path).href, sizeBytes: info.size, etag: diskEtag(info) };
    let nowMs = startMs + ageMs;
    const waits: number[] = [];
    const found = await quietDrop(drop, quietMs, {
      nowMs: () => nowMs,
      wait: async (ms) => {
        waits.push(ms);
        nowMs += ms;
        await onWait(path, waits.length, nowMs);
      },
    });
    return { found, drop, waits };
  } finally {
    await rm(root, { recursive: true });
  }
}

const nothing = async () => {};
const grow = async (path: string, nowMs: number) => {
  await appendFile(path, "1\n");
  await utimes(path, nowMs / 1000, nowMs / 1000);
};

test("a file that was left alone for long enough is taken at once, a younger one when it is as old", async () => {
  const old = await look(nothing, { ageMs: 1_000 });
  expect(old.found).toEqual(old.drop);
  expect(old.waits).toEqual([]);
  const young = await look(nothing, { ageMs: 300 });
  expect(young.found).toEqual(young.drop);
  expect(young.waits).toEqual([700]);
});

test("a file that grows is taken as it is when it has stopped", async () => {
  const { found, drop, waits } = await look(async (path, n, nowMs) => {
    if (n <= 3) await grow(path, nowMs - 400);
  });
  expect(waits).toEqual([1_000, 600, 600, 600]);
  expect(found).toEqual({ ...drop, sizeBytes: 9, etag: expect.not.stringContaining(drop.etag) });
});

test("a file that never stops growing, or is gone, is not taken", async () => {
  const endless = await look((path, _n, nowMs) => grow(path, nowMs));
  expect(endless.found).toBeNull();
  expect(endless.waits).toHaveLength(10);
  expect((await look((path) => rm(path))).found).toBeNull();
});

test("a disk whose clock is ahead is waited for once", async () => {
  const { found, drop, waits } = await look(nothing, { aheadMs: 3_600_000 });
  expect(found).toEqual(drop);
  expect(waits).toEqual([1_000]);
});

test("with 0, and in S3, nothing is looked at", async () => {
  const clock = { nowMs: () => 0, wait: () => Promise.reject(new Error("not wanted")) };
  const gone = { path: "file:///no/such", sizeBytes: 1, etag: "e" };
  expect(await quietDrop(gone, 0, clock)).toBe(gone);
  const object = { path: "s3://b/k", sizeBytes: 1, etag: "e" };
  expect(await quietDrop(object, 1_000, clock)).toBe(object);
});
