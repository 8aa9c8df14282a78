import fc from "fast-check";
import { expect, test } from "vitest";
import { LineBlocks } from "./line-blocks.ts";

test("lines come back in order, whatever their length", () => {
  const line = fc
    .tuple(fc.constantFrom("a", "ü", "€", "😀", "\ud800"), fc.nat({ max: 40_000 }))
    .map(([text, times]) => text.repeat(times));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
      const blocks = new LineBlocks();
      const sizes = lines.map((each) => blocks.add(each));
      const expected = Buffer.from(lines.map((each) => `${each}\n`).join(""));
      expect(Buffer.concat(blocks.blocks()).equals(expected)).toBe(true);
      expect(sizes).toEqual(lines.map((each) => Buffer.byteLength(each) + 1));
    }),
    { numRuns: 30 },
  );
});

test("a line longer than a block has one of its own", () => {
  const blocks = new LineBlocks();
  blocks.add("before");
  blocks.add("x".repeat(3_000_000));
  blocks.add("after");
  expect(Buffer.concat(blocks.blocks()).toString()).toBe(
    `before\n${"x".repeat(3_000_000)}\nafter\n`,
  );
});
