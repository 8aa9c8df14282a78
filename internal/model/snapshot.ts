// A table's snapshot: the files that readers see. `_onpoint/tables/<table>/current.json` points at one version.
import type { PartFile, TableColumn } from "./task.ts";

/** A file in a snapshot, with the run and the source (or model) that brought it: a later generation of that run replaces it. */
export type SnapshotFile = PartFile & { run: string; date: string; task: string; source: string };

/** `_onpoint/tables/<table>/v<N>.json`: immutable. */
export type Snapshot = {
  table: string;
  kind: "parts" | "model" | "quarantine";
  version: number;
  createdAt: string;
  createdBy: string;
  columns: TableColumn[];
  /** Columns by which no two rows of these files are the same; absent: nobody saw to that. */
  key?: string[];
  rows: number;
  sizeBytes: number;
  files: SnapshotFile[];
};

/** `_onpoint/tables/<table>/current.json`: moved by compare-and-swap. */
export type SnapshotPointer = { table: string; version: number; snapshot: string };
