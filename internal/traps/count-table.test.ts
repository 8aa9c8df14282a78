import fc from "fast-check";
import { expect, test } from "vitest";
import { CountTable } from "./count-table.ts";

test("below its limit it counts exactly, however often it grows", () => {
  const key = fc.tuple(fc.nat(3), fc.nat(300));
  fc.assert(
    fc.property(fc.array(key, { maxLength: 600 }), (keys) => {
      const table = new CountTable(4_096);
      const expected = new Map<string, number>();
      for (const [hi, lo] of keys) {
        const count = (expected.get(`${hi},${lo}`) ?? 0) + 1;
        expected.set(`${hi},${lo}`, count);
        expect(table.add(hi, lo)).toBe(count);
      }
    }),
  );
});

test("at its limit it forgets the rare, never counts too much, and stays as large as it is", () => {
  const table = new CountTable(128);
  for (let round = 0; round < 50; round += 1) table.add(7, 7);
  for (let n = 0; n < 10_000; n += 1) expect(table.add(n, n + 1)).toBe(1);
  expect(table.add(7, 7)).toBe(51);
  expect(table.sizeBytes).toBe(128 * 12);
});

test("it has room again when all counts are high", () => {
  const table = new CountTable(64);
  for (let key = 0; key < 1_000; key += 1)
    for (let times = 1; times <= 40; times += 1)
      expect(table.add(key, key)).toBeLessThanOrEqual(times);
  expect(table.sizeBytes).toBe(64 * 12);
});
