import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Fatal } from "../std/errors.ts";
import { LocalCluster, type RestartPolicy } from "./cluster-local.ts";
import { startChild } from "./local-child.ts";

// Each script stands for a role; `drain` answers SIGTERM and the loss of its parent as a role process does.
const drain = `process.on("SIGTERM", () => process.exit(0)); process.on("disconnect", () => process.exit(0));`;
const scripts: Record<string, string> = {
  steady: `${drain} process.send({ kind: "up", pid: process.pid }); console.error("hello"); console.error("there");`,
  worker: `${drain} process.on("message", (m) => process.send({ kind: "busy", busy: m.pids.includes(process.pid) }, () =>
      process.send({ kind: "heard", pid: process.pid })));
    process.send({ kind: "up", pid: process.pid });`,
  crashing: `console.error("no luck " + process.pid); process.exitCode = 1; process.disconnect();`,
  misused: `console.error("wrong option"); process.exitCode = 2; process.disconnect();`,
  leaseless: `process.send({ kind: "up", pid: process.pid }, () => process.exit(75));`,
  stubborn: `process.on("SIGTERM", () => {}); process.send({ kind: "up", pid: process.pid });`,
};
const policy: RestartPolicy = { firstMs: 5, maxMs: 20, quickMs: 60_000, quickDeaths: 2 };

let folder = "";
let cluster: LocalCluster;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "onpoint-cluster-"));
  for (const [role, script] of Object.entries(scripts)) {
    await writeFile(join(folder, `${role}.mjs`), script);
  }
});
afterEach(() => cluster.stop(2_000));
afterAll(() => rm(folder, { recursive: true }));

function open(restart = policy) {
  const seen = { lines: [] as string[], pids: [] as number[], heard: [] as number[] };
  const ends = { restarts: [] as string[], fatal: [] as Fatal[] };
  cluster = new LocalCluster({
    command: (role) => ({ args: [join(folder, `${role}.mjs`)], env: {} }),
    onLine: (line) => seen.lines.push(line),
    onMessage: (_role, message) => {
      const { kind, pid } = message as { kind: string; pid: number };
      (kind === "up" ? seen.pids : seen.heard).push(pid);
    },
    onRestart: (_role, how) => ends.restarts.push(how),
    onFatal: (_role, error) => ends.fatal.push(error),
    restart,
  });
  return { ...seen, ...ends };
}

const until = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 8_000, interval: 10 });

test("children start, their lines come with the role in front, and stop leaves none", async () => {
  const seen = open();
  await cluster.setReplicas("steady", 2);
  await until(() => expect(seen.pids).toHaveLength(2));
  await until(() => expect(seen.lines).toHaveLength(4));
  expect(seen.lines).toContain("steady[1]: hello");
  expect(await cluster.replicas("steady")).toEqual({ wanted: 2, running: 2 });
  await cluster.stop(5_000);
  expect(await cluster.replicas("steady")).toEqual({ wanted: 0, running: 0 });
  for (const pid of seen.pids) expect(() => process.kill(pid, 0)).toThrow();
});

test("a killed child is replaced", async () => {
  const seen = open();
  await cluster.setReplicas("steady", 1);
  await until(() => expect(seen.pids).toHaveLength(1));
  process.kill(seen.pids[0] ?? 0, "SIGKILL");
  await until(() => expect(seen.pids).toHaveLength(2));
  expect(seen.restarts).toEqual(["steady[1] was ended by SIGKILL"]);
});

test("scaling down stops an idle child, not a busy one", async () => {
  const seen = open();
  await cluster.setReplicas("worker", 3);
  await until(() => expect(seen.pids).toHaveLength(3));
  const busy = seen.pids.slice(1);
  cluster.tell("worker", { pids: busy });
  await until(() => expect(seen.heard).toHaveLength(3));
  await cluster.setReplicas("worker", 2);
  await until(async () =>
    expect(await cluster.replicas("worker")).toEqual({ wanted: 2, running: 2 }),
  );
  expect(() => process.kill(seen.pids[0] ?? 0, 0)).toThrow();
  for (const pid of busy) expect(process.kill(pid, 0)).toBe(true);
});

test("a child that keeps dying is given up with its last lines", async () => {
  const seen = open();
  await cluster.setReplicas("crashing", 1);
  await until(() => expect(seen.fatal).toHaveLength(1));
  expect(seen.restarts).toHaveLength(2);
  expect(seen.fatal[0]?.message).toMatch(
    /^keep "crashing\[1\]" running: it exited with 1 \(3 times in a row\)(\n {2}\| no luck \d+){3}$/,
  );
  expect(await cluster.replicas("crashing")).toEqual({ wanted: 0, running: 0 });
});

test("a usage error is not tried again", async () => {
  const seen = open();
  await cluster.setReplicas("misused", 1);
  await until(() => expect(seen.fatal).toHaveLength(1));
  expect(seen.fatal[0]?.message).toBe(
    'keep "misused[1]" running: it exited with 2\n  | wrong option',
  );
  expect(seen.restarts).toEqual([]);
});

test("a lost lease is a restart however often it happens", async () => {
  const seen = open();
  await cluster.setReplicas("leaseless", 1);
  await until(() => expect(seen.restarts.length).toBeGreaterThan(policy.quickDeaths + 1));
  expect(seen.restarts[0]).toBe("leaseless[1] lost its lease");
  expect(seen.fatal).toEqual([]);
});

test("stop kills what does not drain in time", async () => {
  const seen = open();
  await cluster.setReplicas("stubborn", 1);
  await until(() => expect(seen.pids).toHaveLength(1));
  await cluster.stop(20);
  expect(() => process.kill(seen.pids[0] ?? 0, 0)).toThrow();
});

test("a child that waits for its restart is dropped when it is not wanted any more", async () => {
  const seen = open({ ...policy, firstMs: 60_000, maxMs: 60_000 });
  await cluster.setReplicas("crashing", 1);
  await until(() => expect(seen.restarts).toHaveLength(1));
  expect(await cluster.replicas("crashing")).toEqual({ wanted: 1, running: 0 });
  await cluster.setReplicas("crashing", 0);
  expect(await cluster.replicas("crashing")).toEqual({ wanted: 0, running: 0 });
});

test("children end when their parent is killed", async () => {
  open();
  const farewell = join(folder, "farewell");
  const orphan = join(folder, "orphan.mjs");
  await writeFile(
    orphan,
    `import { writeFileSync } from "node:fs";
     process.on("disconnect", () => writeFileSync(${JSON.stringify(farewell)}, "gone"));
     process.send({ kind: "up" });`,
  );
  const parent = join(folder, "parent.mjs");
  await writeFile(
    parent,
    `import { startChild } from ${JSON.stringify(new URL("./local-child.ts", import.meta.url).href)};
     startChild({ args: [${JSON.stringify(orphan)}], env: {} },
       { onLine() {}, onEnd() {}, onMessage: (message) => process.send(message) });`,
  );
  const up = Promise.withResolvers<unknown>();
  const child = startChild(
    { args: [parent], env: {} },
    { onLine: () => {}, onMessage: up.resolve, onEnd: () => {} },
  );
  await up.promise;
  child.kill("SIGKILL");
  await until(async () => expect(await readFile(farewell, "utf8")).toBe("gone"));
});
