import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Objects } from "../objects/objects.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import { type Column, latestSchema, registerSchema } from "./schemas.ts";

let folder: string;
let objects: Objects;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "onpoint-schemas-"));
  objects = await openFileObjects(pathToFileURL(folder).href);
});
afterEach(async () => {
  await objects.close();
  await rm(folder, { recursive: true, force: true });
});

const columns = (...names: string[]): Column[] => names.map((name) => ({ name, type: "BIGINT" }));
const union = (old: Column[], inferred: Column[]) => [
  ...old,
  ...inferred.filter(({ name }) => !old.some((column) => column.name === name)),
];

describe("the schema registry", () => {
  it("knows nothing of a new table", async () => {
    expect(await latestSchema(objects, "t")).toBeNull();
  });

  it("registers the first columns as they are, and merges later ones", async () => {
    const never = () => {
      throw new Error("nothing to merge with");
    };
    const first = await registerSchema(objects, "t", columns("a"), never);
    expect(first).toEqual({ version: 1, columns: columns("a") });
    const second = await registerSchema(objects, "t", columns("b"), union);
    expect(second).toEqual({ version: 2, columns: columns("a", "b") });
    expect(await latestSchema(objects, "t")).toEqual(second);
  });

  it("keeps the version when nothing changes", async () => {
    await registerSchema(objects, "t", columns("a", "b"), union);
    expect((await registerSchema(objects, "t", columns("b"), union)).version).toBe(1);
  });

  it("finds version 10 behind version 9", async () => {
    for (let i = 1; i <= 11; i++) await registerSchema(objects, "t", columns(`c${i}`), union);
    expect((await latestSchema(objects, "t"))?.version).toBe(11);
  });

  it("throws what the merge throws, and registers nothing", async () => {
    await registerSchema(objects, "t", columns("a"), union);
    const refuse = () => {
      throw new Error("frozen");
    };
    await expect(registerSchema(objects, "t", columns("b"), refuse)).rejects.toThrow("frozen");
    expect((await latestSchema(objects, "t"))?.version).toBe(1);
  });

  it("loses no column of 10 writers at once", async () => {
    const names = Array.from({ length: 10 }, (_, i) => `c${i}`);
    await Promise.all(names.map((name) => registerSchema(objects, "t", columns(name), union)));
    const latest = await latestSchema(objects, "t");
    expect(latest?.version).toBe(10);
    expect(latest?.columns.map(({ name }) => name).sort()).toEqual(names);
  });
});
