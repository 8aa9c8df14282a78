import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // On two cores vitest would use one.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "internal/**/*.test.ts",
            "cmd/**/*.test.ts",
            "examples/**/*.test.ts",
            "test/*.test.ts",
          ],
          // Tests that take more than a second or two: `make check` is to take seconds.
          exclude: ["**/*.slow.test.ts"],
          isolate: false,
          // Ends a hang; a machine that does something else beside is no reason to fail.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "integration",
          include: [
            "test/{integration,flow,bench,chart}/**/*.test.ts",
            "internal/**/*.slow.test.ts",
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "crash",
          include: ["test/crash/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        // On a cluster, by `make e2e` alone.
        test: {
          name: "e2e",
          include: ["test/e2e/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
