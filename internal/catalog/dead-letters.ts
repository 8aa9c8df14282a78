// Dead letters: what a run gave up. Links are in the receipts of the crawl, tasks in their own receipts; a decision
// (replays.ts) settles them.
import { createHash } from "node:crypto";
import type { FrontierLink } from "../model/link.ts";
import { type RunManifest, runToken } from "../model/run.ts";
import type { DeadLink } from "../model/segment.ts";
import type { TaskReceipt, TaskStage } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import { crawlReceipts } from "./crawl-receipts.ts";
import { type Replay, readReplays } from "./replays.ts";
import { readReceipts } from "./run-manifest.ts";

/** `subject`: URL of a link, name of a task. `source`: of a source, a model or an upload target. */
export type DeadLetter = {
  /** Stable; a letter that was replayed and died again has another one. */
  id: string;
  stage: "crawl" | TaskStage;
  source: string;
  subject: string;
  reason: string;
  /** HTTP status of the last answer (0: none); null for a task. */
  status: number | null;
  attempts: number;
  at: string;
  /** What to fetch again; null for a task, and for a link whose receipt does not have it. */
  link: FrontierLink | null;
};

/** The id of whatever these words identify: 12 hex digits. */
export function letterId(...words: (string | number)[]): string {
  return createHash("sha256").update(words.join("\n")).digest("hex").slice(0, 12);
}

/** Ids that a decision has settled. */
export async function settledIds(lake: Objects, token: string): Promise<Set<string>> {
  return new Set((await readReplays(lake, token)).flatMap((replay) => replay.ids));
}

/** All dead letters of a run's current generation that nobody decided on; links first, each stage by time. */
export async function readDeadLetters(
  lake: Objects,
  manifest: Pick<RunManifest, "run" | "generation" | "state">,
): Promise<DeadLetter[]> {
  const token = runToken(manifest.run, manifest.generation);
  const settled = await settledIds(lake, token);
  const letters = await deadLinks(lake, token);
  letters.push(...(await deadTasks(lake, token, "process")));
  // A run that ended well has no dead model or upload: what its receipts say was tried again since.
  if (manifest.state === "failed" || manifest.state === "running") {
    letters.push(...(await deadTasks(lake, token, "etl")));
    letters.push(...(await deadTasks(lake, token, "upload")));
  }
  return letters.filter(({ id }) => !settled.has(id));
}

/**
 * The decision to try letters again. `earlier`: the decisions there are; a link replayed before is told apart from that
 * time. Letters without a link and without a process task have nothing to be listed: a resumed run tries models and uploads
 * again by itself. `now`: ISO 8601, UTC.
 */
export function replayDecision(
  letters: readonly DeadLetter[],
  earlier: readonly Replay[],
  now: string,
): Replay {
  const times = new Map<string, number>();
  const keyOf = ({ source, url }: FrontierLink) => `${source}\n${url}`;
  for (const link of earlier.flatMap((replay) => replay.links)) {
    times.set(keyOf(link), Math.max(times.get(keyOf(link)) ?? 0, link.replay ?? 0));
  }
  const links = letters.flatMap(({ link }) => {
    if (link === null) return [];
    return [{ ...link, replay: Math.max(times.get(keyOf(link)) ?? 0, link.replay ?? 0) + 1 }];
  });
  const tasks = letters.filter(({ stage }) => stage === "process").map(({ subject }) => subject);
  return { decidedAt: now, ids: letters.map(({ id }) => id), links, tasks };
}

/** One letter a link: its latest death. */
async function deadLinks(lake: Objects, token: string): Promise<DeadLetter[]> {
  const latest = new Map<string, DeadLink>();
  for await (const segment of crawlReceipts(lake, token)) {
    for (const dead of segment.deadLinks) {
      const key = `${dead.source}\n${dead.url}`;
      if ((latest.get(key)?.at ?? "") <= dead.at) latest.set(key, dead);
    }
  }
  const letters = [...latest.values()].map(
    ({ url, source, reason, status, attempts, at, link }): DeadLetter => ({
      id: letterId("crawl", source, url, at),
      stage: "crawl",
      source,
      subject: url,
      reason,
      status,
      attempts,
      at,
      link: link ?? null,
    }),
  );
  return letters.sort(byTime);
}

/** Tasks whose last attempt is dead: a task that is tried again goes by a new name (`-r2`, `-r3`, ...). */
async function deadTasks(lake: Objects, token: string, stage: TaskStage): Promise<DeadLetter[]> {
  const latest = new Map<string, TaskReceipt>();
  for await (const { receipt: data } of readReceipts(lake, token, stage)) {
    const receipt = data as TaskReceipt;
    // A model whose input changed is another task of the same model.
    const key = stage === "etl" ? receipt.name : receipt.task.replace(/-r\d+$/, "");
    const known = latest.get(key);
    if (known === undefined || isLater(receipt, known)) latest.set(key, receipt);
  }
  return [...latest.values()]
    .filter(({ state }) => state === "dead")
    .map(
      ({ task, name, error, retries, endedAt }): DeadLetter => ({
        id: letterId(stage, task),
        stage,
        source: name,
        subject: task,
        reason: error ?? "no reason was written down",
        status: null,
        attempts: retries + 1,
        at: endedAt,
        link: null,
      }),
    )
    .sort(byTime);
}

function isLater(a: TaskReceipt, b: TaskReceipt): boolean {
  return a.endedAt === b.endedAt ? attemptOf(a) > attemptOf(b) : a.endedAt > b.endedAt;
}

function attemptOf({ task }: TaskReceipt): number {
  return Number(/-r(\d+)$/.exec(task)?.[1] ?? 1);
}

function byTime(a: DeadLetter, b: DeadLetter): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.subject < b.subject ? -1 : 1;
}
