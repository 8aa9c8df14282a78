// `make setup` on a machine that lacks something: each missing program is named with the way to get it, and nothing else
// happens. In a copy of the Makefile and the scripts, with a PATH of chosen programs; npm is a stand-in, no network is used.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkout } from "./support/source-tree.ts";

/** What the Makefile and the scripts themselves use, and every machine has. */
const basics =
  "awk bash cat cmp cp dirname env grep head ln make mkdir mv paste rm sed sh tr".split(" ");
const systemPath = `${process.env.PATH}:/usr/bin:/bin`.split(delimiter);

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "onpoint-setup-"));
  for (const path of ["Makefile", "scripts", "package.json", "package-lock.json"])
    await cp(join(checkout, path), join(folder, path), { recursive: true });
  await mkdir(join(folder, "bin"));
  await Promise.all(basics.map(linkBasic));
});
afterEach(() => rm(folder, { recursive: true }));

async function linkBasic(name: string): Promise<void> {
  for (const at of systemPath) {
    const path = join(at, name);
    const isThere = await readFile(path).catch(() => null);
    if (isThere !== null) return symlink(path, join(folder, "bin", name));
  }
}

/** A program that answers `text` and writes down that it was called. */
async function standIn(name: string, answer = "", body = ""): Promise<void> {
  const script = `#!/bin/sh\necho "${name} $*" >>"${folder}/calls"\necho "${answer}"\n${body}\n`;
  await writeFile(join(folder, "bin", name), script, { mode: 0o755 });
}

async function make(target: string): Promise<{ code: number | null; said: string }> {
  const child = spawn(join(folder, "bin/make"), [target], {
    cwd: folder,
    env: { PATH: join(folder, "bin") },
    // Not a pipe: bash reads ~/.bashrc when its input is a socket.
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const said = [text(child.stdout), text(child.stderr)];
  const [code] = (await ended) as [number | null];
  return { code, said: (await Promise.all(said)).join("") };
}

const calls = () => readFile(join(folder, "calls"), "utf8").catch(() => "");

test("what is missing is named, each with its use and the way to get it, all at once", async () => {
  const { code, said } = await make("setup");
  expect(code).toBe(2);
  expect(said).toMatch(/git not found, needed for the checkout: apt-get install git, or brew/);
  expect(said).toMatch(/node not found, needed for npm \(20 or newer\): .*brew install node/);
  expect(said).toMatch(/npm not found, needed for the packages: .*apt-get install npm/);
  expect(said).toMatch(/go not found, needed for building nats-server .* only: .*golang-go/);
  expect(said).toMatch(
    /python3 not found, needed for .*make test.* only: .*apt-get install python3/,
  );
});

test("npm alone missing is named alone, and an old node with its version", async () => {
  for (const name of ["git", "go", "python3"]) await standIn(name);
  await standIn("node", "18");
  const { code, said } = await make("setup");
  expect(code).toBe(2);
  expect(said).toMatch(/npm not found/);
  expect(said).not.toMatch(/(git|node|go|python3) not found/);

  await standIn("npm");
  const old = await make("setup");
  expect(old.code).toBe(2);
  expect(old.said).toMatch(/node is 18, npm needs 20 or newer: brew install node/);
  expect(await calls()).not.toMatch(/^npm/m);
});

test("without go, the server that is to be built is named, with both ways out", async () => {
  const { code, said } = await make("nats-server");
  expect(code).toBe(2);
  expect(said).toMatch(
    /go not found, needed to build nats-server v[\d.]+: apt-get install golang-go/,
  );
  expect(said).toMatch(/or put a nats-server of 2\.14 or newer on PATH/);
});

test("packages are installed once, from the lockfile and without their scripts", async () => {
  await standIn("git");
  await standIn("node", "26");
  await standIn("npm", "", "mkdir -p node_modules");
  expect(await make("setup")).toMatchObject({ code: 0 });
  const npmCalls = async () => (await calls()).match(/^npm .*/gm);
  expect(await npmCalls()).toEqual([expect.stringMatching(/^npm ci --ignore-scripts /)]);
  expect(await make("setup")).toMatchObject({ code: 0, said: "" });
  expect(await npmCalls()).toHaveLength(1);
  await writeFile(join(folder, "package-lock.json"), "{}");
  expect(await make("setup")).toMatchObject({ code: 0 });
  expect(await npmCalls()).toHaveLength(2);
});
