// Rows of saved answers of an API: their records as they are written, with what the source adds to them. A record that is no
// row is set aside alone, an answer that cannot be read as a whole.
import { formatHeadBytes, formatOf } from "../answers/answer-format.ts";
import type { AnswerPart } from "../answers/answer-parts.ts";
import { AnswerFault } from "../answers/split-json.ts";
import { parseJsonExact, rawNumberText } from "../extract/json-exact.ts";
import { newXmlLayout, type XmlLayout } from "../xml/xml-layout.ts";
import { type AnswerBodies, hasRecords, partsOf } from "./answer-bodies.ts";
import type { AnswerColumns } from "./answer-columns.ts";
import { headOf, type LocalFile } from "./byte-source.ts";
import { cutText } from "./cut-text.ts";
import { linesOf } from "./known-bodies.ts";
import { parseAnswer } from "./raw-to-rows.ts";
import { type AnswerVisitor, readAnswer } from "./read-answer.ts";
import { reasonOf, withLineEnd } from "./read-lines.ts";
import type { Reason, RecordReader } from "./record.ts";
import type { JsonScanner } from "./scan-json.ts";
import { oneLine } from "./scan-value.ts";

/** Most of a bad answer that is kept in quarantine; the raw file has the rest. */
const badAnswerBytes = 64 * 1024;
/** With the rest of a character that is cut there. */
const badHeadBytes = Math.max(formatHeadBytes, badAnswerBytes + 4);

/** How the answers of a source are read. `layoutOf`: what the rows of all its XML answers look like. */
export type AnswerRules = AnswerBodies & {
  columnsOf: AnswerColumns;
  layoutOf: () => Promise<XmlLayout>;
};

/**
 * Reads one raw file of an API source. A record's line and offset are those of the answer it was in. Throws Permanent when
 * the file is not what a crawl writes. What is of a member of an archive has the name `file!member`.
 */
export function apiReader(file: LocalFile, rules: AnswerRules, scanner: JsonScanner): RecordReader {
  const { source, columnsOf, layoutOf } = rules;
  const { records, namespaces } = source;
  return async (visitor, signal) => {
    let line = 0;
    let offset = 0;
    let blank = 0;
    const seen = (member: string | null, raw: Buffer, reason: Reason | null, row: () => Buffer) => {
      const name = member === null ? file.name : `${file.name}!${member}`;
      visitor.seen({ file: name, line, offset, raw, reason, clean: row });
    };
    const read = async (part: AnswerPart, rowsOf: (document: unknown) => RowOf) => {
      const { member, fault } = part;
      if (fault !== null) {
        seen(member, Buffer.from(fault.message), fault.reason, noRow);
        return 0;
      }
      const { head } = await headOf(part.file, badHeadBytes);
      const format = formatOf(source.format, part.label, head);
      let add: RowOf = (json) => json;
      scanner.isText = format === "csv" || format === "tsv" || format === "xml";
      const layout = format === "xml" ? await layoutOf() : newXmlLayout();
      const told: AnswerVisitor = {
        starts: (document) => {
          add = rowsOf(document);
        },
        record: (raw, reason, json) => {
          const row = reason === null ? add(json()) : raw;
          seen(member, raw, reason ?? reasonOf(row, scanner), () => lineOf(scanner.exact(row)));
        },
        drained: visitor.drained,
      };
      try {
        return await readAnswer(
          { file: part.file, format, records, namespaces, layout },
          told,
          signal,
        );
      } catch (error) {
        if (!(error instanceof AnswerFault)) throw error;
        seen(member, cutText(head, badAnswerBytes), error.reason, noRow);
        return 0;
      }
    };
    for await (const text of linesOf(file)) {
      signal.throwIfAborted();
      line += 1;
      const answer = parseAnswer(text, file, line);
      if (hasRecords(answer)) {
        const add = (document: unknown) => rowsWith(columnsOf(answer, document));
        try {
          for await (const part of partsOf(answer, rules)) blank += await read(part, add);
        } catch (error) {
          if (!(error instanceof AnswerFault)) throw error;
          seen(null, Buffer.from(error.message), error.reason, noRow);
        }
      }
      offset += text.length + 1;
      await visitor.drained();
    }
    return { blank, direct: false };
  };
}

/** A row on a line of its own; most stand on one already, and need no copy for it. */
const lineOf = (row: Buffer) =>
  withLineEnd(row.includes(0x0a) || row.includes(0x0d) ? oneLine(row) : row);

type RowOf = (json: Buffer) => Buffer;
const noRow = () => Buffer.alloc(0);

/** What makes rows of records: `columns` in place of members of the same name. What is no object stays as it is, and is no row. */
function rowsWith(columns: Record<string, unknown>): RowOf {
  const names = Object.keys(columns).map((name) => JSON.stringify(name));
  if (names.length === 0) return (json) => json;
  const added = JSON.stringify(columns).slice(1);
  return (json) => {
    const end = json.lastIndexOf("}");
    if (json[0] !== 0x7b || end < 0) return json;
    if (names.some((name) => json.includes(name))) return replaced(json, columns);
    const start = json.subarray(0, end);
    const isEmpty = start.toString("latin1").trim() === "{";
    return Buffer.concat([start, Buffer.from(isEmpty ? added : `,${added}`)]);
  };
}

/** The text of a column's name is in it, perhaps as that of a member. */
function replaced(json: Buffer, columns: Record<string, unknown>): Buffer {
  try {
    const record = parseJsonExact(json.toString("utf8"));
    if (typeof record !== "object" || record === null || rawNumberText(record) !== null)
      return json;
    return Buffer.from(JSON.stringify({ ...record, ...columns }));
  } catch {
    // It is no JSON: whoever scans it says so.
    return json;
  }
}
