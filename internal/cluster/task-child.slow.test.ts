import { expect, test } from "vitest";
import { Fatal, OutOfMemory, Permanent, RetryLater } from "../std/errors.ts";
import { errorAnswer, runInChild } from "./task-child.ts";

const idle = new AbortController().signal;
const run = (script: string, job: object = {}, signal = idle) =>
  runInChild({ args: ["-e", script], env: {} }, job, () => {}, signal);
const send = (answer: object) =>
  `process.once("message", () => process.send(${JSON.stringify(answer)}, () => process.exit()))`;

test("a child gives the result of its job", { timeout: 30_000 }, async () => {
  const script = `process.once("message", ({ n }) => process.send({ kind: "result", result: n + 1 }, () => process.exit()))`;
  expect(await run(script, { n: 1 })).toBe(2);
});

test("an error of a child keeps its class and text", { timeout: 30_000 }, async () => {
  for (const error of [
    new Permanent("a"),
    new OutOfMemory("b"),
    new Fatal("c"),
    new RetryLater("d", 7),
    new Error("e"),
  ]) {
    const thrown = await run(send(errorAnswer(error))).catch((caught: unknown) => caught);
    expect(thrown).toStrictEqual(error);
  }
});

test("a child that is killed, or dies of memory, was out of memory", {
  timeout: 30_000,
}, async () => {
  const killed = 'process.kill(process.pid, "SIGKILL")';
  const aborted =
    'console.error("FATAL ERROR: Reached heap limit: JavaScript heap out of memory"); process.abort()';
  for (const script of [killed, aborted, "process.exit(137)"])
    await expect(run(script), script).rejects.toThrow(OutOfMemory);
});

test("a child that dies otherwise says what it said last", { timeout: 30_000 }, async () => {
  const failed = run('console.error("last words"); process.exit(4)');
  await expect(failed).rejects.toThrow(/exited with 4: last words/);
  await expect(failed).rejects.not.toThrow(Permanent);
});

test("a child is killed when its job is not wanted any more", { timeout: 30_000 }, async () => {
  const stop = new AbortController();
  const running = run("setInterval(() => {}, 1000)", {}, stop.signal);
  stop.abort(new Error("stopped"));
  await expect(running).rejects.toThrow("stopped");
});
