import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeFolders, makeFoldersSync } from "./make-folders.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "onpoint-folders-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

for (const [name, make] of [
  ["makeFolders", makeFolders],
  ["makeFoldersSync", async (folder: string) => makeFoldersSync(folder)],
] as const) {
  test(`${name} makes what is missing, and nothing of what is there`, async () => {
    const folder = join(root, name, "a/b/c");
    await make(folder);
    await make(folder);
    expect(existsSync(folder)).toBe(true);
  });

  test(`${name} fails at a file in the way`, async () => {
    const file = join(root, `${name}.txt`);
    await writeFile(file, "");
    await expect(make(file)).rejects.toThrow(/EEXIST/);
    await expect(make(join(file, "below"))).rejects.toThrow(/ENOTDIR/);
  });

  test.runIf(existsSync("/proc/self"))(
    `${name} fails in /proc instead of trying for ever`,
    async () => {
      await expect(make("/proc/onpoint/lake")).rejects.toThrow(/ENOENT/);
    },
  );
}
