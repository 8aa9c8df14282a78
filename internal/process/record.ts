// Records on their way from a file to a table: what a reader tells about each one as it passes by.

/** Why a record is not a row; `BAD_CAST:<column>` and `UNKNOWN_COLUMN:<column>` come later, from SQL. */
export type Reason =
  | "MALFORMED_JSON"
  | "NOT_AN_OBJECT"
  | "DUPLICATE_KEY"
  | "NOT_UTF8"
  | "WRONG_COLUMN_COUNT"
  | "UNTERMINATED_QUOTE"
  | "BAD_QUOTE"
  | "TOO_LONG"
  | "TOO_DEEP"
  | "MALFORMED_XML"
  | "UNKNOWN_ENTITY"
  | "UNREADABLE_FILE";

/** Longest record that becomes a row. */
export const maxRecordBytes = 16 * 1024 * 1024;

/** One record; valid during the visit only. */
export type SeenRecord = {
  /** Name of the input it is from. */
  file: string;
  /** 1-based line on which it starts (for raw files: line of the answer it was in). */
  line: number;
  /** Where it starts, in bytes after decompression. */
  offset: number;
  /** As it stands in the file, without its line end. At most {@link maxRecordBytes}. */
  raw: Buffer;
  /** Null: a row. */
  reason: Reason | null;
  /** The row as DuckDB must read it, with its line end; for rows only. */
  clean(): Buffer;
};

/**
 * `seen` is told of each record in order; `drained` is awaited between chunks, for backpressure. `passed`, where there is
 * one, may be told instead of a block of `rows` rows, each as DuckDB must read it, with its line end.
 */
export type Visitor = {
  seen(record: SeenRecord): void;
  passed?(rows: number, block: Buffer): void;
  drained(): Promise<void>;
};

/** What a reader knows at its end. `direct`: DuckDB reads the file itself just as this reader did. */
export type ReadSummary = { blank: number; direct: boolean };

/** Reads one input from its start; may be called again. Throws Permanent for a file that is cut or corrupt. */
export type RecordReader = (visitor: Visitor, signal: AbortSignal) => Promise<ReadSummary>;
