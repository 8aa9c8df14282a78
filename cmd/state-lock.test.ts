import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UsageError } from "../internal/std/errors.ts";
import { lockState } from "./state-lock.ts";

let state = "";
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "onpoint-state-"));
});
afterEach(() => rm(state, { recursive: true }));

test("of many that come at once one gets it, and the others are told who has it", async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => lockState(state, `run-${n}`)),
  );
  const locks = results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  expect(locks).toHaveLength(1);
  await expect(lockState(state, "late")).rejects.toThrow(
    new RegExp(`onpoint run run-\\d+ \\(process ${process.pid}\\) is using this state folder`),
  );
  await locks[0]?.[Symbol.asyncDispose]();
  await (await lockState(state, "next"))[Symbol.asyncDispose]();
});

test("a holder that was killed keeps nothing, though its process id may be another's by now", async () => {
  const program = `import { lockState } from ${JSON.stringify(new URL("./state-lock.ts", import.meta.url).href)};
    globalThis.lock = await lockState(${JSON.stringify(state)}, "killed"); console.log("held"); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  await once(child.stdout, "data");
  await expect(lockState(state, "second")).rejects.toThrow(UsageError);
  child.kill("SIGKILL");
  await exit;
  await writeFile(join(state, "run.lock"), JSON.stringify({ pid: process.pid, run: "killed" }));
  await (await lockState(state, "second"))[Symbol.asyncDispose]();
});

test("a folder that cannot be one is the user's to change", async () => {
  await writeFile(join(state, "file"), "");
  await expect(lockState(join(state, "file"), "r")).rejects.toThrow(UsageError);
});
