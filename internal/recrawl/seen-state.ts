// What is known of a web source between runs, in the lake: immutable versions, and a pointer that moves by compare-and-swap when
// a run is published. A run that fails moves nothing, so that the next one asks for all that it would have asked for.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { jsonText, putUnlessLost, readJson, untilWon } from "../catalog/compare-and-swap.ts";
import {
  seenPinPath,
  stateFilePath,
  statePointerPath,
  stateVersionPath,
} from "../model/lake-paths.ts";
import type { WebSource } from "../model/pipeline.ts";
import type { SeenFileRef, SeenPin, SeenState } from "../model/seen-page.ts";
import { type Objects, PreconditionFailed } from "../objects/objects.ts";
import { mergeSeenFiles } from "./merge-seen.ts";

/** One generation of a run. */
export type SeenRun = { run: string; token: string; date: string };

/** What a segment learned of a source, as its receipt names it. */
export type SeenSegment = { shard: number; segment: string; path: string };

type Current = { state: SeenState; etag: string };

/**
 * Decides, once for a run, what it starts from: the current version, but for a forced run the one that its first generation
 * started from. Other shards than those of the version make it worthless: then from nothing.
 */
export async function pinState(
  lake: Objects,
  { run, token }: SeenRun,
  source: WebSource,
  shards: number,
): Promise<{ pin: SeenPin; state: SeenState | null }> {
  let state = (await readCurrent(lake, source.name))?.state ?? null;
  while (state !== null && isOfRun(state, run)) {
    state = state.base === null ? null : await readVersion(lake, source.name, state.base);
  }
  const isUsable = state !== null && state.shards === shards;
  const pin: SeenPin = {
    version: isUsable && state !== null ? state.version : null,
    whole: isUsable && state?.scope !== scopeOf(source),
  };
  await putUnlessLost(lake, seenPinPath(token, source.name), jsonText(pin), { ifAbsent: true });
  return readPinned(lake, token, source.name);
}

/** What a run started from: nothing, for a source that it is not about. */
export async function readPinned(
  lake: Objects,
  token: string,
  source: string,
): Promise<{ pin: SeenPin; state: SeenState | null }> {
  const found = await readJson(lake, seenPinPath(token, source));
  if (found === null) return { pin: { version: null, whole: false }, state: null };
  const pin = found.value as SeenPin;
  const state = pin.version === null ? null : await readVersion(lake, source, pin.version);
  return { pin, state };
}

/**
 * Publishes what the committed segments of a run learned, on top of what is current. `scratch`: an empty folder. Doing it
 * again changes nothing. Two runs at once: of a URL that both visited, what the later publisher learned counts.
 */
export async function publishState(
  lake: Objects,
  { run, source, shards, segments, scratch, now }: Publication,
  signal: AbortSignal,
): Promise<SeenState> {
  return untilWon(`publish what is known of "${source.name}"`, async () => {
    const current = await readCurrent(lake, source.name);
    const before = current?.state.shards === shards ? current.state : null;
    const files = new Map((before?.files ?? []).map((file) => [file.shard, file]));
    for (const [shard, own] of Map.groupBy(segments, (segment) => segment.shard)) {
      const inputs = own.sort((a, b) => (a.segment < b.segment ? -1 : 1)).map(({ path }) => path);
      const base = files.get(shard);
      if (base !== undefined) inputs.unshift(base.path);
      const place = { source: source.name, shard, scratch };
      files.set(shard, await mergeShard(lake, place, inputs, signal));
    }
    const state: SeenState = {
      source: source.name,
      version: (current?.state.version ?? 0) + 1,
      run: run.token,
      date: run.date,
      base: current?.state.version ?? null,
      createdAt: now,
      shards,
      scope: scopeOf(source),
      files: [...files.values()].sort((a, b) => a.shard - b.shard),
    };
    if (current !== null && isSame(current.state, state)) return current.state;
    return (await moveTo(lake, state, current)) ? state : null;
  });
}

export type Publication = {
  run: SeenRun;
  source: WebSource;
  shards: number;
  segments: readonly SeenSegment[];
  scratch: string;
  /** ISO 8601, UTC. */
  now: string;
};

/**
 * All options that decide which links are followed. Under another scope the outlinks of a page that did not change are not
 * known any more: some of them were left out when it was read.
 */
export function scopeOf(source: WebSource): string {
  const {
    name: _name,
    rate: _rate,
    headers: _headers,
    auth: _auth,
    pages: _pages,
    ...rest
  } = source;
  const { extract: _extract, warc: _warc, recrawl: _recrawl, fetch: _fetch, ...scope } = rest;
  return createHash("sha256").update(JSON.stringify(scope)).digest("hex").slice(0, 16);
}

async function mergeShard(
  lake: Objects,
  { source, shard, scratch }: { source: string; shard: number; scratch: string },
  inputs: readonly string[],
  signal: AbortSignal,
): Promise<SeenFileRef> {
  await rm(scratch, { recursive: true, force: true });
  const work = join(scratch, "work");
  await mkdir(work, { recursive: true });
  const local: string[] = [];
  for (const path of inputs) local.push(await lake.local(path, scratch));
  const merged = join(scratch, "merged");
  const pages = await mergeSeenFiles(local, merged, work, signal);
  const hash = createHash("sha256");
  await pipeline(createReadStream(merged), hash);
  const path = stateFilePath(source, shard, hash.digest("hex"));
  const { size: sizeBytes } = await stat(merged);
  await lake.putFile(path, merged, { ifAbsent: true }).catch((error: unknown) => {
    // Named by its content: it is there already.
    if (!(error instanceof PreconditionFailed)) throw error;
  });
  return { shard, path, pages, sizeBytes };
}

/** Writes the version and moves the pointer to it; false when another publisher was first. */
async function moveTo(lake: Objects, state: SeenState, current: Current | null): Promise<boolean> {
  let { version } = state;
  // A publisher that died before it moved the pointer left a version that nobody points at.
  const put = () => {
    const text = jsonText({ ...state, version });
    return putUnlessLost(lake, stateVersionPath(state.source, version), text, { ifAbsent: true });
  };
  while ((await put()) === null) version += 1;
  const expected = current === null ? { ifAbsent: true } : { ifMatch: current.etag };
  const pointer = statePointerPath(state.source);
  const moved = await putUnlessLost(lake, pointer, jsonText({ version }), expected);
  state.version = version;
  return moved !== null;
}

async function readCurrent(lake: Objects, source: string): Promise<Current | null> {
  const found = await readJson(lake, statePointerPath(source));
  if (found === null) return null;
  const { version } = found.value as { version: number };
  return { state: await readVersion(lake, source, version), etag: found.etag };
}

async function readVersion(lake: Objects, source: string, version: number): Promise<SeenState> {
  const found = await readJson(lake, stateVersionPath(source, version));
  if (found === null)
    throw new Error(`version ${version} of what is known of "${source}" is missing`);
  return found.value as SeenState;
}

const isOfRun = (state: SeenState, run: string) =>
  state.run === run ||
  (state.run.startsWith(`${run}_g`) && /^_g\d+$/.test(state.run.slice(run.length)));

const isSame = (a: SeenState, b: SeenState) =>
  a.run === b.run && a.scope === b.scope && JSON.stringify(a.files) === JSON.stringify(b.files);
