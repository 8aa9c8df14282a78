import fc from "fast-check";
import { expect, test } from "vitest";
import { fingerprint } from "./fingerprint.ts";
import { FingerprintList, FingerprintTable } from "./fingerprint-table.ts";

const word = fc.integer({ min: 0, max: 0xffff_ffff });
const wordsOf = (parts: Iterable<Uint32Array>) => [...parts].flatMap((part) => [...part]);
const entriesOf = (table: FingerprintTable) => {
  const words = wordsOf(table.freeze());
  table.thaw();
  return words;
};

test.each([1, 4, 64])("a table of %i segments says the same as a Set", (segments) => {
  const small = fc.integer({ min: 0, max: 3 });
  const key = fc.tuple(fc.oneof(small, word), fc.oneof(small, word));
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 400 }),
      fc.array(key, { maxLength: 20 }),
      (keys, others) => {
        const table = new FingerprintTable(segments);
        const set = new Set<string>();
        for (const [hi, lo] of keys) {
          expect(table.add(hi, lo)).toBe(!set.has(`${hi},${lo}`));
          set.add(`${hi},${lo}`);
        }
        expect(table.size).toBe(set.size);
        for (const [hi, lo] of [...keys, ...others]) {
          expect(table.has(hi, lo)).toBe(set.has(`${hi},${lo}`));
        }
      },
    ),
  );
});

test("zero is an entry like any other", () => {
  const table = new FingerprintTable();
  expect(table.has(0, 0)).toBe(false);
  expect(table.add(0, 0)).toBe(true);
  expect(table.add(0, 0)).toBe(false);
  expect(table.has(0, 0)).toBe(true);
  expect(table.has(0, 1)).toBe(false);
  expect(table.size).toBe(1);
});

test("it never takes more than 12 bytes an entry, and keeps all of them", () => {
  const table = new FingerprintTable();
  const entries = 200_000;
  for (let entry = 0; entry < entries; entry += 1) {
    const { hi, lo } = fingerprint(`https://example.com/${entry}`);
    table.add(hi, lo);
    if (entry > 5000 && entry % 97 === 0) expect(table.sizeBytes / table.size < 12.1).toBe(true);
  }
  expect(table.size).toBe(entries);
  for (let entry = 0; entry < entries; entry += 1) {
    const { hi, lo } = fingerprint(`https://example.com/${entry}`);
    if (!table.has(hi, lo)) throw new Error(`lost ${entry}`);
  }
});

test("poorly mixed fingerprints are kept too", () => {
  const table = new FingerprintTable();
  for (let entry = 0; entry < 5000; entry += 1) expect(table.add(entry, 0)).toBe(true);
  for (let entry = 1; entry < 5000; entry += 1) expect(table.add(0, entry)).toBe(true);
  expect(table.size).toBe(9999);
});

test("its entries are read in order as they were, whatever is added meanwhile", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word)), fc.array(fc.tuple(word, word)), (before, more) => {
      const table = new FingerprintTable(4);
      for (const [hi, lo] of [[0, 0] as const, ...before]) table.add(hi, lo);
      const sorted = entriesOf(table);
      const parts: Uint32Array[] = [];
      const late = more.values();
      for (const part of table.freeze()) {
        parts.push(part.slice());
        for (let n = 0; n < 10; n += 1) {
          const { value } = late.next();
          if (value !== undefined) table.add(...value);
        }
      }
      table.thaw();
      expect(wordsOf(parts)).toEqual(sorted);
      expect(sorted).toHaveLength(2 * new Set([[0, 0], ...before].map(String)).size);
      const again = new FingerprintTable();
      for (let at = 0; at < sorted.length; at += 2)
        again.add(sorted[at] as number, sorted[at + 1] as number);
      expect(entriesOf(again)).toEqual(sorted);
      for (const [hi, lo] of more) table.add(hi, lo);
      for (const [hi, lo] of more) expect(table.has(hi, lo)).toBe(true);
    }),
  );
});

test("a table that is filled in order from another is as quick and as small", () => {
  const table = new FingerprintTable();
  for (let n = 0; n < 100_000; n += 1) {
    const { hi, lo } = fingerprint(`${n}`);
    table.add(hi, lo);
  }
  const words = entriesOf(table);
  const next = new FingerprintTable();
  next.reserve(table.size);
  const start = process.threadCpuUsage().user;
  for (let at = 0; at < words.length; at += 2)
    next.add(words[at] as number, words[at + 1] as number);
  // Quadratic, it would be seconds.
  expect((process.threadCpuUsage().user - start) / 1000).toBeLessThan(500);
  expect(next.size).toBe(100_000);
  expect(next.sizeBytes / next.size).toBeLessThan(12.1);
});

test("a list gives fingerprints in the order they came", () => {
  const list = new FingerprintList();
  const all = Array.from({ length: 100 }, (_, n) => fingerprint(`${n}`));
  for (const each of all) list.push(each);
  expect([...list]).toEqual(all);
  expect(list).toHaveLength(100);
});
