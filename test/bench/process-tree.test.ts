// The meter against processes whose use is known: a bench is worth no more than its meter.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { commandName, meterProcessTree } from "./process-tree.ts";

const burn = (ms: number) =>
  `while (process.cpuUsage().user + process.cpuUsage().system < ${ms} * 1000);`;

/** Starts Node with a program that says when it is where it should be. */
async function startNode(program: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", program], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.stdin?.end();
  await exit;
}

test("the time of a child that has ended is counted, and once", async () => {
  const child = await startNode(`
    require("node:child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(burn(600))}]);
    console.log("ready");
    process.stdin.resume();`);
  const meter = meterProcessTree(child.pid ?? 0, { everyMs: 20 });
  const before = meter.stop();
  await end(child);
  expect(before.cpuSeconds).toBeGreaterThanOrEqual(0.6);
  expect(before.cpuSeconds).toBeLessThan(1.2);
});

test("a child that runs and ends while it is watched keeps its time in the total", async () => {
  const child = await startNode(`
    console.log("ready");
    process.stdin.once("data", () => {
      require("node:child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(burn(400))}]);
      console.log("done");
    });`);
  const meter = meterProcessTree(child.pid ?? 0, { everyMs: 20 });
  const before = meter.now();
  child.stdin?.write("go\n");
  await once(child.stdout as NodeJS.ReadableStream, "data");
  const after = meter.stop();
  await end(child);
  expect(after.cpuSeconds - before.cpuSeconds).toBeGreaterThanOrEqual(0.38);
  expect(after.cpuSeconds - before.cpuSeconds).toBeLessThan(0.8);
  expect(after.samples).toBeGreaterThan(3);
});

test("memory is that of the whole tree, and its peak stays", async () => {
  const child = await startNode(`
    const held = Buffer.alloc(80 << 20, 1);
    const inner = require("node:child_process").spawn(process.execPath, ["-e",
      "const held = Buffer.alloc(60 << 20, 1); console.log('ready'); process.stdin.resume(); process.stdin.on('end', () => held);"]);
    inner.stdout.on("data", () => console.log("ready"));
    process.stdin.resume().on("end", () => { inner.stdin.end(); held.fill(2); });`);
  const meter = meterProcessTree(child.pid ?? 0, { nameOf: () => "both" });
  await end(child);
  const usage = meter.stop();
  expect(usage.peakPssBytes).toBeGreaterThan(140 << 20);
  expect(usage.peakPssBytes).toBeLessThan(400 << 20);
  expect(usage.commands[0]).toMatchObject({ name: "both", processes: 2 });
  // Of one of them, with all that they share.
  expect(usage.commands[0]?.peakRssBytes).toBeGreaterThan(110 << 20);
  expect(usage.commands[0]?.peakRssBytes).toBeLessThan(usage.peakPssBytes);
});

test("a process that is not there is refused", () => {
  expect(() => meterProcessTree(2 ** 30)).toThrow("has no /proc");
});

test("a process is named by what it runs", () => {
  expect(commandName(["/x/node", "--max-old-space-size=1024", "/y/cmd/onpoint.ts", "crawl"])).toBe(
    "onpoint crawl",
  );
  expect(commandName(["node", "/x/examples/demo/server.ts", "--port", "0"])).toBe("server.ts");
  expect(commandName(["/x/nats-server", "--config", "y"])).toBe("nats-server");
});
