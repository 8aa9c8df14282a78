// One input made ready for SQL: counted, checked, its columns known, and in a file that DuckDB reads just as we did.
import type { FilesSource } from "../model/pipeline.ts";
import type { Sql } from "../sql/duckdb.ts";
import { sqlName, sqlText } from "../sql/quote.ts";
import { Permanent } from "../std/errors.ts";
import type { XmlLayout } from "../xml/xml-layout.ts";
import { distinctNames } from "./column-names.ts";
import { parseType, printType } from "./duckdb-type.ts";
import { type LineFile, openLineFile } from "./line-file.ts";
import type { Column } from "./merge-columns.ts";
import type { Quarantine } from "./quarantine.ts";
import { avroReader } from "./read-avro.ts";
import { csvReader } from "./read-csv.ts";
import { documentReader } from "./read-document.ts";
import { fixedReader } from "./read-fixed.ts";
import { lineReader } from "./read-lines.ts";
import { pathReader } from "./read-records.ts";
import { xlsxReader } from "./read-xlsx.ts";
import { xmlReader } from "./read-xml.ts";
import type { RecordReader } from "./record.ts";
import type { JsonScanner } from "./scan-json.ts";
import { hasLongIntegers, newShape, type Shape, typeOf } from "./shape.ts";
import { jsonPathOf, type Sniffed } from "./sniff-format.ts";

/** A column of an input: `source` is its name there, `hasLong`: integers beyond 2^53. */
export type InputColumn = Column & { source: string; hasLong: boolean };

/** What DuckDB unpacks itself. */
export type DuckCompression = "none" | "gzip" | "zstd";

/** `records`: rows that SQL must find in it, of `sizeBytes` in all: as text, or of Parquet unpacked. `hasShortRecords`: none is longer than 1 MiB. `isCopy`: written by us, all lines end in LF. */
export type StagedInput = {
  path: string;
  records: number;
  sizeBytes: number;
  columns: InputColumn[];
} & (
  | {
      kind: "csv";
      compression: DuckCompression;
      delimiter: string;
      header: boolean;
      hasLongRecords: boolean;
      isCopy: boolean;
    }
  | { kind: "json"; compression: DuckCompression; isAwkward: boolean; hasShortRecords?: boolean }
  | { kind: "parquet" }
);

/** What a pass over an input counted; `goodBytes`: of the good records. */
export type PassCounts = { good: number; goodBytes: number; bad: number; blank: number };

/** Where a pass leaves what it sees. */
export type PassTargets = { clean: LineFile | null; quarantine: Quarantine | null };

/** Runs a reader once. */
export async function pass(
  read: RecordReader,
  { clean, quarantine }: PassTargets,
  signal: AbortSignal,
): Promise<PassCounts & { direct: boolean }> {
  const counts = { good: 0, goodBytes: 0, bad: 0 };
  const summary = await read(
    {
      seen(record) {
        if (record.reason === null) {
          counts.good++;
          counts.goodBytes += record.raw.length;
          clean?.write(record.clean());
        } else {
          counts.bad++;
          quarantine?.add(record, record.reason);
        }
      },
      passed(rows, block) {
        counts.good += rows;
        counts.goodBytes += block.length;
        clean?.write(block);
      },
      async drained() {
        await clean?.drained();
        await quarantine?.drained();
      },
    },
    signal,
  );
  return { ...counts, ...summary };
}

/** A pass that writes the good records to a new file. */
export async function passInto(
  path: string,
  read: RecordReader,
  quarantine: Quarantine | null,
  signal: AbortSignal,
): Promise<PassCounts & { longestBytes: number }> {
  const clean = await openLineFile(path);
  try {
    const counts = await pass(read, { clean, quarantine }, signal);
    return { ...counts, longestBytes: clean.longestBytes };
  } finally {
    await clean.close();
  }
}

/** What readers of a table's files share: scanners of typed and of textual records, and the layout of XML rows. */
export type ReaderDeps = {
  source: Pick<FilesSource, "records" | "excel">;
  json: JsonScanner;
  text: JsonScanner;
  layout: XmlLayout;
};

/** `scanner` learns the columns; null for CSV, whose shapes do, and for Avro, whose schema says them. `mayBeDirect`: DuckDB may be able to read the file itself. */
export type FileReader = { read: RecordReader; scanner: JsonScanner | null; mayBeDirect: boolean };

/** How the records of a dropped file are read; null for Parquet and for an empty file. */
export function readerOf(input: Sniffed, deps: ReaderDeps, shapes: Shape[]): FileReader | null {
  const { json, text, layout } = deps;
  switch (input.format) {
    case "csv":
      return { read: csvReader(input.file, input.csv, shapes), scanner: null, mayBeDirect: true };
    case "fixed": {
      const read = fixedReader(input.file, Object.values(input.widths), shapes);
      return { read, scanner: null, mayBeDirect: false };
    }
    case "ndjson":
      return { read: lineReader(input.file, json), scanner: json, mayBeDirect: true };
    case "json": {
      const path = jsonPathOf(deps.source);
      const read =
        path === null ? documentReader(input.file, json) : pathReader(input.file, path, json);
      return { read, scanner: json, mayBeDirect: false };
    }
    case "xml": {
      const read = xmlReader(input.file, { ...input.xml, layout }, text);
      return { read, scanner: text, mayBeDirect: false };
    }
    case "excel":
      return {
        read: xlsxReader(input.file, deps.source.excel, json),
        scanner: json,
        mayBeDirect: false,
      };
    case "avro":
      return { read: avroReader(input.file, input.avro), scanner: null, mayBeDirect: false };
    case "parquet":
    case "empty":
      return null;
  }
}

/** One empty shape for each column of a CSV file. */
export const csvShapes = (names: readonly string[]): Shape[] => names.map(() => newShape());

/** Columns of a CSV file; DuckDB is given `c0`, `c1`, ... for names. */
export function csvColumns(names: readonly string[], shapes: readonly Shape[]): InputColumn[] {
  return distinctNames(names).map((name, i) => {
    const shape = shapes[i] ?? newShape();
    return { name, type: typeOf(shape), source: `c${i}`, hasLong: hasLongIntegers(shape) };
  });
}

/** Columns of all JSON records of a table. `isAwkward`: keys that DuckDB's reader cannot tell apart or name. */
export function jsonColumns(scanner: JsonScanner): { columns: InputColumn[]; isAwkward: boolean } {
  const fields = [...scanner.shape.fields].filter(([, shape]) => shape.count > 0);
  const keys = fields.map(([key]) => key);
  const names = distinctNames(keys);
  const columns = fields.map(([key, shape], i) => ({
    name: names[i] ?? key,
    type: typeOf(shape),
    source: key,
    hasLong: hasLongIntegers(shape),
  }));
  return { columns, isAwkward: names.some((name, i) => name !== keys[i]) };
}

/** Columns and rows of a Parquet file, by its footer. Throws Permanent when it cannot be read. */
export async function stageParquet(sql: Sql, path: string, name: string): Promise<StagedInput> {
  try {
    return await readFooter(sql, path);
  } catch (error) {
    if (!(error instanceof Permanent)) throw error;
    throw new Permanent(`read "${name}": its Parquet cannot be read`, { cause: error });
  }
}

async function readFooter(sql: Sql, path: string): Promise<StagedInput> {
  const found = await sql.describe(
    `SELECT * FROM read_parquet(${sqlText(path)}, hive_partitioning=false)`,
  );
  const [footer] = await sql.rows(
    `SELECT num_rows, (SELECT sum(total_uncompressed_size) FROM parquet_metadata(${sqlText(path)})) AS bytes
     FROM parquet_file_metadata(${sqlText(path)})`,
  );
  const names = distinctNames(found.map((column) => column.name));
  const columns = found.map(({ name, type }, i) => ({
    name: names[i] ?? name,
    type: printType(parseType(type)),
    source: name,
    hasLong: false,
  }));
  const longs = columns.filter((column) => column.type === "BIGINT");
  if (longs.length > 0) {
    const tests = longs.map(
      ({ source }, i) =>
        `max(abs(CAST(${sqlName(source)} AS HUGEINT))) > 9007199254740992 AS l${i}`,
    );
    const [row] = await sql.rows(
      `SELECT ${tests.join(", ")} FROM read_parquet(${sqlText(path)}, hive_partitioning=false)`,
    );
    for (const [i, column] of longs.entries()) column.hasLong = row?.[`l${i}`] === true;
  }
  const sizeBytes = Number(footer?.bytes ?? 0);
  return { kind: "parquet", path, records: Number(footer?.num_rows), sizeBytes, columns };
}
