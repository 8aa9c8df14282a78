import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FetchFault } from "../fetch/fetch-fault.ts";
import { LongBody } from "./long-body.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "onpoint-long-"));
});
afterAll(() => rm(folder, { recursive: true }));

const ended = (body: LongBody) => new Promise<void>((resolve) => body.end(resolve));

test("a body is packed on the disk, archives as they are, and gone when it was used", async () => {
  for (const start of ["{", "PK\u0003\u0004"]) {
    const bytes = Buffer.concat([Buffer.from(start), randomBytes(100_000)]);
    const body = new LongBody(join(folder, "body"), { onDrain: () => {}, onFault: () => {} });
    body.write(bytes.subarray(0, 50));
    body.write(bytes.subarray(50));
    await ended(body);
    const kept = await readFile(body.path);
    expect((start === "{" ? zstdDecompressSync(kept) : kept).equals(bytes)).toBe(true);
    await body.delete();
    expect(existsSync(body.path)).toBe(false);
  }
});

test.runIf(existsSync("/dev/full"))("a full disk is told once, and the end is not", async () => {
  // Deleting the body deletes this name only.
  const path = join(folder, "full");
  await symlink("/dev/full", path);
  const faults: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const onFault = (fault: FetchFault) => {
    faults.push(`${fault.kind}: ${fault.message}`);
    resolve();
  };
  const body = new LongBody(path, { onDrain: () => {}, onFault });
  body.write(randomBytes(1_000_000));
  let isEnded = false;
  body.end(() => {
    isEnded = true;
  });
  await promise;
  await body.delete();
  expect(faults).toEqual([expect.stringMatching(/^broken: a long body cannot be kept: ENOSPC/)]);
  expect(isEnded).toBe(false);
  expect(existsSync(path)).toBe(false);
});
