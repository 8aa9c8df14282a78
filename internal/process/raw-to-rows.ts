// Rows of saved answers: records of API pages, one row a web page, or what an extraction finds on it.

import { cssRows } from "../extract/css-rows.ts";
import { parseJsonExact, rawNumberText } from "../extract/json-exact.ts";
import { compilePath, recordsOf } from "../extract/json-records.ts";
import { pageRow } from "../extract/page-row.ts";
import type { ApiSource, Extract, WebSource } from "../model/pipeline.ts";
import type { RawRecord } from "../model/raw-record.ts";
import { Permanent } from "../std/errors.ts";
import { urlGlobs } from "../url/url-glob.ts";
import type { AnswerColumns } from "./answer-columns.ts";
import type { LocalFile } from "./byte-source.ts";
import { cutText } from "./cut-text.ts";
import { type KnownBodies, linesOf } from "./known-bodies.ts";
import { reasonOf, withLineEnd } from "./read-lines.ts";
import type { Reason, RecordReader } from "./record.ts";
import { type PlainPath, plainPath, recordTexts } from "./record-texts.ts";
import { JsonScanner } from "./scan-json.ts";

/** Most of a bad answer that is kept in quarantine; the raw file has the rest. */
const badAnswerBytes = 64 * 1024;

/** What one answer gives: rows, as values for JSON (or a {@link Repeating}), or the text that is none. */
export type RowsOf = (answer: RawRecord) => unknown[] | { reason: Reason; bad: string };

/** Records of an API source's answers, with what `columnsOf` adds in place of fields of the same name. */
export function apiRows(source: Pick<ApiSource, "records">, columnsOf: AnswerColumns): RowsOf {
  const path = compilePath(source.records);
  const plain = plainPath(source.records);
  return (answer) => {
    if (answer.kind !== "api" || !isOk(answer.status) || answer.status === 204) return [];
    const text = textOf(answer);
    try {
      const document = parseJsonExact(text);
      if (typeof document !== "object" || document === null)
        return { reason: "MALFORMED_JSON", bad: text };
      const records = recordsOf(document, path);
      const columns = columnsOf(answer, document);
      if (plain !== null) markRepeats(records, Buffer.from(text), plain);
      if (Object.keys(columns).length === 0) return records;
      return records.map((row) => withColumns(row, columns));
    } catch {
      return { reason: "MALFORMED_JSON", bad: text };
    }
  };
}

/** A record with a key given twice, as it is written. */
class Repeating {
  readonly text: Buffer;
  constructor(text: Buffer) {
    this.text = text;
  }
}

/** Puts {@link Repeating} in the place of records that `bytes` gives a key twice. */
function markRepeats(records: unknown[], bytes: Buffer, path: PlainPath): void {
  const texts = recordTexts(bytes, path);
  // Learns nothing: whether the record is a row, and of what shape, is for others to say.
  const scanner = new JsonScanner();
  for (const [i, text] of texts?.entries() ?? []) {
    if (scanner.scan(text, 0, text.length) === "DUPLICATE_KEY") records[i] = new Repeating(text);
  }
}

/** What is no mapping stays as it is, and is no row. */
function withColumns(row: unknown, columns: Record<string, unknown>): unknown {
  if (row instanceof Repeating) return row;
  const isMapping = typeof row === "object" && row !== null && !Array.isArray(row);
  return isMapping && rawNumberText(row) === null ? { ...row, ...columns } : row;
}

/** The row of the pages table; a page that is gone has one, too. */
export const pageRows: RowsOf = (answer) =>
  isPage(answer) || answer.known?.gone === true ? [pageRow(answer)] : [];

/** What the extractions of one table find. */
export function extractRows(extracts: readonly Extract[]): RowsOf {
  const matching = extracts.map((extract) => ({ extract, matches: urlGlobs([extract.match]) }));
  return (answer) => {
    // A PDF, an image, or a body that was not kept has no elements.
    if (!isPage(answer) || answer.body === null) return [];
    const html = answer.body;
    let isTooDeep = false;
    const rows = matching
      .filter(({ matches }) => matches(answer.final_url))
      .flatMap(({ extract }) =>
        cssRows(html, answer.final_url, extract, () => {
          isTooDeep = true;
        }),
      );
    return isTooDeep ? { reason: "TOO_DEEP", bad: html } : rows;
  };
}

/** Extractions of a web source by the table they fill. */
export function extractsByTable(source: Pick<WebSource, "extract">): Map<string, Extract[]> {
  const tables = new Map<string, Extract[]>();
  for (const extract of source.extract) {
    tables.set(extract.table, [...(tables.get(extract.table) ?? []), extract]);
  }
  return tables;
}

/**
 * Reads one raw file; `bodies`: those that its records lack. A record's line and offset are those of the answer it was in. Throws Permanent when the file is not
 * what a crawl writes.
 */
export function rawReader(
  file: LocalFile,
  rowsOf: RowsOf,
  scanner: JsonScanner,
  bodies: KnownBodies | null = null,
): RecordReader {
  return async (visitor, signal) => {
    let line = 0;
    let offset = 0;
    for await (const text of linesOf(file)) {
      signal.throwIfAborted();
      line++;
      const visit = (raw: Buffer, reason: Reason | null) =>
        visitor.seen({ file: file.name, line, offset, raw, reason, clean: () => withLineEnd(raw) });
      const answer = parseAnswer(text, file, line);
      const rows = rowsOf(
        answer.known === undefined || !bodies ? answer : await bodies.complete(answer),
      );
      if (Array.isArray(rows)) {
        for (const row of rows) {
          const raw = row instanceof Repeating ? row.text : Buffer.from(JSON.stringify(row));
          visit(raw, reasonOf(raw, scanner));
        }
      } else visit(cutText(Buffer.from(rows.bad), badAnswerBytes), rows.reason);
      offset += text.length + 1;
      await visitor.drained();
    }
    return { blank: 0, direct: false };
  };
}

const isOk = (status: number) => status >= 200 && status < 300;
const isPage = (answer: RawRecord) => answer.kind === "page" && isOk(answer.status);

function textOf(answer: RawRecord): string {
  if (answer.body !== null) return answer.body;
  return answer.body_b64 === null ? "" : Buffer.from(answer.body_b64, "base64").toString("utf8");
}

function parseAnswer(text: Buffer, file: LocalFile, line: number): RawRecord {
  try {
    return JSON.parse(text.toString("utf8")) as RawRecord;
  } catch (error) {
    throw new Permanent(`read "${file.name}": line ${line} is not a raw record`, { cause: error });
  }
}
