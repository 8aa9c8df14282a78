// The dropped files of a task made ready for SQL, each by its own format.
import { join } from "node:path";
import type { FilesSource } from "../model/pipeline.ts";
import type { Sql } from "../sql/duckdb.ts";
import { describeError, Permanent } from "../std/errors.ts";
import { newXmlLayout } from "../xml/xml-layout.ts";
import type { DroppedFile } from "./dropped-file.ts";
import { expandArchives } from "./expand-archives.ts";
import type { ReadyInput, StagedTable } from "./process-table.ts";
import type { Quarantine } from "./quarantine.ts";
import { avroColumns } from "./read-avro.ts";
import { learnXml } from "./read-xml.ts";
import { JsonScanner } from "./scan-json.ts";
import type { SniffedCsv } from "./sniff-csv.ts";
import { type Sniffed, sniffFormat } from "./sniff-format.ts";
import {
  csvColumns,
  csvShapes,
  type DuckCompression,
  jsonColumns,
  pass,
  passInto,
  type ReaderDeps,
  readerOf,
  type StagedInput,
  stageParquet,
} from "./stage-input.ts";

/** `scratch`: a folder in which copies may be written. */
export type StageArgs = {
  source: FilesSource;
  sql: Sql;
  scratch: string;
  quarantine: Quarantine;
};

/** `scanner`: of the table's records of one kind; their columns are known when all of them were read. */
type StagedFile = { input: ReadyInput; scanner: JsonScanner | null; blank: number; bad: number };

/** A file that cannot be read is one row of the quarantine, whatever was read of it; Permanent when no file can be. */
export async function stageFiles(
  files: readonly DroppedFile[],
  { source, sql, scratch, quarantine }: StageArgs,
  signal: AbortSignal,
): Promise<StagedTable> {
  const total = { blank: 0, bad: 0 };
  const unreadable: Permanent[] = [];
  const refuse = (name: string, error: Permanent) => {
    unreadable.push(error);
    const raw = Buffer.from(describeError(error));
    quarantine.add({ file: name, line: null, offset: null, raw }, "UNREADABLE_FILE");
    total.bad++;
  };
  /** What `step` gives, or null when the file turns out to be none of its format. */
  const guarded = async <T>(name: string, step: () => Promise<T>): Promise<T | null> => {
    const rowsBefore = quarantine.rows;
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof Permanent)) throw error;
      total.bad += quarantine.rows - rowsBefore;
      refuse(name, error);
      return null;
    }
  };
  const deps: ReaderDeps = {
    source,
    json: new JsonScanner(),
    text: new JsonScanner({ isText: true }),
    layout: newXmlLayout(),
  };
  let readable = 0;
  const sniffed: Sniffed[] = [];
  for await (const file of expandArchives(files, scratch, refuse, signal)) {
    const found = await guarded(file.name, async () => {
      const found = await sniffFormat(file, source);
      if (found.format === "xml") await learnXml(found.file, { ...found.xml, ...deps }, signal);
      return found;
    });
    if (found?.format === "empty") readable++;
    else if (found !== null) sniffed.push(found);
  }
  const staged: StagedFile[] = [];
  for (const [i, found] of sniffed.entries()) {
    const path = join(scratch, `clean-${i}`);
    const one = await guarded(found.file.name, () =>
      stageFile(found, deps, { sql, quarantine, path }, signal),
    );
    if (one === null) continue;
    readable++;
    staged.push(one);
    total.blank += one.blank;
    total.bad += one.bad;
  }
  if (unreadable[0] !== undefined && readable === 0) throw unreadable[0];
  return { inputs: withJsonColumns(staged), ...total };
}

/** Throws Permanent for a file that is not what it should be. `path`: where a copy of it may be written. */
async function stageFile(
  found: Sniffed,
  deps: ReaderDeps,
  { sql, quarantine, path }: { sql: Sql; quarantine: Quarantine; path: string },
  signal: AbortSignal,
): Promise<StagedFile> {
  const { local, name } = found.file;
  const shapes = csvShapes(csvOf(found)?.names ?? []);
  const reader = readerOf(found, deps, shapes);
  if (reader === null) {
    const input = { name, read: null, staged: await stageParquet(sql, local, name) };
    return { input, scanner: null, blank: 0, bad: 0 };
  }
  const { read, scanner, mayBeDirect } = reader;
  const { compression, encoding } = found.file;
  const first = mayBeDirect ? await pass(read, { clean: null, quarantine }, signal) : null;
  // A file with anything in it that DuckDB would read otherwise is read from a copy that has only rows.
  const isDirect = first?.direct === true && compression !== "bzip2" && encoding === undefined;
  const copy = isDirect
    ? null
    : await passInto(path, read, first === null ? quarantine : null, signal);
  const counts = first ?? copy ?? { good: 0, goodBytes: 0, bad: 0, blank: 0 };
  const { good, goodBytes, bad, blank } = counts;
  const place = isDirect ? { path: local, compression } : { path, compression: "none" as const };
  const staged = stagedText(found, { ...place, records: good, sizeBytes: goodBytes }, shapes, copy);
  const isText = found.format !== "avro" && scanner !== deps.json;
  return { input: { name, read, staged, isText }, scanner, blank, bad };
}

/** How a file, or the copy of it, is CSV; null for all that becomes JSON. */
function csvOf(found: Sniffed): SniffedCsv | null {
  if (found.format === "fixed")
    return { delimiter: ",", header: false, names: Object.keys(found.widths) };
  return found.format === "csv" ? found.csv : null;
}

function stagedText(
  found: Sniffed,
  place: Pick<StagedInput, "path" | "records" | "sizeBytes"> & { compression: DuckCompression },
  shapes: Parameters<typeof csvColumns>[1],
  copy: { longestBytes: number } | null,
): StagedInput {
  if (found.format === "avro") return { kind: "json", ...place, ...avroColumns(found.avro) };
  const csv = csvOf(found);
  if (csv === null) return { kind: "json", ...place, columns: [], isAwkward: false };
  const { delimiter, header, names } = csv;
  return {
    kind: "csv",
    ...place,
    columns: csvColumns(names, shapes),
    delimiter,
    header: header && copy === null,
    isCopy: copy !== null,
    hasLongRecords: (copy?.longestBytes ?? 0) > 1024 * 1024,
  };
}

/** The keys of records are known when all inputs have been read. */
function withJsonColumns(staged: readonly StagedFile[]): ReadyInput[] {
  return staged.map(({ input, scanner }) => {
    if (scanner === null || input.staged.kind !== "json") return input;
    return { ...input, staged: { ...input.staged, ...jsonColumns(scanner) } };
  });
}
