// Large dropped files in parts, each a task of its own, on a disk and in a real S3 server: the same rows and the same quarantine
// as of the whole files. DIRTY_SEED=<number> tries other ones.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { FilesSource } from "../../internal/model/pipeline.ts";
import type { TaskInput } from "../../internal/model/task.ts";
import { openObjects } from "../../internal/objects/open-objects.ts";
import type { DroppedFile } from "../../internal/process/dropped-file.ts";
import { listDrops } from "../../internal/process/list-drops.ts";
import { checkUnchanged, localInput } from "../../internal/process/local-input.ts";
import { splitDrop } from "../../internal/process/split-drop.ts";
import { Permanent } from "../../internal/std/errors.ts";
import { Dice } from "../support/dirty/dice.ts";
import { dirtyCsv } from "../support/dirty/dirty-csv.ts";
import { dirtyNdjson } from "../support/dirty/dirty-json.ts";
import { tarOf, zipOf } from "../support/pack-archives.ts";
import { filesSource, processOne, type Row } from "../support/process-batch.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";

const { signal } = new AbortController();
const seed = Number(process.env.DIRTY_SEED ?? 1);
let server: S3Server;
let root: string;
beforeAll(async () => {
  server = await startS3Server();
  root = await mkdtemp(join(tmpdir(), "onpoint-split-"));
  for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.stop();
  await rm(root, { recursive: true, force: true });
});

const openBucket = (url: string) =>
  openObjects(url, { endpoint: server.endpoint, region: "us-east-1", forcePathStyle: true });

/** A file by its URL, on the disk or in the bucket. */
async function drop(where: "file" | "s3", name: string, bytes: Buffer): Promise<TaskInput> {
  if (where === "s3") {
    const bucket = await openBucket(`s3://${server.bucket}`);
    await bucket.put(`in/${name}`, bytes);
    await bucket.close();
  } else await writeFile(join(root, name), bytes);
  const url =
    where === "file" ? pathToFileURL(join(root, name)).href : `s3://${server.bucket}/in/${name}`;
  const found: TaskInput[] = [];
  for await (const each of listDrops(url, openBucket)) found.push(each);
  expect(found).toHaveLength(1);
  return found[0] as TaskInput;
}

const split = (input: TaskInput, parts: number, source: FilesSource = filesSource) =>
  splitDrop(input, source, Math.ceil(input.sizeBytes / parts), openBucket, signal);

const columns = { id: "BIGINT", n: "BIGINT", t: "VARCHAR" };

/** What tasks of one input each make: rows, and quarantined records with their places. */
async function processed(inputs: readonly TaskInput[]) {
  const registry = new Map();
  const all = { data: [] as Row[], bad: [] as unknown[][], blank: 0 };
  for (const [i, input] of inputs.entries()) {
    const scratch = join(root, `scratch-${i}`);
    await mkdir(scratch, { recursive: true });
    const local = await localInput(input, scratch, openBucket);
    const table = await processOne({ inputs: [local], config: { columns }, registry });
    all.data.push(...table.data);
    all.bad.push(
      ...table.bad.map((row) => [row.file, row.line, row.byte_offset, row.reason, row.raw]),
    );
    all.blank += table.blank;
    await rm(scratch, { recursive: true });
  }
  const byPlace = (a: unknown[], b: unknown[]) =>
    String(a[0]).localeCompare(String(b[0])) || Number(a[2]) - Number(b[2]);
  return { ...all, bad: all.bad.sort(byPlace) };
}

const shape = { isTyped: true, records: 200, isHuge: false };
const make = (i: number, name: string) =>
  (i % 2 === 0 ? dirtyNdjson : dirtyCsv)(new Dice(seed * 100 + i), {
    ...shape,
    name,
    firstId: 1 + i * 1_000,
  });

for (const where of ["file", "s3"] as const) {
  test.each([0, 1, 2, 3])(
    `a dirty text (%i) by parts, ${where}:`,
    { timeout: 60_000 },
    async (i) => {
      const name = `text-${i}.${i % 2 === 0 ? "ndjson" : "csv"}`;
      const input = await drop(where, name, make(i, name).bytes);
      const parts = await split(input, 4);
      expect(parts.length).toBeGreaterThan(2);
      const whole = await processed([input]);
      expect(whole.bad.length).toBeGreaterThan(0);
      expect(await processed(parts)).toEqual(whole);
    },
  );

  test.each([
    ["zip", zipOf],
    ["tar", tarOf],
  ] as const)(
    `an archive (%s) by members, ${where}:`,
    { timeout: 60_000 },
    async (ending, pack) => {
      const members = Array.from({ length: 6 }, (_, i) => {
        const name = `m${i}.${i % 2 === 0 ? "ndjson" : "csv"}`;
        return { name, data: make(i, name).bytes };
      });
      const input = await drop(where, `archive.${ending}`, pack(members));
      const parts = await split(input, 3);
      expect(parts.length).toBeGreaterThan(1);
      const whole = await processed([input]);
      expect(whole.data.length).toBeGreaterThan(500);
      expect(await processed(parts)).toEqual(whole);
    },
  );

  test(`a file, and a part of one, that has changed since is refused, ${where}:`, async () => {
    const text = "id,n,t\n".concat("1,2,x\n".repeat(100));
    const input = await drop(where, "changes.csv", Buffer.from(text));
    const [part] = await split(input, 2);
    const { local } = await localInput(input, root, openBucket);
    expect(await readFile(local, "utf8")).toBe(text);
    await expect(checkUnchanged([input], openBucket)).resolves.toBeUndefined();
    await drop(where, "changes.csv", Buffer.from(`${text}1,2,y\n`));
    for (const each of [input, part as TaskInput])
      await expect(localInput(each, root, openBucket)).rejects.toThrow(Permanent);
    // An object cannot change while it is read by its etag.
    if (where === "file")
      await expect(checkUnchanged([input], openBucket)).rejects.toThrow(Permanent);
  });
}

test("parts of two files that begin at the same byte are two inputs of one task", async () => {
  const lines = (k: number) => Buffer.from(`{"id":${k},"n":1,"t":"x"}\n`.repeat(100));
  const firsts: DroppedFile[] = [];
  for (const k of [1, 2]) {
    const [first] = await split(await drop("file", `twin-${k}.ndjson`, lines(k)), 2);
    firsts.push(await localInput(first as TaskInput, root, openBucket));
  }
  const { data } = await processOne({ inputs: firsts, config: { columns } });
  expect(new Set(data.map(({ id }) => String(id)))).toEqual(new Set(["1", "2"]));
});

test("what cannot be cut stays whole: packed files, documents, other encodings", async () => {
  const rows = '{"id":1}\n'.repeat(100);
  const document = JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id })));
  const utf16 = Buffer.from(`\ufeff${"id,n\n1,2\n".repeat(50)}`, "utf16le");
  for (const [name, bytes] of Object.entries({
    "a.ndjson.gz": gzipSync(Buffer.from(rows)),
    "a.json": Buffer.from(document),
    "a.csv": utf16,
    "cut.zip": zipOf([{ name: "a.ndjson", data: rows, stored: true }]).subarray(0, 900),
  })) {
    const input = await drop("file", name, bytes);
    expect(await split(input, 3)).toEqual([input]);
  }
});
