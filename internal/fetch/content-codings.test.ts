import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { codingsOf, unpackWhole } from "./content-codings.ts";
import { Unpacking } from "./unpacking.ts";

const mib = 1024 * 1024;
const packers = {
  gzip: (bytes: Buffer) => gzipSync(bytes),
  br: (bytes: Buffer) =>
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  zstd: (bytes: Buffer) => zstdCompressSync(bytes),
  deflate: (bytes: Buffer) => deflateSync(bytes),
};

/** Unpacks in pieces of `pieceBytes`, waiting when it is told to. */
function inPieces(packed: Buffer, coding: string, maxBytes: number, pieceBytes: number) {
  return new Promise<{ body: Buffer; truncated: boolean }>((resolve, reject) => {
    let at = 0;
    const go = () => {
      while (at < packed.length) {
        const piece = packed.subarray(at, at + pieceBytes);
        at += pieceBytes;
        if (!unpacking.write(piece)) return;
      }
      unpacking.end();
    };
    const unpacking = new Unpacking(codingsOf(coding), maxBytes, null, {
      onDrain: go,
      onEnd: (body, truncated) => resolve({ body, truncated }),
      onFault: reject,
    });
    go();
  });
}

test("both ways give back what was packed, in any order of codings and in any pieces", async () => {
  const codings = fc.array(fc.constantFrom("gzip", "br", "zstd", "deflate"), {
    minLength: 1,
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 5_000 }),
      codings,
      fc.integer({ min: 1, max: 4_000 }),
      async (bytes, names, pieceBytes) => {
        const plain = Buffer.from(bytes);
        const packed = names.reduce(
          (body, name) => packers[name as keyof typeof packers](body),
          plain,
        );
        const header = names.join(", ");
        expect(unpackWhole(packed, codingsOf(header), mib)?.equals(plain)).toBe(true);
        const { body, truncated } = await inPieces(packed, header, mib, pieceBytes);
        expect(body.equals(plain)).toBe(true);
        expect(truncated).toBe(false);
      },
    ),
    { numRuns: 30 },
  );
});

test("raw deflate is understood", async () => {
  const packed = deflateRawSync("abc");
  expect(unpackWhole(packed, codingsOf("deflate"), mib)?.toString()).toBe("abc");
  expect((await inPieces(packed, "deflate", mib, 2)).body.toString()).toBe("abc");
});

test.each([
  ["gzip", ["gzip"]],
  ["GZIP, identity,  br", ["br", "gzip"]],
  ["x-gzip", ["gzip"]],
  ["", []],
  ["identity", []],
])('the header "%s" is taken off as %j', (header, codings) => {
  expect(codingsOf(header)).toEqual(codings);
});

test("codings that nobody knows, and too many, are faults", () => {
  expect(() => codingsOf("gzip, rot13")).toThrow('a coding that nobody knows: "gzip, rot13"');
  expect(() => codingsOf("gzip,gzip,gzip,gzip,gzip")).toThrow("is packed 5 times");
});

test.each(["gzip", "br", "zstd", "deflate"] as const)("a %s bomb is cut off", async (coding) => {
  const packed = packers[coding](Buffer.alloc(10 * mib));
  expect(unpackWhole(packed, [coding], 64 * mib)).toBeNull();
  await expect(inPieces(packed, coding, 64 * mib, 1_000)).rejects.toThrow(
    `the ${coding} body is a bomb`,
  );
});

test("a bomb in a bomb is cut off as soon as it is one", async () => {
  const packed = gzipSync(gzipSync(Buffer.alloc(40 * mib)));
  await expect(inPieces(packed, "gzip, gzip", 64 * mib, 1_000)).rejects.toThrow("is a bomb");
});

test("a body that is only long is cut at the limit", async () => {
  const plain = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * n * 31) >> 3));
  const packed = gzipSync(plain);
  expect(unpackWhole(packed, ["gzip"], 100_000)).toBeNull();
  const { body, truncated } = await inPieces(packed, "gzip", 100_000, 5_000);
  expect([body.equals(plain.subarray(0, 100_000)), truncated]).toEqual([true, true]);
});

test.each(["gzip", "br", "zstd", "deflate"] as const)(
  "a cut %s body is damaged",
  async (coding) => {
    const packed = packers[coding](Buffer.from("abc".repeat(100))).subarray(0, -6);
    expect(() => unpackWhole(packed, [coding], mib)).toThrow(`the ${coding} body is damaged (`);
    await expect(inPieces(packed, coding, mib, 7)).rejects.toThrow(
      `the ${coding} body is damaged (`,
    );
  },
);
