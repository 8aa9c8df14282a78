import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openLineFile } from "./line-file.ts";

test("what is written is in the file, in its order, though the buffers that were given change", async () => {
  const root = await mkdtemp(join(tmpdir(), "onpoint-lines-"));
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: 1_500_000 }), fc.boolean()), { maxLength: 6 }),
        async (writes) => {
          const file = await openLineFile(join(root, "lines"));
          const expected: Buffer[] = [];
          for (const [i, [length, isDrained]] of writes.entries()) {
            const record = Buffer.alloc(length, i + 1);
            expected.push(Buffer.from(record));
            file.write(record);
            record.fill(0);
            if (isDrained) await file.drained();
          }
          await file.close();
          const whole = Buffer.concat(expected);
          expect((await readFile(file.path)).equals(whole)).toBe(true);
          expect(file.longestBytes).toBe(Math.max(0, ...writes.map(([length]) => length)));
        },
      ),
      { numRuns: 20 },
    );
  } finally {
    await rm(root, { recursive: true });
  }
});
