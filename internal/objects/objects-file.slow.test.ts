import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { Fatal, Permanent, RetryLater, UsageError } from "../std/errors.ts";
import { fileError } from "./file-errors.ts";
import { listed, objectsContract } from "./objects.contract.ts";
import { openFileObjects } from "./objects-file.ts";
import { openObjects } from "./open-objects.ts";

const root = await mkdtemp(join(tmpdir(), "onpoint-lake-"));
const urlOf = (name: string) => pathToFileURL(join(root, name)).href;
const s3 = { endpoint: null, region: "us-east-1", forcePathStyle: false };
afterAll(() => rm(root, { recursive: true, force: true }));

objectsContract("file", () => openFileObjects(urlOf("contract")));

/** Adds 1 to the number in `counter`, `times` times, by compare-and-swap. */
const adder = `
  const { openFileObjects } = await import(${JSON.stringify(new URL("./objects-file.ts", import.meta.url).href)});
  const objects = await openFileObjects(process.argv[1]);
  let left = Number(process.argv[2]);
  while (left > 0) {
    const { body, etag } = await objects.get("counter");
    try {
      await objects.put("counter", String(Number(body) + 1), { ifMatch: etag });
      left--;
    } catch (error) {
      if (error.name !== "PreconditionFailed") throw error;
    }
  }
`;
const startAdder = (url: string, times: number) =>
  spawn(process.execPath, ["--input-type=module", "-e", adder, url, String(times)], {
    stdio: ["ignore", "ignore", "inherit"],
  });

describe("objects on disk", () => {
  it("loses no swap among processes", async () => {
    const objects = await openFileObjects(urlOf("swaps"));
    await objects.put("counter", "0");
    const children = Array.from({ length: 4 }, () => startAdder(urlOf("swaps"), 25));
    const ends = await Promise.all(children.map((child) => once(child, "exit")));
    expect(ends.map(([code]) => code)).toEqual([0, 0, 0, 0]);
    expect((await objects.get("counter")).body.toString()).toBe("100");
    await objects.close();
  });

  it("goes on after a writer was killed, and lists nothing it left", async () => {
    const objects = await openFileObjects(urlOf("killed"));
    const { etag: first } = await objects.put("counter", "0");
    const child = startAdder(urlOf("killed"), 1_000_000);
    while ((await objects.head("counter"))?.etag === first) await objects.head("counter");
    child.kill("SIGKILL");
    await once(child, "exit");
    const { etag } = await objects.get("counter");
    await objects.put("counter", "x", { ifMatch: etag });
    const paths = (await listed(objects, "")).map(({ path }) => path);
    expect(paths).toEqual(["counter"]);
    await objects.close();
  });

  it("never gives two versions one etag, however fast they follow", async () => {
    const objects = await openFileObjects(urlOf("etags"));
    const etags = new Set<string>();
    for (let i = 0; i < 300; i++) {
      if (i % 3 === 0) await objects.delete("a");
      etags.add((await objects.put("a", String(i % 10))).etag);
    }
    expect(etags.size).toBe(300);
    await objects.close();
  });

  it("leaves no temporary file, won or lost", async () => {
    const objects = await openFileObjects(urlOf("clean"));
    await objects.put("a", "1");
    await objects.put("a", "2");
    await expect(objects.put("a", "3", { ifAbsent: true })).rejects.toThrow("another writer");
    await expect(objects.put("a", "3", { ifMatch: "x" })).rejects.toThrow("another writer");
    await objects.close();
    expect(await readdir(join(root, "clean"))).toEqual([".onpoint-lock", "a"]);
  });

  it("writes into a folder that was removed since it last wrote there", async () => {
    const objects = await openFileObjects(urlOf("swept"));
    await objects.put("a/b/one", "1");
    await rm(join(root, "swept"), { recursive: true });
    await objects.put("a/b/two", "2");
    expect(await readdir(join(root, "swept", "a", "b"))).toEqual(["two"]);
  });

  it("lists links to files, and neither unfinished writes nor folders behind links", async () => {
    const folder = join(root, "listed");
    await mkdir(join(folder, "in"), { recursive: true });
    await writeFile(join(folder, "in", "a"), "x");
    await writeFile(join(folder, "in", ".tmp-1-2"), "x");
    await symlink(join(folder, "in"), join(folder, "circle"));
    await symlink(join(folder, "in", "a"), join(folder, "link"));
    await symlink(join(folder, "gone"), join(folder, "broken"));
    const objects = await openFileObjects(urlOf("listed"));
    const paths = (await listed(objects, "")).map(({ path }) => path);
    expect(paths).toEqual(["in/a", "link"]);
  });

  it("creates nothing until something is written", async () => {
    const objects = await openFileObjects(urlOf("untouched"));
    expect(await listed(objects, "")).toEqual([]);
    await objects.delete("a");
    expect(await readdir(root)).not.toContain("untouched");
  });

  it("says what to do about a lake that cannot be written", async () => {
    await writeFile(join(root, "in-the-way"), "");
    for (const name of ["in-the-way", "in-the-way/lake"]) {
      const objects = await openFileObjects(urlOf(name));
      const failed = objects.put("a/b", "x");
      await expect(failed).rejects.toThrow(UsageError);
      await expect(failed).rejects.toThrow("Choose a folder");
    }
  });

  it("reads nothing outside its folder", async () => {
    const objects = await openFileObjects(urlOf("inside"));
    for (const path of ["../contract/parent", "a/../../contract/parent"]) {
      await expect(objects.get(path)).rejects.toThrow(Permanent);
      await expect(objects.head(path)).rejects.toThrow(Permanent);
      await expect(listed(objects, path)).rejects.toThrow(Permanent);
    }
  });

  it("keeps a folder's name with spaces and signs in its URL", async () => {
    const objects = await openFileObjects(`${urlOf("with space #1")}/`);
    await objects.put("a", "x");
    expect(objects.url).toBe(urlOf("with space #1"));
    expect(await readFile(join(root, "with space #1", "a"), "utf8")).toBe("x");
    await objects.close();
  });

  it("tells faults of the disk apart by what to do about them", () => {
    const of = (code: string) =>
      fileError(Object.assign(new Error(code), { code }), "write", "/lake/a", root);
    expect(of("ENOSPC")).toBeInstanceOf(Fatal);
    expect(String(of("ENOSPC"))).toContain('write "/lake/a": the disk is full');
    expect(of("EROFS")).toBeInstanceOf(UsageError);
    expect(of("EACCES")).toBeInstanceOf(UsageError);
    expect(of("ENOTDIR")).toBeInstanceOf(Permanent);
    expect(of("EIO")).toBeInstanceOf(RetryLater);
  });
});

describe("openObjects", () => {
  it("opens by scheme", async () => {
    const file = await openObjects(urlOf("scheme"), s3);
    expect(file.url).toBe(urlOf("scheme"));
    const bucket = await openObjects("s3://bucket/some/prefix/", s3);
    expect(bucket.url).toBe("s3://bucket/some/prefix");
    await bucket.close();
  });

  it("refuses other URLs with what to write", async () => {
    for (const url of [
      "gs://b/p",
      "/lake",
      "file:lake",
      "file:./lake",
      "file://host/x",
      "s3://",
      "s3://a/",
    ]) {
      await expect(openObjects(url, s3), url).rejects.toThrow(UsageError);
    }
  });
});
