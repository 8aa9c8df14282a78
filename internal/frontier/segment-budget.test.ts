import { expect, test } from "vitest";
import type { RawRecord } from "../model/raw-record.ts";
import { OpenSegment } from "./open-segment.ts";
import { SegmentBudget } from "./segment-budget.ts";

const page = { url: "https://a.test/", source: "web", body: "x".repeat(400) } as RawRecord;

test("segments press when half of the budget is held, and nothing comes in when all is", () => {
  const budget = new SegmentBudget(1_000);
  const first = new OpenSegment(0, budget);
  const second = new OpenSegment(0, budget);
  first.addRecord(page);
  expect([budget.isPressing, budget.isSpent]).toEqual([false, false]);
  second.addRecord(page);
  expect([budget.isPressing, budget.isSpent]).toEqual([true, false]);
  second.addRecord(page);
  expect(budget.isSpent).toBe(true);
});

test("what a segment held is free again when it is saved or given up, once", () => {
  const budget = new SegmentBudget(1_000);
  const [first, second] = [new OpenSegment(0, budget), new OpenSegment(0, budget)];
  first.addRecord(page);
  first.addRecord(page);
  second.addRecord(page);
  first.release();
  first.release();
  expect([budget.isPressing, budget.isSpent]).toEqual([false, false]);
  second.holdMore(600);
  expect(budget.isSpent).toBe(true);
});
