// The records of one answer of an API as they are written in it, whatever its format.
import { isUtf8 } from "node:buffer";
import { answerCsv, csvToJson } from "../answers/answer-csv.ts";
import type { FoundFormat } from "../answers/answer-format.ts";
import { plainPath } from "../answers/plain-path.ts";
import { recordTexts } from "../answers/record-texts.ts";
import { splitBytes } from "../answers/split-file.ts";
import { AnswerFault, splitJson } from "../answers/split-json.ts";
import { compilePath } from "../extract/json-records.ts";
import { parseRowPath, prefixesOf } from "../xml/row-path.ts";
import type { XmlLayout } from "../xml/xml-layout.ts";
import { bytesOf, headOf, type LocalFile } from "./byte-source.ts";
import { csvReader } from "./read-csv.ts";
import { hasByteOrderMark, lineReader } from "./read-lines.ts";
import { learnXml, type XmlArgs, xmlReader } from "./read-xml.ts";
import type { Reason, RecordReader, SeenRecord } from "./record.ts";
import { JsonScanner } from "./scan-json.ts";
import { csvShapes } from "./stage-input.ts";
import { declaredEncoding, markedEncoding } from "./text-encoding.ts";

/** Largest answer of which the whole is needed to find its records. */
const maxHeldBytes = 64 * 1024 * 1024;
/** So much of a CSV answer shows what separates its fields. */
const csvHeadBytes = 1024 * 1024;

/**
 * An answer's body and what it is; `records`: JSONPath of its records, or path of its row elements, with the prefixes that `namespaces`
 * gives to URIs. `layout`: of the rows of all XML
 * answers of a table, as far as it was learnt.
 */
export type AnswerBody = {
  file: LocalFile;
  format: FoundFormat;
  records: string;
  namespaces: Readonly<Record<string, string>>;
  layout: XmlLayout;
};

/** Who is told of an answer. `starts`: before its first record, of the document with no records but the first and last one. */
export type AnswerVisitor = {
  starts(document: unknown): void;
  /** `json`: the record as JSON, when it is not written so; valid for records without a `reason` only. */
  record(raw: Buffer, reason: Reason | null, json: () => Buffer): void;
  /** For who wants no more than their number: told of it where it is known, then `record` tells of none. */
  counted?: (records: number) => void;
  drained(): Promise<void>;
};

/**
 * Tells of all records of an answer, and gives the number of its blank lines. Throws AnswerFault, and has told of nothing, when
 * the answer as a whole is not what it should be; Permanent for compressed data that is cut or corrupt.
 */
export async function readAnswer(
  body: AnswerBody,
  visitor: AnswerVisitor,
  signal: AbortSignal,
): Promise<number> {
  switch (body.format) {
    case "json":
      await readJson(body, visitor, signal);
      return 0;
    case "ndjson":
      return readLines(lineReader(body.file, new JsonScanner()), visitor, signal);
    case "xml":
      await readXml(body, visitor, signal);
      return 0;
    case "csv":
    case "tsv": {
      const { head, whole } = await headOf(body.file, csvHeadBytes);
      const csv = answerCsv(head, whole, body.format);
      if (csv === null && head.toString("latin1").trim() === "") return 0;
      if (csv === null) throw new AnswerFault("it has no header", { reason: "UNREADABLE_FILE" });
      const shapes = csvShapes(csv.names);
      const reader = csvReader(body.file, csv, shapes, csvToJson(csv.names));
      return readLines(reader, visitor, signal);
    }
  }
}

async function readLines(
  read: RecordReader,
  visitor: AnswerVisitor,
  signal: AbortSignal,
): Promise<number> {
  visitor.starts(null);
  const seen = ({ raw, reason, clean }: SeenRecord) => visitor.record(raw, reason, clean);
  const { blank } = await read({ seen, drained: visitor.drained }, signal);
  return blank;
}

async function readXml(
  body: AnswerBody,
  visitor: AnswerVisitor,
  signal: AbortSignal,
): Promise<void> {
  const args = xmlArgs(body);
  const text = await asUtf8(body.file);
  const fault = await learnXml(text, args, signal);
  if (fault !== null)
    throw new AnswerFault(fault.message, { reason: "MALFORMED_XML", cause: fault });
  await readLines(xmlReader(text, args, new JsonScanner({ isText: true })), visitor, signal);
}

/** Adds to the layout what one answer shows, where it can be read. Throws as {@link readAnswer} does. */
export async function learnAnswer(
  body: Omit<AnswerBody, "format">,
  signal: AbortSignal,
): Promise<void> {
  await learnXml(await asUtf8(body.file), xmlArgs(body), signal);
}

function xmlArgs({ records, namespaces, layout }: Omit<AnswerBody, "format">): XmlArgs {
  const path = parseRowPath(records);
  if (path !== null) return { path, layout, namespaces: prefixesOf(namespaces) };
  const what = `records is the JSONPath ${records}: write a path of elements such as /catalog/book`;
  throw new AnswerFault(what, { reason: "UNREADABLE_FILE" });
}

/** What is held as UTF-8 was another text before, and still says so. */
async function asUtf8(file: LocalFile): Promise<LocalFile> {
  if (file.held !== undefined && isUtf8(file.held)) return file;
  const { head } = await headOf(file, 1024);
  const encoding = markedEncoding(head) ?? declaredEncoding(head) ?? "utf-8";
  return encoding === "utf-8" ? file : { ...file, encoding };
}

async function readJson(
  { file, records }: AnswerBody,
  visitor: AnswerVisitor,
  signal: AbortSignal,
): Promise<void> {
  if (records.startsWith("/")) {
    const what = `it is JSON, and records is the path of elements ${records}`;
    throw new AnswerFault(what, { reason: "UNREADABLE_FILE" });
  }
  const path = plainPath(records);
  const tell = (text: Buffer) => visitor.record(text, null, () => text);
  const isHeld = file.held !== undefined && file.compression === "none";
  if (path !== null && !isHeld) {
    // What the columns of all records are may stand behind them, and whether it is JSON is known at its end.
    const ignore = async () => {};
    const { frame, count } = await splitBytes(bytesOf(file), path, () => {}, ignore, signal);
    visitor.starts(holder(frame));
    if (visitor.counted !== undefined) {
      visitor.counted(count);
      return;
    }
    await splitBytes(bytesOf(file), path, tell, visitor.drained, signal);
    return;
  }
  const bytes = isHeld ? (file.held as Buffer) : await wholeOf(file);
  const { frame, texts } = path === null ? textsIn(bytes, records) : splitJson(bytes, path);
  visitor.starts(holder(frame));
  for (const text of texts) tell(text);
}

function holder(document: unknown): object {
  if (typeof document === "object" && document !== null) return document;
  throw new AnswerFault("it is neither an object nor a list", { reason: "MALFORMED_JSON" });
}

function textsIn(bytes: Buffer, records: string): { frame: unknown; texts: Buffer[] } {
  const text = hasByteOrderMark(bytes) ? bytes.subarray(3) : bytes;
  const { document, texts } = recordTexts(text, compilePath(records));
  return { frame: document, texts };
}

async function wholeOf(file: LocalFile): Promise<Buffer> {
  const { head, whole } = await headOf(file, maxHeldBytes);
  if (!whole) {
    const what = "more than 64 MiB, of which the records path needs the whole";
    throw new AnswerFault(what, { reason: "TOO_LONG" });
  }
  return head;
}
