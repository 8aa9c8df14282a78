// What a report of a run says, as tables; text and HTML are made of the same. Pure.

import type { RunManifest, RunReport } from "../internal/model/run.ts";
import { stageNames } from "../internal/model/run.ts";
import type { HostCounts } from "../internal/model/segment.ts";
import { type CheckOutcome, isBreach } from "../internal/model/table-check.ts";
import { letterRow } from "./dead-text.ts";
import type { RunDetails } from "./run-details.ts";
import type { TextColumn } from "./text-table.ts";

/** A table with a title. Without names of columns it is a list of facts. Without rows it is `empty`. */
export type Section = { title: string; columns: TextColumn[]; rows: string[][]; empty?: string };

const left = (name: string): TextColumn => ({ name });
const right = (name: string): TextColumn => ({ name, right: true });
const facts = [left(""), left("")];
const hostsShown = 50;

export function headSection(
  manifest: RunManifest,
  report: RunReport | null,
  lake: string,
): Section {
  const { run, pipeline, date, state, generation, startedAt, endedAt, scope, simulate } = manifest;
  const rows = [
    ["run", run],
    ["pipeline", pipeline],
    ["date", date],
    ["state", state],
    ["started", startedAt],
    ["ended", endedAt ?? "-"],
    ["seconds", report === null ? "-" : String(report.seconds)],
    ["lake", lake],
    ...(generation > 1 ? [["generation", String(generation)]] : []),
    ...(scope === null ? [] : [["only", scope.join(", ")]]),
    ...(simulate ? [["simulate", "yes"]] : []),
    ...(report?.errors ?? []).map((error) => ["failed", error]),
  ];
  return { title: "", columns: facts, rows };
}

export function stageSection(report: RunReport): Section {
  const rows = stageNames.flatMap((name) => {
    const counts = report.stages[name];
    if (counts === undefined) return [];
    return [[name, ...[counts.tasks, counts.done, counts.dead, counts.retries].map(String)]];
  });
  const columns = [left("stage"), right("tasks"), right("done"), right("dead"), right("retries")];
  return { title: "stages", columns, rows };
}

export function sourceSection(report: RunReport): Section {
  const rows = Object.entries(report.sources).map(([name, counts]) => [
    name,
    ...[
      counts.requests,
      counts.pages,
      counts.records,
      counts.bytes,
      counts.rawFiles,
      counts.dead,
      counts.deferred ?? 0,
    ].map(String),
  ]);
  const names = ["requests", "pages", "records", "bytes", "raw files", "dead", "deferred"];
  return { title: "sources", columns: [left("source"), ...names.map(right)], rows };
}

export function tableSection(report: RunReport): Section {
  const rows = Object.entries(report.tables).map(([name, counts]) => [
    name,
    ...[
      counts.rows,
      counts.quarantined,
      counts.discarded ?? 0,
      counts.replaced ?? 0,
      counts.updated ?? 0,
      counts.files,
      counts.bytes,
    ].map(String),
  ]);
  const names = ["rows", "quarantined", "discarded", "replaced", "updated", "files", "bytes"];
  return { title: "tables", columns: [left("table"), ...names.map(right)], rows };
}

/** Everything about a run. */
export function reportSections(details: RunDetails): Section[] {
  const { manifest, report, lake } = details;
  return [
    headSection(manifest, report, lake),
    ...(report === null ? [] : [stageSection(report), sourceSection(report), tableSection(report)]),
    ...(report?.checks?.length ? [checkSection(report.checks)] : []),
    modelSection(details),
    hostSection(details),
    dropSection(details),
    uploadSection(details),
    letterSection(details),
    quarantineSection(details),
  ];
}

function checkSection(checks: readonly CheckOutcome[]): Section {
  const rows = checks.map((outcome) => {
    const { table, check, isPassed, aside, failures, detail } = outcome;
    const result = isPassed ? "passed" : isBreach(outcome) ? "failed" : `${outcome.severity}`;
    return [table, check, result, String(failures), String(aside), detail];
  });
  const columns = [
    left("table"),
    left("check"),
    left("result"),
    right("rows"),
    right("quarantined"),
    left("detail"),
  ];
  return { title: "checks", columns, rows };
}

function modelSection({ models }: RunDetails): Section {
  const rows = models.flatMap(({ model, state, seconds, tests, error }) => {
    const own = tests.map(({ test, failures }) => [
      test,
      failures === 0 ? "passed" : `${failures} rows`,
    ]);
    const first = own.length === 0 ? [["-", error ?? "no tests"]] : own;
    return first.map(([test, result], i) =>
      i === 0
        ? [model, state, String(seconds), test ?? "", result ?? ""]
        : ["", "", "", test ?? "", result ?? ""],
    );
  });
  const columns = [left("model"), left("state"), right("seconds"), left("test"), left("result")];
  return { title: "models and their tests", columns, rows, empty: "no models" };
}

/** The hosts to look at first, and what the others add up to: a run may have millions. `--json` has all of them. */
function hostSection({ hosts }: RunDetails): Section {
  const worstFirst = [...hosts].sort((a, b) => troubleOf(b) - troubleOf(a));
  const shown = worstFirst.slice(0, hostsShown).map((counts) => hostRow(counts.host, counts));
  const others = worstFirst.slice(hostsShown);
  if (others.length > 0) {
    const sum = (of: (counts: HostCounts) => number) =>
      others.reduce((all, each) => all + of(each), 0);
    shown.push([
      `${others.length} more`,
      String(sum(({ requests }) => requests)),
      "",
      "",
      "",
      String(sum(({ backoffs }) => backoffs)),
      String(sum(({ deferred }) => deferred)),
      secondsOf(sum(({ addressWaitMs = 0 }) => addressWaitMs)),
    ]);
  }
  const columns = [
    left("host"),
    right("requests"),
    right("smallest gap ms"),
    right("allowed"),
    left("robots"),
    right("backoffs"),
    right("deferred"),
    right("waited for address s"),
  ];
  return { title: "hosts", columns, rows: shown, empty: "no host was asked" };
}

/** Asked too soon, then deferred, with backoffs, closed by robots.txt, held back by their address; hosts of one kind stay as they are. */
function troubleOf({
  smallestGapMs,
  allowedGapMs,
  deferred,
  backoffs,
  robots,
  addressWaitMs = 0,
}: HostCounts): number {
  if (smallestGapMs !== null && allowedGapMs !== null && smallestGapMs < allowedGapMs) return 5;
  if (deferred > 0) return 4;
  if (backoffs > 0) return 3;
  if (robots === "disallow") return 2;
  return addressWaitMs > 0 ? 1 : 0;
}

function hostRow(name: string, counts: HostCounts): string[] {
  const {
    requests,
    smallestGapMs,
    allowedGapMs,
    robots,
    backoffs,
    deferred,
    addressWaitMs = 0,
  } = counts;
  return [
    name,
    String(requests),
    smallestGapMs === null ? "-" : String(Math.floor(smallestGapMs * 10) / 10),
    allowedGapMs === null ? "-" : String(Math.floor(allowedGapMs * 10) / 10),
    robots,
    String(backoffs),
    String(deferred),
    secondsOf(addressWaitMs),
  ];
}

/** "-": no time at all. */
function secondsOf(ms: number): string {
  return ms === 0 ? "-" : (ms / 1_000).toFixed(1);
}

function dropSection({ drops }: RunDetails): Section {
  const rows = drops.map(({ source, reason, links }) => [source, reason, String(links)]);
  const columns = [left("source"), left("reason"), right("links")];
  return { title: "links not followed", columns, rows, empty: "none" };
}

function uploadSection({ uploads }: RunDetails): Section {
  const rows = uploads.map(({ to, files, bytes, simulated }) => [
    to,
    String(files),
    String(bytes),
    simulated ? "yes" : "no",
  ]);
  const columns = [left("to"), right("files"), right("bytes"), left("simulated")];
  return { title: "uploads", columns, rows, empty: "none" };
}

function letterSection({ letters }: RunDetails): Section {
  const rows = letters.map(letterRow);
  const columns = [
    left("id"),
    left("stage"),
    left("source"),
    left("what"),
    right("attempts"),
    left("at"),
    left("reason"),
  ];
  return { title: "dead letters", columns, rows, empty: "none" };
}

function quarantineSection({ quarantined }: RunDetails): Section {
  const rows = quarantined.map(({ table, source, rows: count }) => [table, source, String(count)]);
  const columns = [left("table"), left("source"), right("rows")];
  return { title: "quarantined rows", columns, rows, empty: "none" };
}
