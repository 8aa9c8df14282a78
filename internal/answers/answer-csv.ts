// CSV that an API answers: its first line is the header, and its records become objects, as those of its other answers are.
import { distinctNames } from "../process/column-names.ts";
import { type CsvRecord, cutCsvRecord, newCsvRecord } from "../process/scan-csv.ts";
import { type SniffedCsv, sniffCsv } from "../process/sniff-csv.ts";

/** Delimiter and names of the columns, by the first bytes; `whole`: there are no more. Null when there is no header. */
export function answerCsv(head: Buffer, whole: boolean, format: "csv" | "tsv"): SniffedCsv | null {
  const sniffed = sniffCsv(head, whole, format === "tsv" ? "\t" : null);
  if (sniffed === null) return null;
  if (sniffed.header) return { ...sniffed, names: distinctNames(sniffed.names) };
  const first = csvRecords(head, { ...sniffed, names: [] }, whole).next().value ?? [];
  return { ...sniffed, header: true, names: distinctNames(first) };
}

/** The records of bytes that are held, the header too, as texts; null for an empty field. Those that are no records are left out. */
export function* csvRecords(
  bytes: Buffer,
  { delimiter }: SniffedCsv,
  whole: boolean,
): Generator<string[]> {
  const record = newCsvRecord();
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  for (let at = mark; at < bytes.length; at = record.next) {
    if (!cutCsvRecord(bytes, at, whole, delimiter.charCodeAt(0), record)) return;
    if (bytes.toString("latin1", at, record.end).trim() === "") continue;
    yield Array.from({ length: record.count }, (_, i) => fieldOf(bytes, record, i));
  }
}

function fieldOf(bytes: Buffer, record: CsvRecord, i: number): string {
  const text = bytes.toString("utf8", record.starts[i], record.ends[i]);
  return record.quoted[i] ? text.replaceAll('""', '"') : text;
}

/** Records as lines of JSON whose values are all texts: an empty field is left out, a quoted one is "". */
export function csvToJson(names: readonly string[]): (bytes: Buffer, record: CsvRecord) => Buffer {
  const keys = names.map((name) => JSON.stringify(name));
  return (bytes, record) => {
    const members: string[] = [];
    for (let i = 0; i < record.count; i += 1) {
      if (record.starts[i] === record.ends[i] && !record.quoted[i]) continue;
      members.push(`${keys[i]}:${JSON.stringify(fieldOf(bytes, record, i))}`);
    }
    return Buffer.from(`{${members.join(",")}}`);
  };
}
