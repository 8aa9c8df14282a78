import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { linkParts, readLink, writeLink } from "./link-record.ts";
import {
  readSnapshot,
  SnapshotDamaged,
  type SnapshotHeader,
  writeSnapshot,
} from "./snapshot-file.ts";

const root = await mkdtemp(join(tmpdir(), "onpoint-snap-"));
afterAll(() => rm(root, { recursive: true, force: true }));
const signal = new AbortController().signal;

function recordOf(url: string): Buffer {
  const parts = linkParts({ url, source: "s", kind: "page", depth: 1, priority: 2 });
  const bytes = Buffer.alloc(parts.maxBytes);
  return bytes.subarray(0, writeLink(bytes, 0, parts, 0));
}

async function written(urls: string[], words: number[]): Promise<string> {
  const file = join(root, "a.snap");
  const header: SnapshotHeader = {
    run: "r",
    shard: 3,
    ledgerSeq: 7,
    consumedSeq: 9,
    sources: [{ name: "s", saved: 2, levels: [0, urls.length] }],
    segments: ["a", "b"],
    seen: words.length / 2,
    links: urls.length,
  };
  const seen = [Uint32Array.from(words.slice(0, 2)), Uint32Array.from(words.slice(2))];
  await writeSnapshot(file, header, { seen, records: urls.map(recordOf) }, signal);
  return file;
}

async function readAll(file: string) {
  const found = { headers: [] as SnapshotHeader[], words: [] as number[], urls: [] as string[] };
  await readSnapshot(file, {
    header: (header) => found.headers.push(header),
    fingerprint: (hi, lo) => found.words.push(hi, lo),
    record: (bytes, at) => found.urls.push(readLink(bytes, at, () => "s").url),
    pause: async () => undefined,
  });
  return found;
}

const urls = fc.array(fc.nat(2_000).map((length) => `https://a.test/${"x".repeat(length)}`));
const words = fc
  .array(fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff)))
  .map((pairs) => pairs.flat());

test("a snapshot is read as it was written", async () => {
  await fc.assert(
    fc.asyncProperty(urls, words, async (links, seen) => {
      const found = await readAll(await written(links, seen));
      expect(found.urls).toEqual(links);
      expect(found.words).toEqual(seen);
      expect(found.headers).toMatchObject([
        { run: "r", shard: 3, ledgerSeq: 7, segments: ["a", "b"] },
      ]);
    }),
  );
});

test("a snapshot that is cut anywhere, or says something else, is damaged", async () => {
  const links = Array.from({ length: 300 }, (_, n) => `https://a.test/${n}`);
  const file = await written(
    links,
    Array.from({ length: 600 }, (_, n) => (n * 2_654_435_761) >>> 0),
  );
  const whole = await readFile(file);
  const original = await readAll(file);
  const bad = join(root, "bad.snap");
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length - 1),
      fc.integer({ min: 1, max: 255 }),
      async (at, flip) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] as number) ^ flip;
        for (const bytes of [whole.subarray(0, at), changed]) {
          await writeFile(bad, bytes);
          // Not every bit of the file means something: zlib puts an empty frame at its end.
          const found = await readAll(bad).catch((error: unknown) => error);
          if (!(found instanceof SnapshotDamaged)) expect(found).toEqual(original);
        }
        if (at < whole.length - 16) {
          await writeFile(bad, whole.subarray(0, at));
          await expect(readAll(bad)).rejects.toBeInstanceOf(SnapshotDamaged);
        }
      },
    ),
  );
});
