// Runs the process know-how over files made by a test, and reads back what it wrote.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { FilesSource, Source, TableConfig } from "../../internal/model/pipeline.ts";
import { NotFound } from "../../internal/objects/objects.ts";
import type { DroppedFile } from "../../internal/process/dropped-file.ts";
import type { Column } from "../../internal/process/merge-columns.ts";
import { processInputs } from "../../internal/process/process-inputs.ts";
import type { TableWritten } from "../../internal/process/process-table.ts";
import { openDuckDb } from "../../internal/sql/duckdb.ts";
import { sqlList } from "../../internal/sql/quote.ts";

export type Row = Record<string, unknown>;

/** A table as written: its proof, its rows and its quarantine, read back from the files. */
export type TableRead = TableWritten & { data: Row[]; bad: Row[] };

/** `files`: contents by name; a string without `content` names a file that exists. */
export type Batch = {
  files?: Record<string, string | Buffer | { path: string }>;
  /** Files that a test has on its disk already, beside `files`. */
  inputs?: readonly DroppedFile[];
  /** Raw files of earlier runs, by their path in the lake. */
  earlier?: Record<string, Buffer>;
  source?: Partial<Source>;
  config?: Partial<TableConfig>;
  memoryLimitMb?: number;
  /** Kept from call to call: the schema registry. */
  registry?: Map<string, { version: number; columns: Column[] }>;
  /** Do not read the rows back. */
  onlyProof?: boolean;
  signal?: AbortSignal;
};

/** Dropped files with nothing told of them. */
export const filesSource: FilesSource = {
  kind: "files",
  name: "drops",
  urls: [],
  format: "auto",
  records: null,
  namespaces: {},
  widths: {},
  csv: { delimiter: null, header: null, nulls: [] },
  encoding: null,
  excel: { sheet: null, headerRow: null },
  quietMs: 0,
  table: "t",
};

/** One `files` source unless `source` says otherwise; every table has `config`. Leaves nothing on disk. */
export async function processBatch(batch: Batch): Promise<TableRead[]> {
  const root = await mkdtemp(join(tmpdir(), "onpoint-process-"));
  const scratch = join(root, "scratch");
  await mkdir(scratch);
  try {
    const inputs: DroppedFile[] = [...(batch.inputs ?? [])];
    for (const [name, content] of Object.entries(batch.files ?? {})) {
      const local =
        typeof content === "object" && "path" in content ? content.path : join(root, name);
      await mkdir(dirname(local), { recursive: true });
      if (!(typeof content === "object" && "path" in content)) await writeFile(local, content);
      inputs.push({ local, name });
    }
    const registry = batch.registry ?? new Map();
    const config = {
      partitionBy: [{ name: "dt", expression: null }],
      sortBy: [],
      key: null,
      contract: "evolve" as const,
      conflict: "text" as const,
      compatibility: "none" as const,
      aliases: {},
      checks: [],
      columns: {},
      ...batch.config,
    };
    const written = await processInputs({
      source: { ...filesSource, ...batch.source } as Source,
      tables: new Proxy({}, { get: () => config }),
      task: "drops-0001",
      run: "run-1",
      runDate: "2026-03-04",
      inputs,
      scratch,
      memoryLimitMb: batch.memoryLimitMb ?? 256,
      registerSchema: async (table, columns, merge) => register(registry, table, columns, merge),
      localOf: (path) => earlierFile(batch, path, root),
      signal: batch.signal ?? new AbortController().signal,
    });
    return await readBack(written, scratch, batch.onlyProof ?? false);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** As {@link processBatch}, for a source with one table. */
export async function processOne(batch: Batch): Promise<TableRead> {
  const [table] = await processBatch(batch);
  if (!table) throw new Error("no table was written");
  return table;
}

async function earlierFile({ earlier = {} }: Batch, path: string, root: string): Promise<string> {
  const content = earlier[path];
  if (content === undefined) throw new NotFound(path);
  const local = join(root, "earlier", path);
  await mkdir(dirname(local), { recursive: true });
  await writeFile(local, content);
  return local;
}

/** As the registry in the lake does: a new table's columns are taken as they are. */
function register(
  registry: Map<string, { version: number; columns: Column[] }>,
  table: string,
  columns: Column[],
  merge: (old: Column[]) => Column[],
) {
  const old = registry.get(table);
  const merged = old ? merge(old.columns) : columns;
  if (old && JSON.stringify(old.columns) === JSON.stringify(merged)) return old;
  const next = { version: (old?.version ?? 0) + 1, columns: merged };
  registry.set(table, next);
  return next;
}

async function readBack(
  written: TableWritten[],
  scratch: string,
  onlyProof: boolean,
): Promise<TableRead[]> {
  const sql = await openDuckDb({
    memoryLimitMb: 512,
    scratch: `${scratch}-read`,
    allowedPaths: [scratch],
  });
  try {
    const tables: TableRead[] = [];
    for (const table of written) {
      const read = async (files: { local: string }[]) => {
        if (files.length === 0 || onlyProof) return [];
        const paths = sqlList(files.map((file) => file.local));
        return sql.rows(
          `SELECT * FROM read_parquet(${paths}, union_by_name=true, hive_partitioning=false)`,
        );
      };
      tables.push({
        ...table,
        data: await read(table.files),
        bad: await read(table.quarantineFiles),
      });
    }
    return tables;
  } finally {
    await sql.close();
  }
}
