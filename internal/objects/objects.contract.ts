// What every implementation of objects.ts must do; run by objects-file.slow.test.ts and test/integration/objects-s3.test.ts.
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Permanent } from "../std/errors.ts";
import { compareBytes } from "./object-path.ts";
import { NotFound, type ObjectInfo, type Objects, PreconditionFailed } from "./objects.ts";

/** `open` gives one more client of the same, at first empty, tree. */
export function objectsContract(name: string, open: () => Promise<Objects>): void {
  describe(`objects: ${name}`, () => {
    let objects: Objects;
    let scratch: string;
    beforeAll(async () => {
      objects = await open();
      scratch = await mkdtemp(join(tmpdir(), "onpoint-objects-"));
    });
    afterAll(async () => {
      await objects.close();
      await rm(scratch, { recursive: true, force: true });
    });

    it("gives back what was put, with one etag everywhere", async () => {
      const { etag } = await objects.put("basic/ünï code/a b+c%.json", "grüß dich");
      const { body, etag: read } = await objects.get("basic/ünï code/a b+c%.json");
      expect(body.toString()).toBe("grüß dich");
      const head = await objects.head("basic/ünï code/a b+c%.json");
      const [first] = await listed(objects, "basic/");
      expect(first).toEqual(head);
      expect([read, head?.etag]).toEqual([etag, etag]);
      expect(head?.sizeBytes).toBe(Buffer.byteLength("grüß dich"));
      expect(Math.abs(Date.now() - (head?.modifiedMs ?? 0))).toBeLessThan(60_000);
    });

    it("holds empty objects and every byte", async () => {
      await objects.put("bytes/empty", "");
      await objects.put("bytes/all", Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
      expect((await objects.get("bytes/empty")).body.length).toBe(0);
      expect([...(await objects.get("bytes/all")).body]).toEqual([...Array(256).keys()]);
    });

    it("streams an object", async () => {
      const bytes = randomBytes(3_000_000);
      await objects.put("stream/large", bytes);
      const hash = createHash("sha256");
      for await (const chunk of await objects.open("stream/large")) hash.update(chunk);
      expect(hash.digest("hex")).toBe(createHash("sha256").update(bytes).digest("hex"));
      (await objects.open("stream/large")).destroy();
    });

    it("streams a range of an object, of the one that is meant", async () => {
      const { etag } = await objects.put("stream/range", "0123456789");
      const read = async (from: number, to: number, of?: string) => {
        const range = { from, to, ...(of === undefined ? {} : { etag: of }) };
        const chunks = await (await objects.open("stream/range", range)).toArray();
        return Buffer.concat(chunks as Buffer[]).toString();
      };
      expect([await read(0, 10), await read(3, 5), await read(9, 10, etag)]).toEqual([
        "0123456789",
        "34",
        "9",
      ]);
      await objects.put("stream/range", "abcdefghij");
      await expect(read(0, 4, etag)).rejects.toThrow(PreconditionFailed);
    });

    it("uploads a local file and leaves it where it is", async () => {
      const file = join(scratch, "upload");
      await writeFile(file, "local bytes", { mode: 0o444 });
      const { etag } = await objects.putFile("file/one", file);
      expect((await objects.get("file/one")).etag).toBe(etag);
      expect(await readFile(file, "utf8")).toBe("local bytes");
      await expect(objects.putFile("file/one", file, { ifAbsent: true })).rejects.toThrow(
        PreconditionFailed,
      );
    });

    it("says which object is missing", async () => {
      expect(await objects.head("missing/a")).toBeNull();
      await expect(objects.get("missing/a")).rejects.toThrow(NotFound);
      await expect(objects.open("missing/a")).rejects.toThrow('"missing/a"');
      await expect(objects.local("missing/a", scratch)).rejects.toThrow(NotFound);
      await objects.delete("missing/a");
      expect(await listed(objects, "missing/")).toEqual([]);
    });

    it("takes a folder for no object", async () => {
      await objects.put("folder/in/file", "x");
      expect(await objects.head("folder/in")).toBeNull();
      await expect(objects.get("folder/in")).rejects.toThrow(NotFound);
    });

    it("refuses an object under an object", async () => {
      await objects.put("parent", "x");
      await expect(objects.put("parent/child", "x")).rejects.toThrow(Permanent);
    });

    it("refuses paths that are none", async () => {
      for (const path of [
        "",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/./b",
        "a/../../b",
        "a\0b",
        "a/.tmp-1",
      ]) {
        await expect(objects.put(path, "x"), path).rejects.toThrow(Permanent);
      }
    });

    it("deletes", async () => {
      await objects.put("delete/a", "x");
      await objects.delete("delete/a");
      expect(await objects.head("delete/a")).toBeNull();
    });

    it("changes the etag with every new content, and swaps only what is expected", async () => {
      const { etag: first } = await objects.put("swap/a", "1");
      const { etag: second } = await objects.put("swap/a", "2", { ifMatch: first });
      expect(second).not.toBe(first);
      await expect(objects.put("swap/a", "3", { ifMatch: first })).rejects.toThrow(
        PreconditionFailed,
      );
      expect((await objects.get("swap/a")).body.toString()).toBe("2");
      await expect(objects.put("swap/none", "1", { ifMatch: first })).rejects.toThrow(
        PreconditionFailed,
      );
      expect(await objects.head("swap/none")).toBeNull();
    });

    it("lets one of 20 creators win", async () => {
      const clients = await Promise.all(Array.from({ length: 20 }, open));
      for (let round = 0; round < 3; round++) {
        const winners = await race(round, clients, `race/create-${round}`, { ifAbsent: true });
        expect(winners).toHaveLength(1);
        const { body } = await objects.get(`race/create-${round}`);
        expect(body.toString()).toBe(winners[0]);
      }
      await Promise.all(clients.map((client) => client.close()));
    });

    it("lets one of 20 swappers win", async () => {
      const clients = await Promise.all(Array.from({ length: 20 }, open));
      let { etag } = await objects.put("race/swap", "x");
      for (let round = 0; round < 3; round++) {
        const winners = await race(round, clients, "race/swap", { ifMatch: etag });
        expect(winners).toHaveLength(1);
        const got = await objects.get("race/swap");
        expect(got.body.toString()).toBe(winners[0]);
        etag = got.etag;
      }
      await Promise.all(clients.map((client) => client.close()));
    });

    it("never shows half a write", async () => {
      const sizeBytes = 300_000;
      const write = async () => {
        for (let i = 0; i < 10; i++) await objects.put("atomic/a", Buffer.alloc(sizeBytes, 65 + i));
      };
      await objects.put("atomic/a", Buffer.alloc(sizeBytes, 64));
      let writing = true;
      const written = write().finally(() => {
        writing = false;
      });
      while (writing) {
        const { body } = await objects.get("atomic/a");
        expect(body.length).toBe(sizeBytes);
        expect(body.every((byte) => byte === body[0])).toBe(true);
      }
      await written;
    });

    it("lists in byte order of whole paths, by any prefix, after any path", async () => {
      const paths = [
        "a-b",
        "a.txt",
        "a/b",
        "a/b-c/d",
        "a/b0",
        "a/ä",
        "a0",
        "aa/z",
        "b",
        "ä",
        "ｚ",
        "😀",
      ];
      const under = paths.map((path) => `order/${path}`);
      for (const path of under) await objects.put(path, "x");
      const sorted = [...under].sort(compareBytes);
      expect(await pathsOf(objects, "order/")).toEqual(sorted);
      for (const prefix of ["order/a", "order/a/", "order/a/b", "order/ä", "order/none", "ord"]) {
        const expected = sorted.filter((path) => path.startsWith(prefix));
        expect(await pathsOf(objects, prefix), prefix).toEqual(expected);
      }
      for (const after of [...under, "order/a/", "order/a/zzz", "order/a0a"]) {
        const expected = sorted.filter((path) => compareBytes(path, after) > 0);
        expect(await pathsOf(objects, "order/", after), after).toEqual(expected);
      }
    });

    it("lists more than a page", async () => {
      const names = Array.from({ length: 1_100 }, (_, i) => `many/${String(i).padStart(4, "0")}`);
      for (let i = 0; i < names.length; i += 50) {
        await Promise.all(names.slice(i, i + 50).map((path) => objects.put(path, "x")));
      }
      expect(await pathsOf(objects, "many/")).toEqual(names);
    });

    it("gives a local file of the newest bytes, and leaves nothing half done beside it", async () => {
      const folder = join(scratch, "local");
      await objects.put("local/a.csv.gz", "1");
      const first = await objects.local("local/a.csv.gz", folder);
      expect(first.endsWith("a.csv.gz")).toBe(true);
      expect(await readFile(first, "utf8")).toBe("1");
      expect(await objects.local("local/a.csv.gz", folder)).toBe(first);
      await objects.put("local/a.csv.gz", "2");
      expect(await readFile(await objects.local("local/a.csv.gz", folder), "utf8")).toBe("2");
      const left = await readdir(folder).catch(() => []);
      expect(left.filter((entry) => entry.startsWith(".tmp-"))).toEqual([]);
    });
  });
}

/** All that `list` yields. */
export async function listed(
  objects: Objects,
  prefix: string,
  after?: string,
): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const info of objects.list(prefix, after)) found.push(info);
  return found;
}

async function pathsOf(objects: Objects, prefix: string, after?: string): Promise<string[]> {
  return (await listed(objects, prefix, after)).map(({ path }) => path);
}

/** Bodies of those whose write went through; anything but a lost race is thrown. */
async function race(
  round: number,
  clients: Objects[],
  path: string,
  options: { ifAbsent?: boolean; ifMatch?: string },
): Promise<string[]> {
  const bodies = await Promise.all(
    clients.map(async (client, i) => {
      try {
        // Never the bytes of a round before: an etag of S3 is that of the bytes, and would match again.
        const body = `writer ${i} of round ${round}`;
        await client.put(path, body, options);
        return body;
      } catch (error) {
        if (error instanceof PreconditionFailed) return null;
        throw error;
      }
    }),
  );
  return bodies.filter((body) => body !== null);
}
