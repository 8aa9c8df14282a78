// What an API's answer is: what its source says, or else its Content-Type, its name and its first bytes. A wrong guess would make
// rows of an error page, so what is not clear is nothing.
import { essenceOf } from "../content/media-type.ts";
import type { AnswerFormat } from "../model/pipeline.ts";
import { hasByteOrderMark } from "../process/read-lines.ts";
import { markedEncoding } from "../process/text-encoding.ts";

export type FoundFormat = Exclude<AnswerFormat, "auto">;

const byType: Record<string, FoundFormat> = {
  "text/csv": "csv",
  "application/csv": "csv",
  "text/x-csv": "csv",
  "text/tab-separated-values": "tsv",
  "application/x-ndjson": "ndjson",
  "application/ndjson": "ndjson",
  "application/jsonl": "ndjson",
  "application/x-jsonl": "ndjson",
  "application/jsonlines": "ndjson",
  "application/x-jsonlines": "ndjson",
};
const byName: Record<string, FoundFormat> = {
  csv: "csv",
  tsv: "tsv",
  tab: "tsv",
  ndjson: "ndjson",
  jsonl: "ndjson",
  json: "json",
};

/** What is known of an answer before it is read. `name`: the path of its URL, or a member's of an archive. */
export type AnswerLabel = { contentType: string; name: string };

/** Bytes of an answer that {@link formatOf} should be given, where it has so many. */
export const formatHeadBytes = 64 * 1024;

/**
 * The format of an answer by its first bytes, without its compression; JSON where nothing says otherwise: who reads it
 * says what is wrong with it.
 */
export function formatOf(wanted: AnswerFormat, label: AnswerLabel, head: Buffer): FoundFormat {
  if (wanted !== "auto") return wanted;
  const essence = essenceOf(label.contentType);
  const told = byType[essence];
  if (told !== undefined) return told;
  if (markedEncoding(head) !== null && isXmlType(essence)) return "xml";
  const text = head.toString("latin1", hasByteOrderMark(head) ? 3 : 0, formatHeadBytes);
  const first = text.trimStart().charAt(0);
  if (first === "<") return isXml(text.trimStart(), essence, label.name) ? "xml" : "json";
  if (first === "{") return isLines(text.trimStart()) ? "ndjson" : "json";
  if (/[/+]json$/.test(essence) || first === "[") return "json";
  const ending = /\.([a-z]+)(?:\.gz)?$/i.exec(label.name)?.[1]?.toLowerCase() ?? "";
  return byName[ending] ?? "json";
}

/** RFC 7303. */
const isXmlType = (essence: string) => /[/+]xml$/.test(essence) && !essence.includes("xhtml");

/** Pages of errors and of logins are HTML, whatever they are called. */
function isXml(text: string, essence: string, name: string): boolean {
  if (/<(!doctype\s+)?html[\s>]/i.test(text.slice(0, 1024))) return false;
  return isXmlType(essence) || text.startsWith("<?xml") || /\.xml(\.gz)?$/i.test(name);
}

/** A value on the first line, and more behind it. */
function isLines(text: string): boolean {
  const end = text.indexOf("\n");
  if (end < 0 || text.slice(end).trim() === "") return false;
  try {
    JSON.parse(text.slice(0, end));
    return true;
  } catch {
    return false;
  }
}
