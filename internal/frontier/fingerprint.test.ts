import fc from "fast-check";
import { expect, test } from "vitest";
import { Permanent } from "../std/errors.ts";
import { fingerprint, fromHex, hexOf, startOf } from "./fingerprint.ts";

// Ledgers and snapshots hold these: a change here makes every crawl forget what it has seen.
test.each([
  ["", "5d24967186cb5543"],
  ["a", "9793839ac3cbc95b"],
  ["https://example.com/", "56f278146265a735"],
  ["https://example.com/a?b=ü", "bcdc993f794397bd"],
])("the fingerprint of %j is %s for ever", (text, hex) => {
  expect(hexOf(fingerprint(text))).toBe(hex);
});

test("a known beginning changes nothing but the work", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (begin, rest) => {
      expect(fingerprint(rest, startOf(begin))).toEqual(fingerprint(begin + rest));
    }),
  );
});

test("every bit of the text moves half of the bits", () => {
  const text = "https://www.example.com/catalogue/item-17/index.html?page=3";
  const base = BigInt(`0x${hexOf(fingerprint(text))}`);
  const flips = new Array<number>(64).fill(0);
  let trials = 0;
  for (let at = 0; at < text.length; at += 1) {
    for (let bit = 0; bit < 7; bit += 1) {
      const code = text.charCodeAt(at) ^ (1 << bit);
      const other = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
      const changed = base ^ BigInt(`0x${hexOf(fingerprint(other))}`);
      for (let out = 0; out < 64; out += 1) {
        flips[out] = (flips[out] ?? 0) + Number((changed >> BigInt(out)) & 1n);
      }
      trials += 1;
    }
  }
  for (const count of flips) expect(Math.abs(count / trials - 0.5)).toBeLessThan(0.12);
});

test("each half alone collides no more than chance has it", () => {
  const [hi, lo] = [new Set<number>(), new Set<number>()];
  const urls = 100_000;
  for (let item = 0; item < urls; item += 1) {
    const found = fingerprint(`https://example.com/list/${item % 100}/${(item / 100) | 0}`);
    hi.add(found.hi);
    lo.add(found.lo);
  }
  // n²/2³³ = 1.2 pairs are expected.
  expect(urls - hi.size).toBeLessThan(10);
  expect(urls - lo.size).toBeLessThan(10);
});

test("texts that differ only in length or padding differ", () => {
  const texts = ["", "\0", "\0\0", "a", "a\0", "ab", "ab\0"];
  expect(new Set(texts.map((text) => hexOf(fingerprint(text)))).size).toBe(texts.length);
});

const word = fc.integer({ min: 0, max: 0xffff_ffff });

test("hex there and back", () => {
  fc.assert(
    fc.property(word, word, (hi, lo) => {
      expect(hexOf({ hi, lo })).toMatch(/^[0-9a-f]{16}$/);
      expect(fromHex(hexOf({ hi, lo }))).toEqual({ hi, lo });
    }),
  );
  for (const bad of ["", "123", "00000000000000zz", "00000000000000000"]) {
    expect(() => fromHex(bad)).toThrow(Permanent);
  }
});
