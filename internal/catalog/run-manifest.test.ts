import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { receiptPath, runManifestPath } from "../model/lake-paths.ts";
import type { RunManifest } from "../model/run.ts";
import { type Objects, PreconditionFailed } from "../objects/objects.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import { Permanent } from "../std/errors.ts";
import {
  listRuns,
  readManifest,
  readReceipts,
  writeManifest,
  writeReceipt,
} from "./run-manifest.ts";

let folder: string;
let objects: Objects;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "onpoint-runs-"));
  objects = await openFileObjects(pathToFileURL(folder).href);
});
afterEach(async () => {
  await objects.close();
  await rm(folder, { recursive: true, force: true });
});

const manifestOf = (run: string, startedAt = "2026-01-01T00:00:00.000Z"): RunManifest => ({
  run,
  pipeline: "p",
  date: "2026-01-01",
  generation: 1,
  state: "running",
  startedAt,
  endedAt: null,
  only: null,
  scope: null,
  simulate: false,
  report: null,
});

async function receiptsOf(token: string, stage: string) {
  const found: { name: string; receipt: unknown }[] = [];
  for await (const one of readReceipts(objects, token, stage)) found.push(one);
  return found;
}

describe("run manifests", () => {
  it("are swapped only by who saw the last one", async () => {
    expect(await readManifest(objects, "a")).toBeNull();
    const first = await writeManifest(objects, manifestOf("a"), null);
    await expect(writeManifest(objects, manifestOf("a"), null)).rejects.toThrow(PreconditionFailed);
    const done: RunManifest = { ...manifestOf("a"), state: "done" };
    const second = await writeManifest(objects, done, first);
    await expect(writeManifest(objects, done, first)).rejects.toThrow(PreconditionFailed);
    expect(await readManifest(objects, "a")).toEqual({ manifest: done, etag: second });
  });

  it("are listed newest first, folders without one left out", async () => {
    await writeManifest(objects, manifestOf("a", "2026-01-01T00:00:00.000Z"), null);
    await writeManifest(objects, manifestOf("a-1", "2026-01-03T00:00:00.000Z"), null);
    await writeManifest(objects, manifestOf("a0", "2026-01-02T00:00:00.000Z"), null);
    for (const token of ["a", "a_g2", "cut-off"])
      await writeReceipt(objects, token, "etl", "t", {});
    await objects.put("_onpoint/runs/stray.json", "{}");
    expect((await listRuns(objects)).map(({ run }) => run)).toEqual(["a-1", "a0", "a"]);
  });

  it("are listed without looking at every receipt", async () => {
    await writeManifest(objects, manifestOf("a"), null);
    await writeManifest(objects, manifestOf("b"), null);
    for (let i = 0; i < 20; i++) await writeReceipt(objects, "a", "crawl", `s${i}`, {});
    let looked = 0;
    const counting = new Proxy(objects, {
      get: (target, name) =>
        name === "list"
          ? async function* (prefix: string, after?: string) {
              for await (const info of target.list(prefix, after)) {
                looked++;
                yield info;
              }
            }
          : Reflect.get(target, name, target).bind(target),
    });
    expect(await listRuns(counting)).toHaveLength(2);
    expect(looked).toBe(2);
  });

  it("that are broken are said to be", async () => {
    await objects.put(runManifestPath("a"), "{");
    await expect(readManifest(objects, "a")).rejects.toThrow(Permanent);
    await expect(readManifest(objects, "a")).rejects.toThrow(runManifestPath("a"));
  });
});

describe("receipts", () => {
  it("stand once written", async () => {
    const first = await writeReceipt(objects, "a", "process", "t1", { n: 1 });
    expect(first).toEqual({ first: true, receipt: { n: 1 } });
    const second = await writeReceipt(objects, "a", "process", "t1", { n: 2 });
    expect(second).toEqual({ first: false, receipt: { n: 1 } });
  });

  it("have one winner that all writers learn of", async () => {
    const writes = Array.from({ length: 20 }, (_, n) =>
      writeReceipt(objects, "a", "etl", "t", { n }),
    );
    const ends = await Promise.all(writes);
    expect(ends.filter(({ first }) => first)).toHaveLength(1);
    expect(new Set(ends.map(({ receipt }) => receipt.n)).size).toBe(1);
  });

  it("are read in order, those of one stage of one generation only", async () => {
    const names = Array.from({ length: 70 }, (_, i) => `t${String(i).padStart(3, "0")}`);
    for (const name of names) await writeReceipt(objects, "a", "etl", name, { name });
    await writeReceipt(objects, "a_g2", "etl", "other", {});
    await writeReceipt(objects, "a", "etl2", "other", {});
    await objects.put(`${receiptPath("a", "etl", "note").slice(0, -4)}txt`, "no receipt");
    const found = await receiptsOf("a", "etl");
    expect(found).toEqual(names.map((name) => ({ name, receipt: { name } })));
    expect(await receiptsOf("none", "etl")).toEqual([]);
  });
});
