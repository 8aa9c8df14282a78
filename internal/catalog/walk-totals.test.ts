import { expect, test } from "vitest";
import { WalkTotals } from "./walk-totals.ts";

test("pages of a walk add up over segments in any order, and walks with too few do not make up for those with too many", () => {
  const totals = new WalkTotals();
  totals.add({ walks: { items: { a: { told: 0, read: 3 }, b: { told: 4, read: 2 } } } });
  totals.add({ walks: { items: { a: { told: 5, read: 2 } }, other: { a: { told: 9, read: 2 } } } });
  totals.add({});
  totals.add({ walks: { items: { b: { told: 0, read: 1 }, c: { told: 2, read: 3 } } } });
  expect(totals.gaps()).toEqual([
    { source: "items", walks: 2, told: 6, read: 6 },
    { source: "other", walks: 1, told: 9, read: 2 },
  ]);
});
