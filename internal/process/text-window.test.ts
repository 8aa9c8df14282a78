import fc from "fast-check";
import { expect, test } from "vitest";
import { TextWindow } from "./text-window.ts";

const bytes = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme" }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 4 }).map((some) => Buffer.from(some)),
    ),
  )
  .map((parts) => Buffer.concat(parts));

test("every character leads back to its bytes, however the bytes come", () => {
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(40)), fc.array(fc.nat(40)), (all, cuts, marks) => {
      const window = new TextWindow();
      const at = [0, ...cuts.sort((a, b) => a - b), all.length];
      let text = "";
      for (const [i, from] of at.entries())
        text += window.add(all.subarray(from, at[i + 1] ?? all.length)).join("");
      text += window.end().join("");
      const ends = [0, ...marks.sort((a, b) => a - b).filter((mark) => isBorder(text, mark))];
      const parts = ends.map((start, i) => window.slice(start, ends[i + 1] ?? text.length));
      expect(Buffer.concat(parts.map((part) => part.bytes))).toEqual(all);
      let offset = 0;
      for (const part of parts) {
        expect(part.offset).toBe(offset);
        offset += part.bytes.length;
      }
      expect(text.replace(/\ufffd+/g, "\ufffd")).toBe(withOneMarkARun(all));
    }),
    { numRuns: 2_000 },
  );
});

const isBorder = (text: string, at: number) =>
  at <= text.length && !/[\ud800-\udbff]/.test(text[at - 1] ?? "");

/** By another way; one mark for all bytes next to each other that are no character. */
function withOneMarkARun(all: Buffer): string {
  let text = "";
  for (let i = 0; i < all.length; ) {
    const length = [1, 2, 3, 4].find((size) => {
      const decoded = all.subarray(i, i + size).toString("utf8");
      return [...decoded].length === 1 && Buffer.from(decoded).equals(all.subarray(i, i + size));
    });
    if (length === undefined) {
      text += "\ufffd";
      i++;
    } else {
      text += all.toString("utf8", i, i + length);
      i += length;
    }
  }
  return text.replace(/\ufffd+/g, "\ufffd");
}
