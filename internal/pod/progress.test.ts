import { expect, test } from "vitest";
import { openProgress, type ProgressReport, progressLines } from "./progress.ts";

const counts = (tasks: number, done: number, dead = 0, retries = 0) => ({
  tasks,
  done,
  dead,
  retries,
});
const source = { requests: 1_300, pages: 1_234, records: 0, bytes: 0, rawFiles: 0, dead: 0 };
const report: ProgressReport = {
  run: "demo-2026-01-02",
  state: "running",
  seconds: 75.4,
  stages: {
    crawl: counts(40, 40),
    process: counts(200, 50, 1, 2),
    etl: counts(4, 0),
    upload: counts(0, 0),
  },
  sources: { quotes: source },
};

test("a stage with tasks gets a bar, counts, and a time left once its tasks are known", () => {
  expect(progressLines(report, 79, { process: 24.4 })).toMatchInlineSnapshot(`
    [
      "demo-2026-01-02  running  1:15  1,234 pages, 1,300 requests",
      "crawl   █████████████████████████████ 40/40",
      "process ███████░░░░░░░░░░░░░░░░░░░░░░ 50/200, 1 dead, 2 retries, 2:29 left",
      "etl     ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 0/4",
    ]
  `);
});

test("a narrow terminal cuts lines instead of wrapping them", () => {
  const lines = progressLines(report, 40);
  expect(lines.every((line) => line.length <= 40)).toBe(true);
  expect(lines).toMatchInlineSnapshot(`
    [
      "demo-2026-01-02  running  1:15  1,234 pa",
      "crawl   ████████ 40/40",
      "process ██░░░░░░ 50/200, 1 dead, 2 retri",
      "etl     ░░░░░░░░ 0/4",
    ]
  `);
});

test("no time left is told while an earlier stage may still add tasks, nor for a crawl", () => {
  const early = { ...report, stages: { ...report.stages, crawl: counts(40, 20) } };
  expect(progressLines(early, 79).join()).not.toContain("left");
});

test("a long run is told in hours", () => {
  expect(progressLines({ ...report, seconds: 7_384 }, 79)[0]).toContain("2:03:04");
});

test("a terminal is redrawn over the bars before, a tenth of a second later at the earliest", () => {
  const written: string[] = [];
  let nowMs = 0;
  const output = { isTTY: true, columns: 80, write: (text: string) => written.push(text) };
  const progress = openProgress(output, () => nowMs);
  progress.show(report);
  progress.show(report);
  expect(written).toHaveLength(1);
  nowMs = 100;
  progress.show(report);
  expect(written[1]).toBe("\x1b[4A\r\x1b[0J");
  progress.clear();
  progress.clear();
  expect(written).toHaveLength(4);
});

test("a pipe gets a line for each changed stage every 5 s, and the end at once", () => {
  const written: string[] = [];
  let nowMs = 0;
  const progress = openProgress({ write: (text: string) => written.push(text) }, () => nowMs);
  progress.show(report);
  expect(written).toMatchInlineSnapshot(`
    [
      "1:15 crawl: 40/40
    ",
      "1:15 process: 50/200, 1 dead, 2 retries
    ",
      "1:15 etl: 0/4
    ",
    ]
  `);
  const later = { ...report, stages: { ...report.stages, process: counts(200, 60, 1, 2) } };
  nowMs = 4_999;
  progress.show(later);
  expect(written).toHaveLength(3);
  nowMs = 5_000;
  progress.show(later);
  expect(written.slice(3)).toEqual(["1:15 process: 60/200, 1 dead, 2 retries\n"]);
  const done = { ...later, state: "rejects" as const, stages: { process: counts(200, 199, 1, 2) } };
  progress.show(done);
  expect(written.slice(4)).toEqual(["1:15 process: 199/200, 1 dead, 2 retries\n"]);
});
