import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Permanent } from "../std/errors.ts";
import { checkObjectPath, compareBytes } from "./object-path.ts";

describe("paths of objects", () => {
  it("never lead out of the root, whatever they hold", () => {
    const segment = fc.oneof(
      fc.string(),
      fc.constantFrom("", ".", "..", "a", ".tmp-x", "...", "\0"),
    );
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
        const path = segments.join("/");
        let ok = true;
        try {
          checkObjectPath(path);
        } catch (error) {
          expect(error).toBeInstanceOf(Permanent);
          ok = false;
        }
        if (!ok) return;
        const at = new URL(`file:///root/${path.split("/").map(encodeURIComponent).join("/")}`);
        expect(decodeURIComponent(at.pathname)).toBe(`/root/${path}`);
      }),
    );
  });

  it("may be as long as a key of S3", () => {
    checkObjectPath(`${"a".repeat(200)}/`.repeat(5) + "a".repeat(19));
    expect(() => checkObjectPath("ä".repeat(513))).toThrow(Permanent);
  });

  it("sort by code points, not by UTF-16", () => {
    expect(["😀", "ｚ", "z", "Z"].sort(compareBytes)).toEqual(["Z", "z", "ｚ", "😀"]);
  });
});
