import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { seenPath } from "../model/lake-paths.ts";
import type { FrontierLink } from "../model/link.ts";
import type { WebSource } from "../model/pipeline.ts";
import type { Objects } from "../objects/objects.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import { KnownPages } from "./known-pages.ts";
import { pinState, publishState, readPinned, type SeenRun, scopeOf } from "./seen-state.ts";
import { SegmentVisits } from "./segment-visits.ts";

const root = await mkdtemp(join(tmpdir(), "onpoint-state-"));
afterAll(() => rm(root, { recursive: true, force: true }));

const signal = new AbortController().signal;
const now = "2026-06-01T00:00:00.000Z";
const source = { name: "s", scope: { maxDepth: 5 }, pages: "p" } as WebSource;
const newLake = async () => openFileObjects(pathToFileURL(await mkdtemp(join(root, "lake-"))).href);
const run = (name: string, generation = 1): SeenRun => ({
  run: name,
  token: generation === 1 ? name : `${name}_g${generation}`,
  date: "2026-06-01",
});
const linkTo = (url: string): FrontierLink => ({
  url,
  source: "s",
  kind: "page",
  depth: 1,
  priority: 2,
});

/** A segment of a run that visited these URLs; `etag` tells visits apart. */
async function segment(
  lake: Objects,
  { token }: SeenRun,
  name: string,
  urls: string[],
  etag: string,
) {
  const visits = new SegmentVisits();
  for (const url of urls) {
    const visit = {
      url,
      depth: 1,
      atMs: 1,
      status: 200,
      digest: etag,
      etag,
      lastModified: undefined,
    };
    visits.add(null, { ...visit, outcome: "page" }, { minMs: 1, maxMs: 1 });
  }
  const bytes = await visits.bytes("s", `raw/${name}`);
  const path = seenPath(token, "s", name);
  await lake.put(path, bytes as Buffer, { ifAbsent: true });
  return { shard: Number(name.slice(0, 4)), segment: name, path };
}

const publish = (
  lake: Objects,
  of: SeenRun,
  segments: Awaited<ReturnType<typeof segment>>[],
  more: { shards?: number; source?: WebSource } = {},
) =>
  publishState(
    lake,
    { run: of, source, shards: 4, segments, scratch: join(root, "scratch"), now, ...more },
    signal,
  );

/** ETags by URL, as a later run would see them. */
async function etags(lake: Objects, later: SeenRun, urls: string[], shards = 4) {
  await pinState(lake, later, source, shards);
  const found: Record<string, string | undefined> = {};
  for (let shard = 0; shard < shards; shard++) {
    const known = await KnownPages.open(lake, later.token, shard, ["s"], root);
    for (const url of urls) {
      const page = known.find(linkTo(url))?.page;
      if (page !== undefined) found[url] = page.etag;
    }
    await known.close();
  }
  return found;
}

test("the first run starts from nothing, the next from what it learned", async () => {
  const lake = await newLake();
  expect(await pinState(lake, run("a"), source, 4)).toEqual({
    pin: { version: null, whole: false },
    state: null,
  });
  const one = await segment(lake, run("a"), "0000-1", ["u1", "u2"], "a1");
  const two = await segment(lake, run("a"), "0003-1", ["u3"], "a1");
  const state = await publish(lake, run("a"), [one, two]);
  expect(state).toMatchObject({ version: 1, base: null, run: "a" });
  expect(state.files.map(({ shard, pages }) => [shard, pages])).toEqual([
    [0, 2],
    [3, 1],
  ]);
  expect(await etags(lake, run("b"), ["u1", "u2", "u3", "u4"])).toEqual({
    u1: "a1",
    u2: "a1",
    u3: "a1",
  });
});

test("a later segment counts, what was not visited stays, and all pages come once", async () => {
  const lake = await newLake();
  await publish(lake, run("a"), [await segment(lake, run("a"), "0000-1", ["u1", "u2"], "a")]);
  const second = await segment(lake, run("b"), "0000-2", ["u1"], "b2");
  const first = await segment(lake, run("b"), "0000-1", ["u1", "u3"], "b1");
  await publish(lake, run("b"), [second, first]);
  expect(await etags(lake, run("c"), ["u1", "u2", "u3"])).toEqual({ u1: "b2", u2: "a", u3: "b1" });
  const known = await KnownPages.open(lake, "c", 0, ["s"], root);
  const urls: string[] = [];
  for await (const pages of known.pages("s")) urls.push(...pages.map(({ url }) => url));
  expect(urls.sort()).toEqual(["u1", "u2", "u3"]);
  await known.close();
});

test("publishing again changes nothing; a shard that learned nothing keeps its file", async () => {
  const lake = await newLake();
  const segments = [
    await segment(lake, run("a"), "0000-1", ["u1"], "a"),
    await segment(lake, run("a"), "0001-1", ["u2"], "a"),
  ];
  const state = await publish(lake, run("a"), segments);
  expect(await publish(lake, run("a"), segments)).toEqual(state);
  const next = await publish(lake, run("b"), [
    await segment(lake, run("b"), "0001-1", ["u2"], "b"),
  ]);
  expect(next.version).toBe(2);
  expect(next.files[0]).toEqual(state.files[0]);
  expect(next.files[1]?.path).not.toBe(state.files[1]?.path);
});

test("what a run starts from stays the same while others publish", async () => {
  const lake = await newLake();
  await publish(lake, run("a"), [await segment(lake, run("a"), "0000-1", ["u1"], "a")]);
  await pinState(lake, run("b"), source, 4);
  await publish(lake, run("c"), [await segment(lake, run("c"), "0000-1", ["u1"], "c")]);
  expect((await pinState(lake, run("b"), source, 4)).pin.version).toBe(1);
  expect((await readPinned(lake, "b", "s")).state?.run).toBe("a");
  expect(await readPinned(lake, "b", "other")).toMatchObject({ state: null });
});

test("runs that publish at once lose nothing of each other", async () => {
  const lake = await newLake();
  const runs = ["a", "b", "c"].map((name) => run(name));
  await Promise.all(
    runs.map(async (each) => {
      const learned = await segment(lake, each, "0000-1", [`only ${each.run}`], each.run);
      const scratch = await mkdtemp(join(root, "scratch-"));
      const publication = { run: each, source, shards: 4, segments: [learned], scratch, now };
      await publishState(lake, publication, signal);
    }),
  );
  expect(await etags(lake, run("d"), ["only a", "only b", "only c"])).toEqual({
    "only a": "a",
    "only b": "b",
    "only c": "c",
  });
});

test("a forced run starts from what its first generation started from", async () => {
  const lake = await newLake();
  await publish(lake, run("a"), [await segment(lake, run("a"), "0000-1", ["u1"], "a")]);
  await publish(lake, run("b"), [await segment(lake, run("b"), "0000-1", ["u1"], "b")]);
  await publish(lake, run("b", 2), [await segment(lake, run("b", 2), "0000-1", ["u1"], "b2")]);
  expect(await etags(lake, run("b", 3), ["u1"])).toEqual({ u1: "a" });
  expect(await etags(lake, run("b_game"), ["u1"])).toEqual({ u1: "b2" });
});

test("under another scope pages are asked for whole; with other shards nothing is known", async () => {
  const lake = await newLake();
  await publish(lake, run("a"), [await segment(lake, run("a"), "0000-1", ["u1"], "a")]);
  const wider = { ...source, scope: { maxDepth: 6 } } as WebSource;
  expect((await pinState(lake, run("b"), wider, 4)).pin).toEqual({ version: 1, whole: true });
  expect((await pinState(lake, run("c"), source, 8)).pin).toEqual({ version: null, whole: false });
  const other = await publish(
    lake,
    run("c"),
    [await segment(lake, run("c"), "0007-1", ["u9"], "c")],
    {
      shards: 8,
    },
  );
  expect(other.files.map(({ shard }) => shard)).toEqual([7]);
});

test("a scope is what decides which links are followed", () => {
  expect(scopeOf({ ...source, pages: "other", name: "x", warc: true })).toBe(scopeOf(source));
  expect(scopeOf({ ...source, sitemaps: true })).not.toBe(scopeOf(source));
});
