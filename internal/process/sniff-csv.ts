// The dialect of a CSV file from its first records: delimiter, and whether the first record is the names.

import type { CsvDialect } from "./read-csv.ts";
import { hasByteOrderMark, isBlank } from "./read-lines.ts";
import { type CsvRecord, cutCsvRecord, newCsvRecord } from "./scan-csv.ts";
import { bit, classifyField } from "./text-type.ts";

/** A dialect and the names of the columns: of the header, or `column0`, `column1`, ... */
export type SniffedCsv = CsvDialect & { names: string[] };

const candidates = [",", "\t", ";", "|"];
const sampleRecords = 200;

/**
 * The delimiter that gives the same number of fields, above one, for most of the first records, else a comma. The first
 * record is the header unless it has a number, a date or a truth value where a header has a name. `head` is the start of
 * the file, `whole` when it is all of it. What is told of delimiter and header is believed. Null when there is no record, or the first one does not end inside `head`.
 */
export function sniffCsv(
  head: Buffer,
  whole: boolean,
  delimiter: string | null,
  isHeaderTold: boolean | null = null,
): SniffedCsv | null {
  let best: { delimiter: string; records: Sample[]; score: number } | null = null;
  for (const candidate of delimiter === null ? candidates : [delimiter]) {
    const records = sample(head, whole, candidate);
    const score = scoreOf(records);
    if (best === null || score > best.score) best = { delimiter: candidate, records, score };
  }
  const first = best?.records[0];
  if (!best || !first) return null;
  const header = isHeaderTold ?? isHeader(best.records);
  const names = header ? first.map((field) => field.text) : first.map((_, i) => `column${i}`);
  return { delimiter: best.delimiter, header, names };
}

type Sample = { text: string; class: number }[];

function sample(head: Buffer, whole: boolean, delimiter: string): Sample[] {
  const records: Sample[] = [];
  const record = newCsvRecord();
  let at = hasByteOrderMark(head) ? 3 : 0;
  while (at < head.length && records.length < sampleRecords) {
    if (!cutCsvRecord(head, at, whole, delimiter.charCodeAt(0), record)) break;
    if (record.problem !== null) {
      // The reader takes the first record for the header as well: it must be sound.
      if (records.length === 0) break;
    } else if (!isBlank(head, at, record.end)) records.push(fieldsOf(head, record));
    at = record.next;
  }
  return records;
}

function fieldsOf(head: Buffer, record: CsvRecord): Sample {
  return Array.from({ length: record.count }, (_, i) => {
    const start = record.starts[i] ?? 0;
    const end = record.ends[i] ?? 0;
    const text = head.toString("utf8", start, end);
    return {
      text: record.quoted[i] ? text.replaceAll('""', '"') : text,
      class: start === end ? 0 : classifyField(head, start, end),
    };
  });
}

/** 0 for one field; else the share of records as wide as the first one, then width. */
function scoreOf(records: Sample[]): number {
  const width = records[0]?.length ?? 0;
  if (width < 2) return 0;
  const same = records.filter((record) => record.length === width).length;
  return same / records.length + width / 100_000;
}

/** A first record without any typed value is a header; one with such values only if a whole column differs from it. */
function isHeader(records: Sample[]): boolean {
  const [first = [], ...rest] = records;
  const isTyped = (type: number) => type !== 0 && type !== bit.text;
  if (!first.some((field) => isTyped(field.class))) return true;
  return first.some((field, i) => {
    if (field.class !== bit.text) return false;
    const below = rest.map((record) => record[i]?.class ?? 0).filter((type) => type !== 0);
    return below.length > 0 && below.every(isTyped);
  });
}
