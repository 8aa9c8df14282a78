// Limits as Linux tells them, in files of both versions of cgroups.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { containerMemoryBytes, duckDbMemoryMb } from "./container-memory.ts";

function limitOf(files: Record<string, string>): number | null {
  const root = mkdtempSync(join(tmpdir(), "onpoint-cgroup-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return containerMemoryBytes(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

test.each([
  ["no cgroups", {}, null],
  [
    "version 2",
    { "proc/self/cgroup": "0::/pod\n", "sys/fs/cgroup/pod/memory.max": "536870912\n" },
    536870912,
  ],
  [
    "version 2 without a limit",
    { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n" },
    null,
  ],
  [
    "a lower limit above",
    {
      "proc/self/cgroup": "0::/pod/a\n",
      "sys/fs/cgroup/pod/memory.max": "100\n",
      "sys/fs/cgroup/pod/a/memory.max": "200\n",
    },
    100,
  ],
  [
    "a path that the container does not see",
    { "proc/self/cgroup": "0::/kubepods/x\n", "sys/fs/cgroup/memory.max": "300\n" },
    300,
  ],
  [
    "version 1 beside an empty version 2",
    {
      "proc/self/cgroup": "4:cpu,memory:/pod\n1:cpu:/\n0::/\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "sys/fs/cgroup/memory/pod/memory.limit_in_bytes": "400\n",
    },
    400,
  ],
])("%s", (_, files, expected) => {
  expect(limitOf(files as Record<string, string>)).toBe(expected);
});

test("DuckDB has what is asked for, and at most half of the container", () => {
  expect(duckDbMemoryMb(384, null)).toBe(384);
  expect(duckDbMemoryMb(384, 512 * 2 ** 20)).toBe(256);
  expect(duckDbMemoryMb(384, 8 * 2 ** 30)).toBe(384);
  expect(duckDbMemoryMb(384, 2 ** 20)).toBe(64);
});
