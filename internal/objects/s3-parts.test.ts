import fc from "fast-check";
import { expect, it } from "vitest";
import { partsOf } from "./s3-parts.ts";

const mib = 1024 * 1024;

it("cuts any file into parts that S3 takes, without a gap", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 * 2 ** 40 }), (sizeBytes) => {
      const parts = partsOf(sizeBytes);
      // One comparison a run: thousands of expectations cost seconds.
      let end = 0;
      const odd = parts.filter((part, i) => {
        const isNext = part.number === i + 1 && part.start === end;
        end += part.sizeBytes;
        const isSmall = part.sizeBytes < 8 * mib && end < sizeBytes;
        return !isNext || isSmall || part.sizeBytes === 0;
      });
      expect(odd).toEqual([]);
      expect(end).toBe(sizeBytes);
      expect(parts.length).toBeLessThanOrEqual(9_000);
    }),
    { numRuns: 50 },
  );
});
