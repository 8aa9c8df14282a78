// Quarantine: records that are not rows, kept with where they stood, why, and as they were.
import { isUtf8 } from "node:buffer";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { quarantineColumns, type RowKind } from "../model/quarantine.ts";
import type { Sql } from "../sql/duckdb.ts";
import { sqlText } from "../sql/quote.ts";
import { Permanent } from "../std/errors.ts";
import { cutText } from "./cut-text.ts";
import { type LineFile, openLineFile } from "./line-file.ts";
import { measured, type WrittenFile } from "./written-file.ts";

/** Most of a record that is kept; its file, line and offset lead to the rest. */
const maxRawBytes = 1024 * 1024;

/**
 * `line` and `offset` as in SeenRecord; null for a file as a whole. `row`: what another schema may read it as, or null. `from`:
 * what it was put aside by before.
 */
export type BadRecord = {
  file: string;
  line: number | null;
  offset: number | null;
  raw: Buffer;
  row?: { kind: RowKind; text: string } | null;
  from?: { schemaVersion: number; task: string };
};

/** A row as JSON text, of values that are `kind`; null when it, or its raw text, would not be kept whole. */
export function keptRow(
  raw: Buffer,
  text: string,
  kind: "typed" | "text",
): { kind: RowKind; text: string } | null {
  if (raw.length > maxRawBytes || Buffer.byteLength(text) > maxRawBytes) return null;
  const isRaw = kind === "typed" && raw.toString("utf8").trim() === text;
  return isRaw ? { kind: "raw", text: "" } : { kind, text };
}

/** Gathers bad records in a scratch file, then writes them as one Parquet file. */
export class Quarantine {
  readonly #lines: LineFile;
  #isOpen = true;

  constructor(lines: LineFile) {
    this.#lines = lines;
  }

  /** Records so far. */
  get rows(): number {
    return this.#lines.records;
  }

  add({ file, line, offset, raw, row, from }: BadRecord, reason: string) {
    const kept = isUtf8(raw) ? cutText(raw, maxRawBytes) : raw.subarray(0, maxRawBytes);
    const isText = isUtf8(kept);
    const written = {
      file,
      line,
      byte_offset: offset,
      reason,
      raw: kept.toString(isText ? "utf8" : "base64"),
      raw_is_base64: !isText,
      ...(row ? { row_kind: row.kind, row: row.kind === "raw" ? null : row.text } : {}),
      ...(from ? { schema_version: from.schemaVersion, task: from.task } : {}),
    };
    this.#lines.write(Buffer.from(`${JSON.stringify(written)}\n`));
  }

  async drained(): Promise<void> {
    await this.#lines.drained();
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#lines.close();
  }

  /** Writes `<folder>/<task>.parquet`; nothing when there was no bad record. To be called after `close`. */
  async write(
    sql: Sql,
    args: { folder: string; task: string; schemaVersion: number; runDate: string },
  ): Promise<WrittenFile[]> {
    if (this.rows === 0) return [];
    const relative = `${args.task}.parquet`;
    const local = join(args.folder, relative);
    await mkdir(dirname(local), { recursive: true });
    const columns = quarantineColumns.map(({ name, type }) => `${name}: ${sqlText(type)}`);
    const rows = `SELECT * REPLACE (coalesce(schema_version, ${args.schemaVersion}) AS schema_version, coalesce(task, ${sqlText(args.task)}) AS task)
      FROM read_ndjson(${sqlText(this.#lines.path)}, columns={${columns.join(", ")}},
        auto_detect=false, maximum_object_size=16777216, hive_partitioning=false, compression='uncompressed')`;
    const [stats] = await sql.rows(
      `COPY (${rows}) TO ${sqlText(local)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 20480, RETURN_STATS)`,
    );
    if (Number(stats?.count) !== this.rows) {
      throw new Permanent(
        `write quarantine: ${this.rows} records gathered, ${String(stats?.count)} written`,
      );
    }
    return [await measured(local, relative, this.rows, { dt: args.runDate })];
  }
}

/** An empty quarantine; `path`: of its scratch file. */
export async function openQuarantine(path: string): Promise<Quarantine> {
  return new Quarantine(await openLineFile(path));
}
