import { zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { packZstd } from "./pack-zstd.ts";

test.each([0, 1, 32 * 1024, 32 * 1024 + 1, 3_000_000])("%i bytes come back", async (length) => {
  const bytes = Buffer.alloc(length);
  for (let n = 0; n < length; n += 1) bytes[n] = (n * n) >> 3;
  const packed = await packZstd(bytes);
  expect(zstdDecompressSync(packed).equals(bytes)).toBe(true);
});

test("blocks come back as one", async () => {
  for (const size of [3, 300_000]) {
    const blocks = ["a", "b", "", "c"].map((letter) => Buffer.from(letter.repeat(size)));
    expect(zstdDecompressSync(await packZstd(...blocks)).equals(Buffer.concat(blocks))).toBe(true);
  }
});

test("a damaged frame is noticed", async () => {
  const packed = await packZstd(
    Buffer.from("a text that is long enough to be damaged in its middle"),
  );
  const damaged = Buffer.from(packed);
  damaged[20] = (damaged[20] as number) ^ 1;
  expect(() => zstdDecompressSync(damaged)).toThrow();
});
