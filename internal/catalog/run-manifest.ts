// What the lake knows about runs: one manifest a run, and one receipt for each thing that was done.
import { receiptFolder, receiptPath, runManifestPath, runsFolder } from "../model/lake-paths.ts";
import { isRunId, type RunManifest } from "../model/run.ts";
import { compareBytes } from "../objects/object-path.ts";
import type { ObjectInfo, Objects } from "../objects/objects.ts";
import { Permanent } from "../std/errors.ts";
import { jsonText, putUnlessLost, readJson } from "./compare-and-swap.ts";

const readsInFlight = 32;

/** The manifest of a run and its etag; null when there is none. */
export async function readManifest(
  objects: Objects,
  run: string,
): Promise<{ manifest: RunManifest; etag: string } | null> {
  const found = await readJson(objects, runManifestPath(run));
  return found && { manifest: found.value as RunManifest, etag: found.etag };
}

/**
 * Writes the manifest of a run over the one with `etag` (null: there must be none) and returns the new etag. Throws
 * PreconditionFailed when another writer was first.
 */
export async function writeManifest(
  objects: Objects,
  manifest: RunManifest,
  etag: string | null,
): Promise<string> {
  const expected = etag === null ? { ifAbsent: true } : { ifMatch: etag };
  return (await objects.put(runManifestPath(manifest.run), jsonText(manifest), expected)).etag;
}

/** Manifests of all runs, newest first. A folder without a manifest (a later generation's, a run cut off) is left out. */
export async function listRuns(objects: Objects): Promise<RunManifest[]> {
  const manifests: RunManifest[] = [];
  const runs = (await foldersIn(objects, runsFolder)).filter(isRunId);
  for (let start = 0; start < runs.length; start += readsInFlight) {
    const some = runs.slice(start, start + readsInFlight);
    const found = await Promise.all(some.map((run) => readManifest(objects, run)));
    for (const one of found) if (one) manifests.push(one.manifest);
  }
  return manifests.sort((a, b) => order(b.startedAt, a.startedAt) || order(b.run, a.run));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Names of the folders right under `prefix`. Looks at one object of each: a run may have a million receipts. */
async function foldersIn(objects: Objects, prefix: string): Promise<string[]> {
  const folders: string[] = [];
  let after = "";
  for (;;) {
    const path = await firstPath(objects, prefix, after);
    if (path === null) return folders;
    const [folder, ...rest] = path.slice(prefix.length).split("/");
    if (folder === undefined || rest.length === 0) {
      after = path;
      continue;
    }
    folders.push(folder);
    // "0" is the byte after "/": behind everything in the folder, before everything that sorts after it.
    after = `${prefix}${folder}0`;
  }
}

async function firstPath(objects: Objects, prefix: string, after: string): Promise<string | null> {
  for await (const { path } of objects.list(prefix, after)) {
    if (after === "" || compareBytes(path, after) > 0) return path;
  }
  return null;
}

/** Receipts of one stage of one generation of a run, in order of their names (tasks or segments). */
export async function* readReceipts(
  objects: Objects,
  token: string,
  stage: string,
): AsyncGenerator<{ name: string; receipt: unknown }> {
  const folder = receiptFolder(token, stage);
  let page: ObjectInfo[] = [];
  for await (const info of objects.list(folder)) {
    if (!info.path.endsWith(".json")) continue;
    page.push(info);
    if (page.length < readsInFlight) continue;
    yield* readPage(objects, folder, page);
    page = [];
  }
  yield* readPage(objects, folder, page);
}

async function* readPage(objects: Objects, folder: string, page: ObjectInfo[]) {
  const found = await Promise.all(page.map(({ path }) => readJson(objects, path)));
  for (const [i, { path }] of page.entries()) {
    const one = found[i];
    // Gone since it was listed: the run was removed meanwhile.
    if (one) yield { name: path.slice(folder.length, -".json".length), receipt: one.value };
  }
}

/**
 * Writes a receipt unless there is one: the first one stands for good. Returns the one that stands, and whether it is
 * this one.
 */
export async function writeReceipt<T>(
  objects: Objects,
  token: string,
  stage: string,
  task: string,
  receipt: T,
): Promise<{ first: boolean; receipt: T }> {
  const path = receiptPath(token, stage, task);
  const text = `${JSON.stringify(receipt)}\n`;
  const etag = await putUnlessLost(objects, path, text, { ifAbsent: true });
  if (etag !== null) return { first: true, receipt };
  const winner = await readJson(objects, path);
  if (!winner) throw new Permanent(`read "${path}": it was removed; receipts are never removed`);
  return { first: false, receipt: winner.value as T };
}
