import { expect, test } from "vitest";
import { type ActiveRun, activeRunKey, coordinatorLease } from "../model/active-run.ts";
import { openMemoryQueue } from "../queue/queue-memory.ts";
import { conductedRuns } from "./conducted-runs.ts";

async function open(tokens: readonly string[]) {
  let ms = 0;
  const queue = openMemoryQueue({ now: () => ms });
  for (const token of tokens) {
    const run = { token, run: token } as ActiveRun;
    await queue.putState(activeRunKey(token), Buffer.from(JSON.stringify(run)));
  }
  const runs = conductedRuns(queue, () => ms);
  return {
    conduct: (token: string) => queue.acquire(coordinatorLease(token), "c", 6_000),
    pass: (more: number) => {
      ms += more;
    },
    tokens: async () => (await runs()).map(({ token }) => token),
    queue,
  };
}

test("a run without a coordinator is left alone, whoever else is conducted", async () => {
  const { conduct, tokens } = await open(["interrupted", "b"]);
  await conduct("b");
  expect(await tokens()).toEqual(["b"]);
});

test("a run whose coordinator has died goes on until the next one is there, but not for ever", async () => {
  const { conduct, pass, tokens } = await open(["a"]);
  await conduct("a");
  expect(await tokens()).toEqual(["a"]);
  pass(7_000);
  expect(await tokens()).toEqual(["a"]);
  await conduct("a");
  pass(5_000);
  expect(await tokens()).toEqual(["a"]);
  pass(30_001);
  expect(await tokens()).toEqual([]);
});

test("a run that has ended is gone at once", async () => {
  const { conduct, tokens, queue } = await open(["a"]);
  await conduct("a");
  expect(await tokens()).toEqual(["a"]);
  await queue.deleteState(activeRunKey("a"));
  expect(await tokens()).toEqual([]);
});
