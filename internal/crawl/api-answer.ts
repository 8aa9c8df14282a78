// What the crawl must know of an API's answer: its text, its records, and the document around them. Each answer is decoded and
// parsed once, whoever asks first.
import { isUtf8 } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { answerCsv, csvRecords } from "../answers/answer-csv.ts";
import { type FoundFormat, formatOf } from "../answers/answer-format.ts";
import { packingOf } from "../archive/unpack.ts";
import { isZip } from "../archive/zip.ts";
import { parseJsonExact } from "../extract/json-exact.ts";
import { recordsOf } from "../extract/json-records.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import { decodeBody } from "../links/charset.ts";
import type { ApiSource } from "../model/pipeline.ts";
import { declaredEncoding, markedEncoding } from "../process/text-encoding.ts";
import { describeError } from "../std/errors.ts";
import { prefixesOf } from "../xml/row-path.ts";
import { xmlRecords } from "../xml/xml-records.ts";
import type { RecordCollector } from "./collect-records.ts";

/**
 * `document`: undefined where there is none around the records. `count`: of records. `records`: what is written as one and cannot be
 * read is null; of an answer that is not held there are none but `found`, what follows from them. `error`: why it cannot be read at all.
 */
export type ApiAnswer =
  | { format: FoundFormat; document: unknown; count: number; records: unknown[]; error: null }
  | {
      format: FoundFormat | "zip";
      document: unknown;
      count: number;
      found: RecordCollector;
      error: null;
    }
  | { format: FoundFormat | "zip"; error: string };

export type AnswerText = { text: string; charset: string };

const excerptChars = 200;
/** Most that a gzip file whose body is held may unpack to. */
const maxHeldBytes = 64 * 1024 * 1024;
const texts = new WeakMap<Exchange, AnswerText | null>();
const answers = new WeakMap<Exchange, ApiAnswer>();

/**
 * An answer as text: by its byte order mark or the charset of its Content-Type, else as UTF-8. Null where that cannot give its bytes
 * back: it is compressed, or some of it is not UTF-8.
 */
export function answerText(answer: Exchange): AnswerText | null {
  let found = texts.get(answer);
  if (found === undefined) {
    found = textOf(answer);
    texts.set(answer, found);
  }
  return found;
}

function textOf({ body, headers }: Exchange): AnswerText | null {
  if (packingOf(body) !== "none" || isZip(body)) return null;
  const contentType = headers["content-type"] ?? "";
  const decoded = decodeBody(body, contentType);
  if (isUtf8(body)) return decoded;
  const isTold = /;\s*charset\s*=/i.test(contentType) || decoded.charset.startsWith("UTF-16");
  return isTold && decoded.charset !== "UTF-8" ? decoded : null;
}

/** What an answer with a status of success holds. Throws Error when a JSONPath is wrong. */
export function readApiAnswer(source: ApiSource, url: string, answer: Exchange): ApiAnswer {
  let found = answers.get(answer);
  if (found === undefined) {
    found = read(source, url, answer);
    answers.set(answer, found);
  }
  return found;
}

/** What an answer that is not held was read as. */
export function keepAnswer(answer: Exchange, read: ApiAnswer): void {
  answers.set(answer, read);
}

function read(source: ApiSource, url: string, answer: Exchange): ApiAnswer {
  const { maxBytes } = source.fetch.limits;
  const label = { contentType: answer.headers["content-type"] ?? "", name: new URL(url).pathname };
  let bytes = answer.body;
  let format: FoundFormat = "json";
  let text = "";
  try {
    if (answer.truncated) throw new Error(`it is longer than limits.maxBytes (${maxBytes})`);
    if (packingOf(bytes) === "gzip")
      bytes = gunzipSync(bytes, { maxOutputLength: Math.min(maxBytes, maxHeldBytes) });
    format = formatOf(source.format, label, bytes);
    text = answerText(answer)?.text ?? bytes.toString("utf8");
    if (source.records.startsWith("/") && format === "json")
      throw new Error(`records is the path of elements ${source.records}`);
    if (format !== "json") {
      const records = format === "xml" ? elementsIn(text, bytes, source) : linesIn(text, format);
      return { format, document: undefined, count: records.length, records, error: null };
    }
    const document = parseJsonExact(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
    const records = recordsOf(document, source.records);
    return { format, document, count: records.length, records, error: null };
  } catch (error) {
    const what = format === "json" ? "JSON" : format.toUpperCase();
    const excerpt = text.slice(0, excerptChars);
    return { format, error: `the answer is not ${what} (${describeError(error)}): ${excerpt}` };
  }
}

function linesIn(text: string, format: "ndjson" | "csv" | "tsv"): unknown[] {
  return format === "ndjson" ? jsonLines(text) : csvObjects(Buffer.from(text), format);
}

/** `text` is made of `bytes` as UTF-8 where these are not: then they say themselves what they are. */
function elementsIn(
  text: string,
  bytes: Buffer,
  { records, namespaces }: Pick<ApiSource, "records" | "namespaces">,
): unknown[] {
  if (!records.startsWith("/"))
    throw new Error(
      `records is the JSONPath ${records}: write a path of elements such as /catalog/book`,
    );
  const encoding = isUtf8(bytes) ? null : (markedEncoding(bytes) ?? declaredEncoding(bytes));
  const document = encoding === null ? text : new TextDecoder(encoding).decode(bytes);
  const options = { path: records, namespaces: prefixesOf(namespaces) };
  return xmlRecords(document, options).map(({ value, problem }) =>
    problem === null ? value : null,
  );
}

function jsonLines(text: string): unknown[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => {
    try {
      return parseJsonExact(line);
    } catch {
      return null;
    }
  });
}

function csvObjects(bytes: Buffer, format: "csv" | "tsv"): unknown[] {
  const csv = answerCsv(bytes, true, format);
  if (csv === null && bytes.toString("utf8").trim() === "") return [];
  if (csv === null) throw new Error("it has no header");
  const [, ...rows] = csvRecords(bytes, csv, true);
  return rows.map((row) =>
    Object.fromEntries(row.flatMap((value, i) => (i in csv.names ? [[csv.names[i], value]] : []))),
  );
}
