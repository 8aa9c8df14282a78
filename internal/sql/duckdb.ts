// DuckDB: one locked-down in-memory instance per task. The only file that knows the vendor package.
//
// One thread and preserved insertion order make every COPY byte-identical under every memory limit; scale by more tasks.
// After opening, no statement can reach a path outside `scratch` and `allowedPaths`, the network, or the settings, so
// users' SQL may run here. DuckDB resolves symbolic links before it looks at the allowed folders.
import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { Fatal, OutOfMemory, Permanent, RetryLater } from "../std/errors.ts";
import { sqlList, sqlText } from "./quote.ts";
import { tableNamesIn } from "./table-names.ts";

/** `scratch`: folder for spill files. `allowedPaths`: folders that SQL may read and write beside it. */
export type DuckDbOptions = { memoryLimitMb: number; scratch: string; allowedPaths: string[] };

/**
 * One connection; one statement at a time. Every method throws Permanent (bad SQL, bad data: the same again
 * next time), OutOfMemory, RetryLater (disk full) or Fatal (the engine itself broke), each with DuckDB's text.
 */
export interface Sql {
  run(sql: string): Promise<void>;
  /** All rows, fit for JSON: BIGINT, DECIMAL, dates and timestamps as text, INTEGER and DOUBLE as numbers. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
  /** Names of the tables that SELECT statements read, by their syntax alone. Throws Permanent for anything else. */
  readTables(sql: string): Promise<string[]>;
  /** Columns a query yields, with DuckDB's names of their types. */
  describe(sql: string): Promise<{ name: string; type: string }[]>;
  /** Makes the running statement, and every later one, fail. */
  interrupt(): void;
  close(): Promise<void>;
}

/** Opens an instance. Throws Permanent when a folder cannot be made or a setting is refused. */
export async function openDuckDb(options: DuckDbOptions): Promise<Sql> {
  const temp = join(options.scratch, "spill");
  await mkdir(temp, { recursive: true });
  const folders = new Set<string>();
  for (const path of [options.scratch, ...options.allowedPaths]) {
    folders.add(path);
    folders.add(await realpath(path));
  }
  const instance = await DuckDBInstance.create(":memory:", {
    threads: "1",
    preserve_insertion_order: "true",
    memory_limit: `${options.memoryLimitMb}MiB`,
    temp_directory: temp,
    max_temp_directory_size: "20GiB",
    allocator_background_threads: "true",
    // Rows that a write to partitions gathers before it sorts them out: eight times as many, the default, would spill.
    partitioned_write_flush_threshold: "65536",
    // A second file of the same partition would be begun when one of more than these comes.
    partitioned_write_max_open_files: "1000",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
  });
  const connection = await instance.connect();
  let interrupting: NodeJS.Timeout | undefined;
  const guarded = async <T>(sql: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw sqlError(sql, error);
    }
  };
  const run = (sql: string) =>
    guarded(sql, async () => {
      await connection.run(sql);
    });
  const rows = (sql: string) =>
    guarded(sql, async () => (await connection.runAndReadAll(sql)).getRowObjectsJson());
  // The order matters: each statement takes something away that the next ones do not need.
  await run("SET TimeZone='UTC'");
  await run(`SET allowed_directories=${sqlList([...folders])}`);
  await run("SET enable_external_access=false");
  await run("SET lock_configuration=true");
  return {
    run,
    rows,
    async readTables(sql) {
      const [row] = await rows(`SELECT json_serialize_sql(${sqlText(sql)}) AS tree`);
      const tree = JSON.parse(String(row?.tree)) as {
        error: boolean;
        error_message?: string;
        statements?: unknown[];
      };
      if (tree.error) {
        throw new Permanent(`read the tables of ${shortened(sql)}: ${String(tree.error_message)}`);
      }
      if (tree.statements?.length !== 1) {
        throw new Permanent(`read the tables of ${shortened(sql)}: it is not one SELECT`);
      }
      return tableNamesIn(tree);
    },
    async describe(sql) {
      const found = await rows(`DESCRIBE ${sql}`);
      return found.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
    },
    interrupt() {
      // DuckDB forgets an interrupt that comes before its statement has begun to run.
      connection.interrupt();
      interrupting ??= setInterval(() => connection.interrupt(), 20);
    },
    async close() {
      clearInterval(interrupting);
      connection.closeSync();
      instance.closeSync();
    },
  };
}

const shortened = (sql: string) => sqlText(sql.length > 200 ? `${sql.slice(0, 200)}...` : sql);

/** What an error of DuckDB's means for the task; its own text is kept whole. */
function sqlError(sql: string, error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error);
  const what = `run SQL ${shortened(sql)}`;
  if (/^Out of Memory Error/i.test(text)) {
    return new OutOfMemory(
      `${what}: out of memory; give the pod more, or cut smaller batches: ${text}`,
      { cause: error },
    );
  }
  if (/No space left on device|disk (is )?full/i.test(text)) {
    return new RetryLater(`${what}: the disk is full: ${text}`, 30_000, { cause: error });
  }
  if (/^(INTERNAL|FATAL) Error/i.test(text)) return new Fatal(`${what}: ${text}`, { cause: error });
  return new Permanent(`${what}: ${text}`, { cause: error });
}
