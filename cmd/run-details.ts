// Everything the lake knows about a run, for `onpoint report`.
import { crawlReceipts } from "../internal/catalog/crawl-receipts.ts";
import { type DeadLetter, readDeadLetters } from "../internal/catalog/dead-letters.ts";
import { readReceipts } from "../internal/catalog/run-manifest.ts";
import { WalkTotals } from "../internal/catalog/walk-totals.ts";
import { mergeHosts } from "../internal/flow/run-view.ts";
import { type RunManifest, type RunReport, runToken } from "../internal/model/run.ts";
import type { HostCounts } from "../internal/model/segment.ts";
import type { ModelTestResult, TaskReceipt, TaskStage } from "../internal/model/task.ts";
import type { Objects } from "../internal/objects/objects.ts";
import { readProgress } from "./read-progress.ts";

export type ModelDetails = {
  model: string;
  state: "done" | "dead";
  seconds: number;
  tests: ModelTestResult[];
  error: string | null;
};
export type UploadDetails = { to: string; files: number; bytes: number; simulated: boolean };

/** `report`: the verdict's, or of a running run the last progress. `letters`: nobody decided on them yet. */
export type RunDetails = {
  lake: string;
  manifest: RunManifest;
  report: RunReport | null;
  models: ModelDetails[];
  hosts: HostCounts[];
  drops: { source: string; reason: string; links: number }[];
  uploads: UploadDetails[];
  letters: DeadLetter[];
  quarantined: { table: string; source: string; rows: number }[];
};

/** Reads all receipts of the run's current generation. */
export async function readRunDetails(lake: Objects, manifest: RunManifest): Promise<RunDetails> {
  const token = runToken(manifest.run, manifest.generation);
  const progress = await readProgress(lake, manifest);
  const { hosts, drops } = await readCrawl(lake, token, manifest.state !== "running");
  return {
    lake: lake.url,
    manifest,
    report: progress?.report ?? manifest.report,
    models: await readModelDetails(lake, token),
    hosts,
    drops,
    uploads: await readUploads(lake, token),
    letters: await readDeadLetters(lake, manifest),
    quarantined: await readQuarantined(lake, token),
  };
}

async function readCrawl(
  lake: Objects,
  token: string,
  isOver: boolean,
): Promise<Pick<RunDetails, "hosts" | "drops">> {
  let hosts: HostCounts[] = [];
  const drops = new Map<string, RunDetails["drops"][number]>();
  const totals = new WalkTotals();
  for await (const segment of crawlReceipts(lake, token)) {
    totals.add(segment);
    hosts = hosts.concat(segment.hosts);
    // Merged now and then: a segment lists a handful of hosts, a run has very many segments.
    if (hosts.length > 50_000) hosts = mergeHosts(hosts);
    for (const [source, counts] of Object.entries(segment.counts)) {
      for (const [reason, links] of Object.entries(counts.drops)) {
        const key = `${source}\n${reason}`;
        const known = drops.get(key) ?? { source, reason, links: 0 };
        known.links += links;
        drops.set(key, known);
      }
    }
  }
  for (const { source, walks, told, read } of isOver ? totals.gaps() : []) {
    const reason = `paging: total said ${told}, read ${read}`;
    drops.set(`${source}\n${reason}`, { source, reason, links: walks });
  }
  const sorted = [...drops.values()].sort(
    (a, b) => compare(a.source, b.source) || b.links - a.links || compare(a.reason, b.reason),
  );
  return { hosts: mergeHosts(hosts), drops: sorted };
}

async function readModelDetails(lake: Objects, token: string): Promise<ModelDetails[]> {
  const latest = new Map<string, TaskReceipt>();
  for await (const receipt of taskReceipts(lake, token, "etl")) {
    // A merge is no model: what it did is in the tables' counts.
    if (receipt.merged !== undefined) continue;
    if ((latest.get(receipt.name)?.endedAt ?? "") <= receipt.endedAt)
      latest.set(receipt.name, receipt);
  }
  return [...latest.values()]
    .sort((a, b) => compare(a.endedAt, b.endedAt) || compare(a.name, b.name))
    .map(({ name, state, seconds, tests, error }) => ({
      model: name,
      state,
      seconds,
      tests,
      error,
    }));
}

async function readUploads(lake: Objects, token: string): Promise<UploadDetails[]> {
  const byTarget = new Map<string, UploadDetails>();
  for await (const { name, state, uploaded, simulated } of taskReceipts(lake, token, "upload")) {
    if (state !== "done") continue;
    const target = byTarget.get(name) ?? { to: name, files: 0, bytes: 0, simulated };
    target.files += uploaded.length;
    target.bytes += uploaded.reduce((sum, file) => sum + file.sizeBytes, 0);
    byTarget.set(name, target);
  }
  return [...byTarget.values()];
}

async function readQuarantined(lake: Objects, token: string): Promise<RunDetails["quarantined"]> {
  const counts = new Map<string, RunDetails["quarantined"][number]>();
  for await (const { name, tables } of taskReceipts(lake, token, "process")) {
    for (const { table, quarantined } of tables) {
      if (quarantined === 0) continue;
      const key = `${table}\n${name}`;
      const known = counts.get(key) ?? { table, source: name, rows: 0 };
      known.rows += quarantined;
      counts.set(key, known);
    }
  }
  return [...counts.values()].sort(
    (a, b) => compare(a.table, b.table) || compare(a.source, b.source),
  );
}

async function* taskReceipts(
  lake: Objects,
  token: string,
  stage: TaskStage,
): AsyncGenerator<TaskReceipt> {
  for await (const { receipt } of readReceipts(lake, token, stage)) yield receipt as TaskReceipt;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
