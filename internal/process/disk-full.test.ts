import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { describeError, RetryLater } from "../std/errors.ts";
import { withDiskFull } from "./disk-full.ts";

test.runIf(existsSync("/dev/full"))(
  "a full disk is told with its place and what helps",
  async () => {
    const fault = await writeFile("/dev/full", "x").catch((error: unknown) => error);
    const told = await withDiskFull(fault, 'process "t"', tmpdir());
    expect(told).toBeInstanceOf(RetryLater);
    expect(String(told)).toMatch(
      /process "t": the disk of \S+ is full, \d+ MiB of \d+ MiB are free/,
    );
    expect(describeError(told)).toMatch(/ONPOINT_SCRATCH.*ENOSPC/);
  },
);

test("a full disk of DuckDB's is one, too, and no other error is", async () => {
  const spill = new RetryLater("run SQL 'x': the disk is full: No space left on device", 1);
  expect(String(await withDiskFull(spill, "d", tmpdir()))).toMatch(/^RetryLater: d: the disk of/);
  for (const other of [new Error("x"), new RetryLater("y", 1), "z"])
    expect(await withDiskFull(other, "d", tmpdir())).toBe(other);
});
