import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError } from "../std/errors.ts";
import { findNatsServer, isNewEnough, parseNatsVersion } from "./nats-binary.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "onpoint-binary-"));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

async function fakeServer(folder: string, output: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, "nats-server");
  await writeFile(file, `#!/bin/sh\necho "${output}"\n`);
  await chmod(file, 0o755);
  return file;
}

test("the version in what the server prints", () => {
  expect(parseNatsVersion("nats-server: v2.15.2\n")).toEqual([2, 15, 2]);
  expect(parseNatsVersion("nats-server: v2.14.0-RC.1")).toEqual([2, 14, 0]);
  expect(parseNatsVersion("nginx/1.2.3")).toBeNull();
  expect(isNewEnough([2, 13, 9])).toBe(false);
  expect(isNewEnough([2, 14, 0])).toBe(true);
  expect(isNewEnough([3, 0, 0])).toBe(true);
});

test("the checkout's own comes first, then the first good one on PATH", async () => {
  const [old, good] = [join(root, "old"), join(root, "good")];
  await fakeServer(old, "nats-server: v2.10.1");
  const onPath = await fakeServer(good, "nats-server: v2.14.9");
  const path = [old, "", join(root, "none"), good].join(delimiter);
  expect(await findNatsServer(root, path)).toBe(onPath);
  const own = await fakeServer(join(root, ".tools", "bin"), "nats-server: v2.15.2");
  expect(await findNatsServer(root, path)).toBe(own);
});

test("none, or only an old one: what is wrong and how to install", async () => {
  const nowhere = join(root, "nowhere");
  await expect(findNatsServer(nowhere, undefined)).rejects.toThrow(/make tools/);
  const old = join(root, "only-old");
  await fakeServer(old, "nats-server: v2.10.1");
  const found = findNatsServer(nowhere, old);
  await expect(found).rejects.toBeInstanceOf(UsageError);
  await expect(found).rejects.toThrow(/2\.10\.1/);
});
