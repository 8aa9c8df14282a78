import { expect, test } from "vitest";
import { cutBatches } from "./cut-batches.ts";

const files = (count: number, sizeBytes: number) =>
  Array.from({ length: count }, (_, n) => ({ path: `file:///${n}`, sizeBytes, etag: "" }));
const cut = (count: number, sizeBytes: number, batchBytes: number) =>
  cutBatches("s", "files", files(count, sizeBytes), batchBytes, "t", {});
const sizes = (...given: Parameters<typeof cut>) =>
  cut(...given).map(({ inputs }) => inputs.length);

test("files are joined in their order while they fit; one too large is a batch of its own", () => {
  expect(sizes(5, 10, 25)).toEqual([2, 2, 1]);
  expect(sizes(2, 100, 25)).toEqual([1, 1]);
  expect(sizes(0, 10, 25)).toEqual([]);
});

test("a batch has 10,000 files at most, however small they are", () => {
  expect(sizes(20_001, 1, 2 ** 30)).toEqual([10_000, 10_000, 1]);
});

test("the same files give the same names, others give others", () => {
  const names = cut(5, 10, 25).map(({ task }) => task);
  expect(cut(5, 10, 25).map(({ task }) => task)).toEqual(names);
  expect(new Set([...names, ...cut(5, 11, 25).map(({ task }) => task)]).size).toBe(6);
});
