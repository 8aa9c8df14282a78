import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { Permanent } from "../std/errors.ts";
import { mergeLines, mergeSeenFiles } from "./merge-seen.ts";
import { SeenFile, type SeenLine, seenFileChunks } from "./seen-file.ts";

const folder = await mkdtemp(join(tmpdir(), "onpoint-seen-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

let files = 0;
async function write(lines: SeenLine[]): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of seenFileChunks(lines)) chunks.push(chunk);
  files += 1;
  const path = join(folder, String(files));
  await writeFile(path, Buffer.concat(chunks));
  return path;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const key = (n: number) => n.toString(16).padStart(16, "0");
const signal = new AbortController().signal;
/** Lines with distinct keys, in order; long enough together for several frames. */
const someLines = fc
  .uniqueArray(fc.record({ n: fc.nat({ max: 60 }), pad: fc.nat({ max: 3_000 }) }), {
    selector: ({ n }) => n,
  })
  .map((items) =>
    items
      .sort((a, b) => a.n - b.n)
      .map(({ n, pad }) => ({
        key: key(n * 2 ** 40),
        json: JSON.stringify({ n, pad: "ü".repeat(pad) }),
      })),
  );

test("what was written is found and read back, and nothing else is", async () => {
  await fc.assert(
    fc.asyncProperty(someLines, async (lines) => {
      await using file = await SeenFile.open(await write(lines));
      expect(await all(file.lines())).toEqual(lines);
      for (let n = 0; n <= 60; n++) {
        const wanted = lines.find((line) => line.key === key(n * 2 ** 40));
        expect(file.find(key(n * 2 ** 40))).toBe(wanted?.json ?? null);
        expect(file.find(key(n * 2 ** 40 + 1))).toBeNull();
      }
    }),
    { numRuns: 30 },
  );
});

test("the frames are zstd for anybody", async () => {
  const chunks: Buffer[] = [];
  for await (const chunk of seenFileChunks([{ key: key(1), json: "{}" }])) chunks.push(chunk);
  expect(zstdDecompressSync(chunks[0] as Buffer).toString()).toBe(`${key(1)} {}\n`);
});

test("lines out of order, or twice, are refused", async () => {
  const line = (n: number) => ({ key: key(n), json: "{}" });
  await expect(write([line(2), line(1)])).rejects.toThrow(/comes after/);
  await expect(write([line(1), line(1)])).rejects.toThrow(/comes after/);
});

test("a file that is not whole is no file", async () => {
  const path = await write([{ key: key(1), json: "{}" }]);
  const { readFile } = await import("node:fs/promises");
  const bytes = await readFile(path);
  for (const length of [0, 10, bytes.length - 1]) {
    await writeFile(path, bytes.subarray(0, length));
    await expect(SeenFile.open(path)).rejects.toThrow(Permanent);
  }
});

test("merging is what a Map would do, the last file winning", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(someLines, { maxLength: 4 }), async (inputs) => {
      const expected = new Map<string, string>();
      for (const lines of inputs) for (const { key, json } of lines) expected.set(key, json);
      const merged = await all(
        mergeLines(
          inputs.map((lines) =>
            (async function* () {
              yield* lines;
            })(),
          ),
        ),
      );
      expect(merged.map(({ key, json }) => [key, json])).toEqual([...expected].sort());
    }),
  );
});

test("more files than are opened at once", async () => {
  const inputs: string[] = [];
  for (let n = 0; n < 150; n++) {
    inputs.push(
      await write([
        { key: key(0), json: `{"n":${n}}` },
        { key: key(n + 1), json: "{}" },
      ]),
    );
  }
  const target = join(folder, "merged");
  const { mkdir } = await import("node:fs/promises");
  await mkdir(join(folder, "work"));
  expect(await mergeSeenFiles(inputs, target, join(folder, "work"), signal)).toBe(151);
  await using file = await SeenFile.open(target);
  expect(file.find(key(0))).toBe('{"n":149}');
  expect(file.find(key(150))).toBe("{}");
});
