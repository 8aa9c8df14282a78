// Progress of `onpoint run` on stderr: bars that are redrawn in a terminal, a line now and then in a pipe.
import { type RunReport, type StageCounts, type StageName, stageNames } from "../model/run.ts";

/** The part of a RunReport that is shown. */
export type ProgressReport = Pick<RunReport, "run" | "state" | "seconds" | "stages" | "sources">;

/** The part of `process.stderr` that is needed. */
export type ProgressOutput = { isTTY?: boolean; columns?: number; write(text: string): unknown };

export type Progress = {
  show(report: ProgressReport): void;
  /** Takes the bars away, so that other lines can be written; the next `show` draws them again. */
  clear(): void;
};

/** The run's seconds when a stage was first seen with tasks. */
export type StageStarts = Partial<Record<StageName, number>>;

const pipeEveryMs = 5_000;
const redrawEveryMs = 100;
const clearBelow = "\x1b[0J";

/**
 * Prints snapshots of a run: in a terminal bars, redrawn at most ten times a second; elsewhere a line for each stage that
 * changed, at most every 5 s, and at once when the run has ended. `nowMs`: a monotone clock.
 */
export function openProgress(output: ProgressOutput, nowMs = () => performance.now()): Progress {
  let shownMs = Number.NEGATIVE_INFINITY;
  let rows = 0;
  let before = new Map<StageName, string>();
  const firstSeen: StageStarts = {};

  const clear = () => {
    if (rows > 0) output.write(`\x1b[${rows}A\r${clearBelow}`);
    rows = 0;
  };
  const draw = (report: ProgressReport) => {
    clear();
    for (const [name] of activeStages(report)) firstSeen[name] ??= report.seconds;
    const lines = progressLines(report, Math.max(40, output.columns ?? 80) - 1, firstSeen);
    output.write(lines.map((line) => `${line}\n`).join(""));
    rows = lines.length;
  };
  const print = (report: ProgressReport) => {
    const now = new Map(activeStages(report).map(([name, counts]) => [name, summary(counts)]));
    for (const [name, text] of now) {
      if (before.get(name) !== text) output.write(`${clock(report.seconds)} ${name}: ${text}\n`);
    }
    before = now;
  };
  return {
    show: (report) => {
      const everyMs = output.isTTY ? redrawEveryMs : pipeEveryMs;
      if (report.state === "running" && nowMs() - shownMs < everyMs) return;
      shownMs = nowMs();
      if (output.isTTY) draw(report);
      else print(report);
    },
    clear,
  };
}

/**
 * A bar for each stage that has tasks, under a line for the run; no line is longer than `width` characters. A stage
 * missing in `starts` counts as started with the run.
 */
export function progressLines(
  report: ProgressReport,
  width: number,
  starts: StageStarts = {},
): string[] {
  const sources = Object.values(report.sources);
  const pages = sources.reduce((sum, source) => sum + source.pages, 0);
  const requests = sources.reduce((sum, source) => sum + source.requests, 0);
  const head = `${report.run}  ${report.state}  ${clock(report.seconds)}`;
  const crawled = requests > 0 ? `  ${number(pages)} pages, ${number(requests)} requests` : "";
  const barWidth = Math.max(8, Math.min(30, width - 50));
  const lines = activeStages(report).map(([name, counts]) => {
    const ended = counts.done + counts.dead;
    const filled = Math.floor((Math.min(ended, counts.tasks) / counts.tasks) * barWidth);
    const bar = "█".repeat(filled) + "░".repeat(barWidth - filled);
    return `${name.padEnd(8)}${bar} ${summary(counts)}${eta(name, report, counts, starts[name] ?? 0)}`;
  });
  return [`${head}${crawled}`, ...lines].map((line) => line.slice(0, width));
}

function activeStages(report: ProgressReport): [StageName, StageCounts][] {
  return stageNames.flatMap((name): [StageName, StageCounts][] => {
    const counts = report.stages[name];
    return counts && counts.tasks > 0 ? [[name, counts]] : [];
  });
}

function summary(counts: StageCounts): string {
  const dead = counts.dead > 0 ? `, ${number(counts.dead)} dead` : "";
  const retries = counts.retries > 0 ? `, ${number(counts.retries)} retries` : "";
  return `${number(counts.done)}/${number(counts.tasks)}${dead}${retries}`;
}

// Early stages find their tasks while they work, so a rest would be made up; later ones know theirs when the earlier are
// through. Below ten ended tasks or 5 s the rate says nothing.
function eta(
  name: StageName,
  report: ProgressReport,
  counts: StageCounts,
  startSeconds: number,
): string {
  const ended = counts.done + counts.dead;
  const seconds = report.seconds - startSeconds;
  const earlier = stageNames.slice(0, stageNames.indexOf(name));
  const settled = earlier.every((stage) => {
    const other = report.stages[stage];
    return !other || other.done + other.dead >= other.tasks;
  });
  const discovers = name === "targets" || name === "crawl" || name === "batch";
  const tooEarly = ended < 10 || seconds < 5 || ended >= counts.tasks;
  if (report.state !== "running" || discovers || !settled || tooEarly) return "";
  return `, ${clock((seconds / ended) * (counts.tasks - ended))} left`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

/** `m:ss`, or `h:mm:ss`. */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3_600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}
