// The commands that read a lake, on a lake written by hand.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readReplays } from "../internal/catalog/replays.ts";
import { readManifest, writeManifest, writeReceipt } from "../internal/catalog/run-manifest.ts";
import { publishSnapshot } from "../internal/catalog/snapshots.ts";
import { progressPath } from "../internal/model/lake-paths.ts";
import type { RunManifest, RunReport } from "../internal/model/run.ts";
import type { SegmentReceipt } from "../internal/model/segment.ts";
import type { TaskReceipt } from "../internal/model/task.ts";
import type { Objects } from "../internal/objects/objects.ts";
import { openFileObjects } from "../internal/objects/objects-file.ts";
import { UsageError } from "../internal/std/errors.ts";
import { catalogListCommand, catalogShowCommand } from "./catalog.ts";
import { deadDropCommand, deadListCommand, deadReplayCommand, deadShowCommand } from "./dead.ts";
import { reportCommand } from "./report.ts";
import { runsCommand } from "./runs.ts";
import { sqlCommand } from "./sql.ts";
import { statusCommand } from "./status.ts";

let folder = "";
let lake: Objects;
let url = "";
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "onpoint-cli-"));
  url = pathToFileURL(join(folder, "lake")).href;
  lake = await openFileObjects(url);
  mkdirSync(join(folder, "state"));
  vi.stubEnv("ONPOINT_STATE", join(folder, "state"));
  vi.stubEnv("ONPOINT_LAKE", "");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await lake.close();
  rmSync(folder, { recursive: true, force: true });
});

const reportOf = (run: string): RunReport => ({
  run,
  pipeline: "p",
  date: "2026-01-01",
  state: "rejects",
  exitCode: 3,
  seconds: 12.5,
  stages: { crawl: { tasks: 2, done: 2, dead: 1, retries: 4 } },
  sources: { web: { requests: 7, pages: 5, records: 5, bytes: 99, rawFiles: 2, dead: 1 } },
  tables: { pages: { rows: 5, quarantined: 0, files: 1, bytes: 10 } },
  uploads: { files: 0, bytes: 0, simulated: false },
  errors: [],
});

async function saveRun(run: string, change: Partial<RunManifest> = {}): Promise<void> {
  const manifest: RunManifest = {
    run,
    pipeline: "p",
    date: "2026-01-01",
    generation: 1,
    state: "rejects",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:01:00.000Z",
    only: null,
    scope: null,
    simulate: false,
    report: reportOf(run),
    ...change,
  };
  await writeManifest(lake, manifest, null);
}

/** One shard's crawl with a dead link, whose text is as bad as the web's. */
async function saveCrawl(token: string): Promise<void> {
  const link = {
    url: "https://h/1?token=abc",
    source: "web",
    kind: "page",
    depth: 1,
    priority: 2,
  } as const;
  const receipt: SegmentReceipt = {
    segment: "0001-1-1",
    shard: 1,
    files: [],
    done: "0000000000000001",
    dead: 1,
    pending: 0,
    consumedSeq: 0,
    counts: {
      web: { requests: 7, pages: 5, bytes: 99, retries: 4, dead: 1, drops: { robots: 3 } },
    },
    links: [],
    deadLinks: [
      {
        url: link.url,
        source: "web",
        reason: "<script>alert(1)</script>\u001b[2J",
        status: 404,
        attempts: 2,
        at: "2026-01-01T00:00:30.000Z",
        link,
      },
    ],
    hosts: [
      {
        host: "h",
        requests: 7,
        smallestGapMs: 500,
        allowedGapMs: 400,
        robots: "rules",
        backoffs: 2,
        deferred: 3,
      },
    ],
  };
  await writeReceipt(lake, token, "crawl", receipt.segment, receipt);
}

const usage = async (result: Promise<unknown>): Promise<string> => {
  const error = await result.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message;
};

describe("the lake", () => {
  it("is the one named, else ONPOINT_LAKE, else that of the last run here, else an error says so", async () => {
    expect(await usage(runsCommand({}))).toContain("ONPOINT_LAKE");
    writeFileSync(join(folder, "state", "last.json"), '{"lake":');
    expect(await usage(runsCommand({}))).toContain("onpoint run");
    writeFileSync(join(folder, "state", "last.json"), JSON.stringify({ lake: url, run: "a" }));
    await saveRun("a");
    expect((await runsCommand({})).json).toHaveLength(1);
    vi.stubEnv("ONPOINT_LAKE", `file:${folder}/empty`);
    expect((await runsCommand({})).text).toContain("no runs in file://");
    expect((await runsCommand({ lake: `file:${folder}/lake` })).json).toHaveLength(1);
  });
});

describe("runs and status", () => {
  it("list runs, newest first, with numbers once there are some", async () => {
    await saveRun("old");
    await saveRun("new", { startedAt: "2026-01-02T00:00:00.000Z", state: "running", report: null });
    const { text, json } = await runsCommand({ lake: url });
    expect(text.split("\n").map((line) => line.split(/ +/))).toEqual([
      ["run", "state", "date", "started", "seconds", "rows", "dead"],
      ["new", "running", "2026-01-01", "2026-01-02", "00:00:00", "-", "-", "-"],
      ["old", "rejects", "2026-01-01", "2026-01-01", "00:00:00", "12.5", "5", "1"],
    ]);
    expect(json).toMatchObject([
      { run: "new", rows: null },
      { run: "old", rows: 5, dead: 1 },
    ]);
  });

  it("tell of the run named, of the last one here, of the newest", async () => {
    await saveRun("old");
    await saveRun("new", { startedAt: "2026-01-02T00:00:00.000Z" });
    const told = async (run?: string) =>
      ((await statusCommand(run, { lake: url })).json as RunManifest).run;
    expect(await told("old")).toBe("old");
    expect(await told()).toBe("new");
    writeFileSync(join(folder, "state", "last.json"), JSON.stringify({ lake: url, run: "old" }));
    expect(await told()).toBe("old");
  });

  it("tell how far a running run is", async () => {
    await saveRun("a", { state: "running", endedAt: null, report: null });
    await lake.put(progressPath("a"), JSON.stringify({ ...reportOf("a"), seconds: 3 }));
    const { text, json, exitCode } = await statusCommand("a", { lake: url });
    expect(json).toMatchObject({ run: "a", state: "running", progress: { seconds: 3 } });
    expect(text).toMatch(/stages\n {2}stage +tasks +done +dead +retries\n {2}crawl +2 +2 +1 +4\n/);
    expect(exitCode).toBe(0);
  });

  it("name the nearest run for one that is not there", async () => {
    expect(await usage(statusCommand("x", { lake: url }))).toContain("there are no runs");
    await saveRun("demo-2026-01-01");
    for (const run of ["demo-2026-01-02", "../a"]) {
      expect(await usage(statusCommand(run, { lake: url }))).toContain("demo-2026-01-01");
    }
  });
});

describe("report", () => {
  it("tells hosts, drops, tests, uploads and dead letters; secrets are masked", async () => {
    await saveRun("a");
    await saveCrawl("a");
    const common = {
      retries: 0,
      seconds: 1,
      endedAt: "2026-01-01T00:00:40Z",
      error: null,
      tables: [],
      simulated: true,
    };
    const etl: TaskReceipt = {
      ...common,
      stage: "etl",
      task: "m-1",
      state: "done",
      name: "m",
      tests: [{ test: "keys", failures: 0 }],
      uploaded: [],
    };
    const sent = { path: "a", to: "s3://b/a", sizeBytes: 5, sha256: "" };
    const upload: TaskReceipt = {
      ...common,
      stage: "upload",
      task: "u-1",
      state: "done",
      name: "s3://b",
      tests: [],
      uploaded: [sent],
    };
    await writeReceipt(lake, "a", "etl", "m-1", etl);
    await writeReceipt(lake, "a", "upload", "u-1", upload);
    const { text, json } = await reportCommand("a", { lake: url });
    expect(text).toMatch(/ h +7 +500 +400 +rules +2 +3 +-\n/);
    expect(text).toMatch(/ web +robots +3\n/);
    expect(text).toMatch(/ m +done +1 +keys +passed\n/);
    expect(text).toMatch(/ s3:\/\/b +1 +5 +yes\n/);
    expect(text).toContain("https://h/1?token=***");
    expect(text).not.toContain("\u001b");
    expect(JSON.stringify(json)).not.toContain("abc");
  });

  it("makes a page on which nothing of the web's is markup", async () => {
    await saveRun("a");
    await saveCrawl("a");
    const html = join(folder, "report.html");
    await reportCommand("a", { lake: url, html });
    const page = readFileSync(html, "utf8");
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).not.toMatch(/<script|<link|<img|src=|https?:\/\/(?!h\/)/);
    expect(page).toContain("prefers-color-scheme: dark");
    expect(await usage(reportCommand("a", { lake: url, html: folder }))).toContain("EISDIR");
  });
});

describe("catalog", () => {
  it("lists tables and shows one's columns and partitions", async () => {
    expect((await catalogListCommand({ lake: url })).text).toContain("no tables");
    const file = (dt: string, n: number) => ({
      path: `parts/t/dt=${dt}/${n}.parquet`,
      rows: 2,
      sizeBytes: 10,
      sha256: "",
      partition: { dt },
      run: "a",
      date: dt,
      task: "t",
      source: "s",
    });
    await publishSnapshot(lake, {
      table: "t",
      kind: "parts",
      columns: [{ name: "id", type: "BIGINT" }],
      by: "a",
      replace: () => false,
      add: [file("2", 1), file("1", 1), file("1", 2)],
      now: "2026-01-01T00:00:00.000Z",
    });
    const list = await catalogListCommand({ lake: url });
    expect(list.json).toMatchObject([
      { table: "t", version: 1, rows: 6, files: 3, sizeBytes: 30, createdBy: "a" },
    ]);
    const { text } = await catalogShowCommand("t", { lake: url });
    expect(text).toMatch(/ id +BIGINT\n/);
    expect(text).toMatch(/ dt=1 +2 +4 +20\n +dt=2 +1 +2 +10$/);
    expect(await usage(catalogShowCommand("tt", { lake: url }))).toContain("did you mean t?");
  });
});

describe("dead", () => {
  const listed = async () =>
    ((await deadListCommand("a", { lake: url })).json as { letters: { id: string }[] }).letters;

  it("lists letters on one line each, shows one, drops it for good", async () => {
    await saveRun("a");
    await saveCrawl("a");
    const { text } = await deadListCommand(undefined, { lake: url });
    expect(text).toContain("dead letters: 1");
    expect(text).toContain("\\u001b[2J");
    const [letter] = await listed();
    const id = letter?.id.slice(0, 6) ?? "";
    expect((await deadShowCommand("a", id, { lake: url })).json).toMatchObject({
      status: 404,
      attempts: 2,
    });
    expect(await usage(deadShowCommand("a", "ffffffffffff", { lake: url }))).toContain("dead ls a");
    expect(await usage(deadDropCommand("a", [], { lake: url }))).toContain("--all");
    expect(await usage(deadDropCommand("a", [id], { lake: url, all: true }))).toContain("--all");
    expect((await deadDropCommand("a", [id], { lake: url })).text).toContain(
      "dropped 1 dead letters and 0",
    );
    expect(await listed()).toEqual([]);
    expect((await readManifest(lake, "a"))?.manifest.state).toBe("rejects");
  });

  it("replays: the run is open again, and the link is a new one", async () => {
    await saveRun("a", { scope: ["web"], simulate: true });
    await saveCrawl("a");
    const { text } = await deadReplayCommand("a", [], { lake: url });
    expect(text).toMatch(/--run-id a --date 2026-01-01 --only web --simulate$/);
    expect((await readManifest(lake, "a"))?.manifest.state).toBe("running");
    expect((await readReplays(lake, "a"))[0]?.links).toMatchObject([
      { kind: "page", depth: 1, replay: 1 },
    ]);
    expect(await listed()).toEqual([]);
    expect((await deadReplayCommand("a", [], { lake: url })).text).toContain("no dead letters");
  });

  it("does not replay into a run that is under way", async () => {
    await saveRun("a", { state: "running", endedAt: null });
    await saveCrawl("a");
    await lake.put(progressPath("a"), JSON.stringify(reportOf("a")));
    expect(await usage(deadReplayCommand("a", [], { lake: url }))).toContain("is running");
    expect(await listed()).toHaveLength(1);
  });
});

describe("sql", () => {
  const ask = (text: string, options = {}) => sqlCommand(text, { lake: url, ...options });

  it("prints one value bare, all else as a table, a CSV or JSON", async () => {
    expect((await ask("SELECT 3000000::BIGINT AS n")).text).toBe("3000000");
    expect((await ask("SELECT NULL")).text).toBe("NULL");
    expect((await ask("SELECT 1 AS n WHERE false")).text).toBe("n");
    const text =
      "SELECT * FROM (VALUES (1::BIGINT, 'a\nb', NULL), (10, 'x,\"y\"', [1])) t(n, s, l)";
    const { text: table, json } = await ask(text);
    expect(table).toBe(' n  s      l\n 1  a\\nb   NULL\n10  x,"y"  [1]');
    expect(json).toEqual([
      { n: 1, s: "a\nb", l: null },
      { n: 10, s: 'x,"y"', l: [1] },
    ]);
    expect((await ask(text, { csv: true })).text).toBe('n,s,l\n1,"a\nb",\n10,"x,""y""",[1]');
    expect((await ask("SELECT 9007199254740993 AS n")).json).toEqual([{ n: "9007199254740993" }]);
  });
});
