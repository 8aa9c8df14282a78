import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import type { RunReport, RunState } from "../model/run.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import { endRun, openRun, type RunRequest } from "./open-run.ts";
import { readReplays, writeReplay } from "./replays.ts";

const root = await mkdtemp(join(tmpdir(), "onpoint-run-"));
afterAll(() => rm(root, { recursive: true, force: true }));

/** Opens a run again and again, ending it in a state each time; gives what came of each request. */
async function story(...steps: [Partial<RunRequest>, RunState | null][]) {
  const lake = await openFileObjects(pathToFileURL(await mkdtemp(join(root, "lake-"))).href);
  const seen: (string | number | string[] | null)[][] = [];
  for (const [more, state] of steps) {
    const request = {
      run: "r",
      pipeline: "p",
      date: "2026-01-01",
      only: null,
      simulate: false,
      force: false,
      window: null,
      refresh: false,
      ...more,
    };
    const { kind, manifest } = await openRun(lake, request, "now");
    seen.push([kind, manifest.generation, manifest.only, manifest.scope]);
    if (state !== null)
      await endRun(lake, "r", manifest.generation, { state } as RunReport, "later");
  }
  return seen;
}

test("a run that was cut off or failed is resumed; a finished one only says so", async () => {
  expect(await story([{}, null], [{}, "failed"], [{}, "rejects"], [{}, null])).toEqual([
    ["started", 1, null, null],
    ["resumed", 1, null, null],
    ["resumed", 1, null, null],
    ["finished", 1, null, null],
  ]);
});

test("--force begins the next generation of a finished run, but resumes a running one", async () => {
  expect(await story([{}, "done"], [{ force: true }, null], [{ force: true }, "done"])).toEqual([
    ["started", 1, null, null],
    ["started", 2, null, null],
    ["resumed", 2, null, null],
  ]);
});

test("--only of what is covered is finished; of more, it widens the run", async () => {
  expect(
    await story(
      [{ only: ["a"] }, "done"],
      [{ only: ["a"] }, null],
      [{ only: ["b"] }, "done"],
      [{ only: ["a", "b"] }, null],
    ),
  ).toEqual([
    ["started", 1, ["a"], ["a"]],
    ["finished", 1, ["a"], ["a"]],
    ["resumed", 1, ["a", "b"], ["a", "b"]],
    ["finished", 1, ["a", "b"], ["a", "b"]],
  ]);
});

test("a forced generation takes along what a failed one did not finish", async () => {
  expect(await story([{ only: ["a"] }, "failed"], [{ only: ["b"], force: true }, "done"])).toEqual([
    ["started", 1, ["a"], ["a"]],
    ["started", 2, ["a", "b"], ["a", "b"]],
  ]);
});

test("decisions taken at the same time are all kept", async () => {
  const lake = await openFileObjects(pathToFileURL(await mkdtemp(join(root, "lake-"))).href);
  const ids = ["1", "2", "3"];
  await Promise.all(
    ids.map((id) => writeReplay(lake, "r", { decidedAt: "", ids: [id], links: [], tasks: [] })),
  );
  expect((await readReplays(lake, "r")).flatMap((replay) => replay.ids).sort()).toEqual(ids);
});

test("a full refresh begins anew what is finished, resumes itself, and is never what an unfinished run becomes", async () => {
  const refresh = { refresh: true };
  expect(
    await story([{}, "done"], [refresh, null], [refresh, "done"], [{}, null], [refresh, "done"]),
  ).toEqual([
    ["started", 1, null, null],
    ["started", 2, null, null],
    ["resumed", 2, null, null],
    ["finished", 2, null, null],
    ["started", 3, null, null],
  ]);
  await expect(story([{}, null], [refresh, null])).rejects.toThrow(
    /unfinished, and no full refresh/,
  );
});

test("a window of a backfill and other runs do not become one another", async () => {
  const window = { from: "2026-01-01", until: "2026-01-02" };
  expect(await story([{ window }, null], [{ window }, "done"], [{ window }, null])).toEqual([
    ["started", 1, null, null],
    ["resumed", 1, null, null],
    ["finished", 1, null, null],
  ]);
  await expect(story([{ window }, null], [{}, null])).rejects.toThrow(
    /of the days 2026-01-01 to 2026-01-02/,
  );
  await expect(story([{}, "done"], [{ window }, null])).rejects.toThrow(/no window of a backfill/);
});
