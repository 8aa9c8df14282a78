// Tasks of the roles that pull from a work queue, and their receipts.
import type { TableKey } from "./pipeline.ts";
import type { TaskCheck } from "./table-check.ts";

/** Rows and files one task wrote for one table. */
export type TableOutput = {
  table: string;
  /** Rows in = rows out + quarantined + blank + discarded + replaced (the row proof); lines for line formats, records otherwise. */
  rowsIn: number;
  rowsOut: number;
  quarantined: number;
  blank: number;
  /** Left out by the table's contract `discard_row`; absent in receipts of older versions. */
  discarded?: number;
  /** Gave way to later rows of the same key; absent in receipts of older versions. */
  replaced?: number;
  /** What checks of its rows found, those that put rows aside included; absent in receipts of older versions. */
  checks?: TaskCheck[];
  files: PartFile[];
  quarantineFiles: PartFile[];
  /** Version of the table's registered schema that was written, and its columns as of then. */
  schemaVersion: number;
  columns: TableColumn[];
};

/** A column as registered, its DuckDB type, and the names it has in older files. */
export type TableColumn = { name: string; type: string; aliases?: string[] };

/** One immutable Parquet file of a table. */
export type PartFile = {
  /** Path in the lake. */
  path: string;
  rows: number;
  sizeBytes: number;
  sha256: string;
  /** Partition columns and values, as in the path. */
  partition: Record<string, string>;
};

/**
 * What a task takes of a large file: its bytes from `from` to before `to`, which are whole records (`lines`, the first of them on
 * line `line`) or whole members of an archive.
 */
export type FilePart = { of: "lines" | "zip" | "tar"; from: number; to: number; line: number };

/** Input of a process task. `path` is a lake path for raw files, an absolute URL (`file:`, `s3:`) for drops. `sizeBytes`: of the part, if it is one. */
export type TaskInput = { path: string; sizeBytes: number; etag: string; part?: FilePart };

/** A batch: raw or dropped files of one source, to be turned into Parquet. */
export type ProcessTask = {
  stage: "process";
  task: string;
  source: string;
  kind: "api" | "web" | "files";
  inputs: TaskInput[];
  /** Context of the chain of tasks it belongs to; not part of what it does. */
  trace: Record<string, string>;
};

/** One SQL model. */
export type ModelTask = {
  stage: "etl";
  task: string;
  model: string;
  /** Paths and columns of each table the model reads, as of this run. */
  inputs: Record<string, { files: string[]; columns: TableColumn[] }>;
};

/** Files of a table with a key, from the oldest to the newest: of each key one row is to stay. */
export type MergeTask = {
  stage: "etl";
  task: string;
  table: string;
  key: TableKey;
  columns: TableColumn[];
  /** `isNew`: its keys are looked for in all files. Of the others each key is in one row already. `isOwn`: of this run. */
  files: { path: string; rows: number; isNew: boolean; isOwn: boolean }[];
};

export type EtlTask = ModelTask | MergeTask;

/** What a merge made of the files in which it found older rows, by path; `to`: null when nothing is left. Others stay. */
export type MergeOutput = {
  files: { from: string; to: PartFile | null }[];
  /** Rows of this run, and of earlier ones, that gave way to newer ones. */
  replaced: number;
  updated: number;
};

/** Files to copy to `upload.to`. */
export type UploadTask = {
  stage: "upload";
  task: string;
  to: string;
  simulate: boolean;
  files: PartFile[];
};

export type Task = ProcessTask | EtlTask | UploadTask;
export type TaskStage = Task["stage"];

export type ModelTestResult = { test: string; failures: number };
export type UploadedFile = { path: string; to: string; sizeBytes: number; sha256: string };

/**
 * What a task came to: `<lake>/_onpoint/runs/<run>/<stage>/<task>.json`, created once, never changed. The ledger's
 * record of the task is the same object.
 */
export type TaskReceipt = {
  stage: TaskStage;
  task: string;
  state: "done" | "dead";
  /** Source, model or target, for reading. */
  name: string;
  /** Attempts that failed before this came out. */
  retries: number;
  seconds: number;
  endedAt: string;
  /** Why it is dead, with what to do; null when done. */
  error: string | null;
  tables: TableOutput[];
  tests: ModelTestResult[];
  uploaded: UploadedFile[];
  simulated: boolean;
  /** Of a merge. */
  merged?: MergeOutput;
};
