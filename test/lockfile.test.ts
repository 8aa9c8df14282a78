// A lockfile written behind a mirror, or on one platform only, installs nowhere else.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkout } from "./support/source-tree.ts";

type Locked = {
  version?: string;
  resolved?: string;
  integrity?: string;
  /** Comes inside another entry's archive. */
  inBundle?: boolean;
  optionalDependencies?: Record<string, string>;
};

const read = (name: string) => JSON.parse(readFileSync(join(checkout, name), "utf8")) as unknown;
const { packages } = read("package-lock.json") as { packages: Record<string, Locked> };
const entries = Object.entries(packages).filter(([path]) => path !== "");

test("no entry names the host it was downloaded from", () => {
  expect(entries.length).toBeGreaterThan(100);
  expect(entries.filter(([, entry]) => entry.resolved).map(([path]) => path)).toEqual([]);
});

test("every entry is pinned by its digest", () => {
  const fetched = entries.filter(([, entry]) => !entry.inBundle);
  const loose = fetched.filter(([, entry]) => !entry.integrity?.startsWith("sha512-"));
  expect(loose.map(([path]) => path)).toEqual([]);
});

test("DuckDB's bindings and Node itself are locked for every platform", () => {
  const bindings = packages["node_modules/@duckdb/node-bindings"]?.optionalDependencies ?? {};
  const node = packages[""]?.optionalDependencies ?? {};
  expect(Object.keys(bindings)).toEqual(
    expect.arrayContaining(
      ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"].map(
        (os) => `@duckdb/node-bindings-${os}`,
      ),
    ),
  );
  for (const [name, version] of Object.entries({ ...bindings, ...node })) {
    expect.soft(packages[`node_modules/${name}`]?.version, name).toBe(version);
  }
});

test("what package.json asks for is what is locked", () => {
  const manifest = read("package.json") as Record<string, Record<string, string> | undefined>;
  const asked = {
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  };
  for (const [name, version] of Object.entries(asked)) {
    expect.soft(packages[`node_modules/${name}`]?.version, name).toBe(version);
  }
});
