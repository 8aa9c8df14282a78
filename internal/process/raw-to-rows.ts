// Rows of saved pages: one a page, or what an extraction finds on it.
import { cssRows } from "../extract/css-rows.ts";
import { pageRow } from "../extract/page-row.ts";
import type { Extract, WebSource } from "../model/pipeline.ts";
import type { RawRecord } from "../model/raw-record.ts";
import { Permanent } from "../std/errors.ts";
import { urlGlobs } from "../url/url-glob.ts";
import type { LocalFile } from "./byte-source.ts";
import { cutText } from "./cut-text.ts";
import { type KnownBodies, linesOf } from "./known-bodies.ts";
import { reasonOf, withLineEnd } from "./read-lines.ts";
import type { Reason, RecordReader } from "./record.ts";
import type { JsonScanner } from "./scan-json.ts";

/** Most of a bad answer that is kept in quarantine; the raw file has the rest. */
const badAnswerBytes = 64 * 1024;

/** What one answer gives: rows, as values for JSON, or the text that is none. */
export type RowsOf = (answer: RawRecord) => unknown[] | { reason: Reason; bad: string };

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
        visitor.seen({
          file: file.name,
          line,
          offset,
          raw,
          reason,
          clean: () => withLineEnd(scanner.exact(raw)),
        });
      const answer = parseAnswer(text, file, line);
      const rows = rowsOf(
        answer.known === undefined || !bodies ? answer : await bodies.complete(answer),
      );
      if (Array.isArray(rows)) {
        for (const row of rows) {
          const raw = Buffer.from(JSON.stringify(row));
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

/** Throws Permanent for a line that no crawl has written. */
export function parseAnswer(text: Buffer, file: LocalFile, line: number): RawRecord {
  try {
    return JSON.parse(text.toString("utf8")) as RawRecord;
  } catch (error) {
    throw new Permanent(`read "${file.name}": line ${line} is not a raw record`, { cause: error });
  }
}
