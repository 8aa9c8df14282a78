// A batch of raw or dropped files to partitioned Parquet with a row proof: what a process pod does with a task.
import { mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ApiSource, FilesSource, Source, TableConfig, WebSource } from "../model/pipeline.ts";
import { openDuckDb, type Sql } from "../sql/duckdb.ts";
import type { XmlLayout } from "../xml/xml-layout.ts";
import { learnAnswers } from "./answer-bodies.ts";
import { answerColumns } from "./answer-columns.ts";
import { apiReader } from "./answer-rows.ts";
import { compressionOf, type LocalFile } from "./byte-source.ts";
import type { DroppedFile } from "./dropped-file.ts";
import { gatherBodies, type KnownBodies } from "./known-bodies.ts";
import {
  processTable,
  type ReadyInput,
  type TableWork,
  type TableWritten,
} from "./process-table.ts";
import { extractRows, extractsByTable, pageRows, rawReader } from "./raw-to-rows.ts";
import type { RecordReader } from "./record.ts";
import { JsonScanner } from "./scan-json.ts";
import { stageFiles } from "./stage-files.ts";
import { jsonColumns, type PassCounts, passInto } from "./stage-input.ts";
import type { RegisterSchema } from "./table-columns.ts";
import { tableSettings } from "./table-settings.ts";

export type { WrittenFile } from "./written-file.ts";

/**
 * `tables`: settings by table. `inputs`: local files, and the names people know them by. `scratch`: an empty folder on a
 * disk with room for all inputs unpacked; everything written is below it. `memoryLimitMb`: DuckDB's.
 */
export type ProcessArgs = {
  source: Source;
  tables: Record<string, TableConfig>;
  task: string;
  run: string;
  runDate: string;
  inputs: readonly DroppedFile[];
  scratch: string;
  memoryLimitMb: number;
  registerSchema: RegisterSchema;
  /** A local file with the bytes of an object of the lake: a raw file of an earlier run, or a long body. */
  localOf: (path: string) => Promise<string>;
  signal: AbortSignal;
};

/**
 * Writes the tables of a source, one entry each: same inputs, same registered schema, same bytes. Throws Permanent for a
 * file that is not what it should be, RetryLater when the disk is full, the signal's reason when aborted.
 */
export async function processInputs(given: ProcessArgs): Promise<TableWritten[]> {
  const { scratch, memoryLimitMb, inputs, signal } = given;
  signal.throwIfAborted();
  await mkdir(scratch, { recursive: true });
  const args = { ...given, inputs: await withPlainPaths(inputs, scratch) };
  const folders = [...new Set(inputs.map((input) => dirname(input.local)))];
  const sql = await openDuckDb({ memoryLimitMb, scratch, allowedPaths: folders });
  const interrupt = () => sql.interrupt();
  signal.addEventListener("abort", interrupt);
  let bodies: KnownBodies | null = null;
  try {
    signal.throwIfAborted();
    bodies = await bodiesOf(args);
    const written: TableWritten[] = [];
    for (const work of worksOf(args, sql, bodies)) {
      await mkdir(join(scratch, work.table), { recursive: true });
      written.push(await processTable({ ...args, sql }, work, signal));
    }
    return written;
  } catch (error) {
    // An interrupted statement fails with DuckDB's own words.
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", interrupt);
    await bodies?.close();
    await sql.close();
  }
}

/** Bodies of pages that did not change since an earlier run. */
async function bodiesOf({ source, inputs, localOf, scratch, signal }: ProcessArgs) {
  if (source.kind !== "web") return null;
  const files: LocalFile[] = [];
  for (const { local, name } of inputs)
    files.push({ local, name, compression: await compressionOf(local) });
  return gatherBodies(files, localOf, scratch, signal);
}

/** DuckDB reads a path with `*`, `?` or `[` as a pattern: such files get another name. */
async function withPlainPaths(inputs: ProcessArgs["inputs"], scratch: string) {
  const plain: DroppedFile[] = [];
  for (const [i, input] of inputs.entries()) {
    const { local } = input;
    const path = /[*?[\]]/.test(local) ? join(scratch, `input-${i}`) : local;
    if (path !== local) await symlink(local, path);
    plain.push({ ...input, local: path });
  }
  return plain;
}

function worksOf(args: ProcessArgs, sql: Sql, bodies: KnownBodies | null): TableWork[] {
  const { source } = args;
  if (source.kind === "files") return [filesWork(args, source, sql)];
  if (source.kind === "api") return [apiWork(args, source)];
  return webWorks(args, source, bodies);
}

function apiWork(args: ProcessArgs, source: ApiSource): TableWork {
  const { localOf, scratch } = args;
  const bodies = { source, localOf, scratch };
  let layout: Promise<XmlLayout> | null = null;
  const layoutOf = () => (layout ??= learnAnswers(args.inputs, bodies, args.signal));
  const rules = { ...bodies, columnsOf: answerColumns(source, args.run), layoutOf };
  return {
    ...tableSettings(args.tables, source, source.table),
    stage: stageRaw(args, (file, scanner) => apiReader(file, rules, scanner)),
  };
}

function webWorks(args: ProcessArgs, source: WebSource, bodies: KnownBodies | null): TableWork[] {
  const works: TableWork[] = [];
  if (source.pages !== null) {
    works.push({
      ...tableSettings(args.tables, source, source.pages),
      stage: stageRaw(args, (file, scanner) => rawReader(file, pageRows, scanner, bodies)),
    });
  }
  for (const [table, extracts] of extractsByTable(source)) {
    const rows = extractRows(extracts);
    works.push({
      ...tableSettings(args.tables, source, table),
      stage: stageRaw(args, (file, scanner) => rawReader(file, rows, scanner, bodies)),
    });
  }
  return works;
}

/** Raw files become one NDJSON file of the table's rows each. */
function stageRaw(
  { inputs, signal }: ProcessArgs,
  readerFor: (file: LocalFile, scanner: JsonScanner) => RecordReader,
): TableWork["stage"] {
  return async (scratch, quarantine) => {
    const scanner = new JsonScanner();
    const staged: { input: Omit<ReadyInput, "staged">; path: string; counts: PassCounts }[] = [];
    let longestBytes = 0;
    let bad = 0;
    let blank = 0;
    for (const [i, { local, name }] of inputs.entries()) {
      const read = readerFor({ local, name, compression: await compressionOf(local) }, scanner);
      const path = join(scratch, `rows-${i}.ndjson`);
      const counts = await passInto(path, read, quarantine, signal);
      bad += counts.bad;
      blank += counts.blank;
      longestBytes = Math.max(longestBytes, counts.longestBytes);
      staged.push({ input: { name, read }, path, counts });
    }
    const json = { ...jsonColumns(scanner), hasShortRecords: longestBytes <= 1024 * 1024 };
    return {
      blank,
      bad,
      inputs: staged.map(({ input, path, counts: { good, goodBytes } }) => {
        const place = { path, records: good, sizeBytes: goodBytes, compression: "none" as const };
        return { ...input, staged: { kind: "json", ...place, ...json } };
      }),
    };
  };
}

function filesWork(args: ProcessArgs, source: FilesSource, sql: Sql): TableWork {
  return {
    ...tableSettings(args.tables, source, source.table),
    stage: (scratch, quarantine) =>
      stageFiles(args.inputs, { source, sql, scratch, quarantine }, args.signal),
  };
}
