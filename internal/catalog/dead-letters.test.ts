import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FrontierLink } from "../model/link.ts";
import type { RunState } from "../model/run.ts";
import type { DeadLink, SegmentReceipt } from "../model/segment.ts";
import type { ProcessTask, TaskReceipt, TaskStage } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import { crawlReceipts } from "./crawl-receipts.ts";
import { type DeadLetter, readDeadLetters, replayDecision } from "./dead-letters.ts";
import { writeReplay } from "./replays.ts";
import { writeReceipt } from "./run-manifest.ts";

let folder: string;
let lake: Objects;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "onpoint-dead-"));
  lake = await openFileObjects(pathToFileURL(folder).href);
});
afterEach(async () => {
  await lake.close();
  await rm(folder, { recursive: true, force: true });
});

const runOf = (state: RunState, generation = 1) => ({ run: "r", generation, state });
const lettersOf = (state: RunState = "rejects") => readDeadLetters(lake, runOf(state));
const linkOf = (n: number, replay?: number): FrontierLink => ({
  url: `https://example.com/${n}`,
  source: "web",
  kind: "page",
  depth: 3,
  priority: 2,
  ...(replay ? { replay } : {}),
});
const deadOf = (n: number, at = `2026-01-01T00:00:0${n}.000Z`, replay?: number): DeadLink => ({
  url: linkOf(n).url,
  source: "web",
  reason: "404",
  status: 404,
  attempts: 1,
  at,
  link: linkOf(n, replay),
});
const fingerprintOf = (n: number) => n.toString(16).padStart(16, "0");

async function saveSegment(segment: string, done: number[], deadLinks: DeadLink[], files = 0) {
  const receipt: SegmentReceipt = {
    segment,
    shard: Number(segment.slice(0, 4)),
    files: Array.from({ length: files }, (_, n) => ({
      source: "web",
      path: `raw/${segment}-${n}`,
      sizeBytes: 1,
      pages: 1,
    })),
    done: done.map(fingerprintOf).join(""),
    dead: deadLinks.length,
    pending: 0,
    consumedSeq: 0,
    counts: {},
    links: [],
    deadLinks,
    hosts: [],
  };
  await writeReceipt(lake, "r", "crawl", segment, receipt);
}

async function saveTask(
  stage: TaskStage,
  task: string,
  state: TaskReceipt["state"],
  endedAt: string,
  name = "s",
) {
  const receipt: TaskReceipt = {
    stage,
    task,
    state,
    name,
    retries: 2,
    seconds: 1,
    endedAt,
    error: state === "dead" ? "it is broken" : null,
    tables: [],
    tests: [],
    uploaded: [],
    simulated: false,
  };
  await writeReceipt(lake, "r", stage, task, receipt);
}

async function segments(): Promise<string[]> {
  const names: string[] = [];
  for await (const { segment } of crawlReceipts(lake, "r")) names.push(segment);
  return names;
}

describe("segments of a run", () => {
  it("count once when a link is done in two of them: first the batched one, then the older one", async () => {
    await saveSegment("0001-000000000001-000001", [1, 2], []);
    await saveSegment("0001-000000000002-000001", [2, 3], [], 1);
    await saveSegment("0001-000000000002-000002", [4], []);
    await saveSegment("0001-000000000003-000001", [4, 5], []);
    await saveSegment("0002-000000000001-000001", [1], []);
    const batch = { inputs: [{ path: "raw/0001-000000000002-000001-0", sizeBytes: 1, etag: "" }] };
    await writeReceipt(lake, "r", "batch", "b", batch as ProcessTask);
    expect(await segments()).toEqual([
      "0001-000000000002-000001",
      "0001-000000000002-000002",
      "0002-000000000001-000001",
    ]);
  });
});

describe("dead letters", () => {
  it("are a run's links that were given up, one a link, with ids that stay", async () => {
    await saveSegment("0001-000000000001-000001", [1, 2], [deadOf(2), deadOf(1)]);
    await saveSegment("0002-000000000001-000001", [3], [deadOf(3)]);
    const letters = await lettersOf();
    expect(letters.map(({ subject }) => subject)).toEqual([1, 2, 3].map((n) => linkOf(n).url));
    expect(letters[0]).toMatchObject({
      stage: "crawl",
      source: "web",
      status: 404,
      link: linkOf(1),
    });
    expect(new Set(letters.map(({ id }) => id)).size).toBe(3);
    expect(await lettersOf()).toEqual(letters);
  });

  it("are those of the current generation", async () => {
    await saveSegment("0001-000000000001-000001", [1], [deadOf(1)]);
    expect(await readDeadLetters(lake, runOf("rejects", 2))).toEqual([]);
  });

  it("are gone once somebody decided, and back under another id when they die again", async () => {
    await saveSegment("0001-000000000001-000001", [1, 2], [deadOf(1), deadOf(2)]);
    const [first, second] = await lettersOf();
    await writeReplay(lake, "r", { decidedAt: "", ids: [first?.id ?? ""], links: [], tasks: [] });
    expect(await lettersOf()).toEqual([second]);
    await saveSegment("0001-000000000002-000001", [9], [deadOf(1, "2026-01-02T00:00:00.000Z", 1)]);
    const again = await lettersOf();
    expect(again.map(({ subject }) => subject)).toEqual([linkOf(2).url, linkOf(1).url]);
    expect(again[1]?.id).not.toBe(first?.id);
  });

  it("are tasks whose last attempt is dead", async () => {
    await saveTask("process", "s-0000000000000001", "dead", "2026-01-01T00:00:00Z");
    await saveTask("process", "s-0000000000000002", "dead", "2026-01-01T00:00:01Z");
    await saveTask("process", "s-0000000000000002-r2", "done", "2026-01-01T00:00:02Z");
    await saveTask("process", "s-0000000000000003", "done", "2026-01-01T00:00:03Z");
    await saveTask("process", "s-0000000000000004-r9", "dead", "2026-01-01T00:00:04Z");
    await saveTask("process", "s-0000000000000004-r10", "dead", "2026-01-01T00:00:04Z");
    const letters = await lettersOf();
    expect(letters.map(({ subject }) => subject)).toEqual([
      "s-0000000000000001",
      "s-0000000000000004-r10",
    ]);
    expect(letters[0]).toMatchObject({
      stage: "process",
      source: "s",
      attempts: 3,
      reason: "it is broken",
    });
  });

  it("are models and uploads only while the run has not ended well", async () => {
    await saveTask("etl", "m-0000000000000001", "dead", "2026-01-01T00:00:00Z", "m");
    await saveTask("etl", "m-0000000000000002", "done", "2026-01-01T00:00:01Z", "m");
    await saveTask("etl", "n-0000000000000001", "dead", "2026-01-01T00:00:02Z", "n");
    await saveTask("upload", "u-1", "dead", "2026-01-01T00:00:03Z", "s3://b");
    expect((await lettersOf("failed")).map(({ source }) => source)).toEqual(["n", "s3://b"]);
    expect(await lettersOf("rejects")).toEqual([]);
  });
});

describe("a decision to replay", () => {
  const letter = (link: FrontierLink | null, stage: DeadLetter["stage"] = "crawl"): DeadLetter => ({
    id: "i",
    stage,
    source: "web",
    subject: "t",
    reason: "",
    status: null,
    attempts: 1,
    at: "",
    link,
  });

  it("makes each link new to the seen table, however often it was replayed before", () => {
    const first = replayDecision([letter(linkOf(1))], [], "now");
    expect(first).toEqual({ decidedAt: "now", ids: ["i"], links: [linkOf(1, 1)], tasks: [] });
    expect(replayDecision([letter(linkOf(1))], [first], "now").links).toEqual([linkOf(1, 2)]);
    expect(replayDecision([letter(linkOf(1, 4))], [first], "now").links).toEqual([linkOf(1, 5)]);
    expect(replayDecision([letter(linkOf(2))], [first], "now").links).toEqual([linkOf(2, 1)]);
  });

  it("names process tasks; models and uploads are tried again by every resumed run", () => {
    const letters = (["process", "etl", "upload"] as const).map((stage) => letter(null, stage));
    expect(replayDecision(letters, [], "now")).toMatchObject({
      ids: ["i", "i", "i"],
      tasks: ["t"],
    });
  });
});
