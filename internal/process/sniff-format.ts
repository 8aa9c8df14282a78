// What a dropped file is, by its first bytes and its name.

import { readZip } from "../archive/zip.ts";
import { type AvroHead, avroMagic, readAvroHead } from "../avro/avro-file.ts";
import type { FileFormat, FilesSource } from "../model/pipeline.ts";
import { describeError, Permanent } from "../std/errors.ts";
import { guessRowPath } from "../xml/guess-row-path.ts";
import { parseRowPath, prefixesOf } from "../xml/row-path.ts";
import { compressionOf, headOf, type LocalFile } from "./byte-source.ts";
import type { DroppedFile, FilePiece } from "./dropped-file.ts";
import { hasByteOrderMark } from "./read-lines.ts";
import type { XmlArgs } from "./read-xml.ts";
import { type SniffedCsv, sniffCsv } from "./sniff-csv.ts";
import { declaredEncoding, markedEncoding } from "./text-encoding.ts";

/** `json`: a document. `empty`: no byte but white space. */
export type Sniffed = { file: LocalFile } & (
  | { format: "csv"; csv: SniffedCsv }
  | { format: "avro"; avro: AvroHead }
  | { format: "fixed"; widths: Readonly<Record<string, number>> }
  | { format: "xml"; xml: Omit<XmlArgs, "layout"> }
  | { format: "ndjson" | "json" | "parquet" | "excel" | "empty" }
);

/** A file is judged by so many bytes of it. */
export const headBytes = 1024 * 1024;

/** Options that decide how a file is read. */
export type FileOptions = Pick<
  FilesSource,
  "format" | "records" | "namespaces" | "encoding" | "csv" | "widths"
>;

/** The path of records in JSON; a path that begins with `/` is one of XML elements. */
export const jsonPathOf = ({ records }: Pick<FilesSource, "records">) =>
  records === null || records.startsWith("/") ? null : records;

/**
 * Says what a file is. `format` other than `auto` is believed, as far as the content allows it; a path of `records` says
 * that JSON is a document, be it on one line. Throws Permanent that names what was found when it is nothing to be read.
 */
export async function sniffFormat(
  { local, name, part }: DroppedFile,
  options: FileOptions,
): Promise<Sniffed> {
  if (part?.of === "lines") return sniffPart(local, name, part, options);
  return sniffHead({ local, name, compression: await compressionOf(local) }, options);
}

/** A part of a text is what the whole is; names of columns are in the first part alone. */
async function sniffPart(
  local: string,
  name: string,
  { head, place }: Extract<FilePiece, { of: "lines" }>,
  options: FileOptions,
): Promise<Sniffed> {
  const whole = await sniffHead({ local, name, compression: "none", held: head }, options);
  const found = { ...whole, file: { local, name, compression: "none" as const, place } };
  if (found.format !== "csv" || place.offset === 0) return found;
  return { ...found, csv: { ...found.csv, header: false } };
}

/** As {@link sniffFormat}, of a file whose compression is known. */
export async function sniffHead(packed: LocalFile, options: FileOptions): Promise<Sniffed> {
  const { name } = packed;
  const { format } = options;
  const file = await withEncoding(packed, options.encoding);
  const { head, whole } = await headOf(file, headBytes);
  const binary = (await sniffWorkbook(file, head, format)) ?? sniffBinary(file, head, format);
  if (binary !== null) return binary;
  if (format === "fixed") return { file, format, widths: options.widths };
  const text = head.subarray(hasByteOrderMark(head) ? 3 : 0);
  const found = foreignContent(text);
  if (found !== null) throw wrong(name, format, found);
  const first = text.toString("latin1").trimStart().charAt(0);
  if (first === "" && whole) return { file, format: "empty" };
  const chosen =
    format === "auto" ? guess(text, first, whole, name, jsonPathOf(options) !== null) : format;
  if (chosen === "parquet" || chosen === "avro" || chosen === "excel")
    throw wrong(name, format, "text");
  if (chosen === "ndjson" || chosen === "json") return { file, format: chosen };
  if (chosen === "xml") return { file, format: "xml", xml: sniffXml(text, name, options) };
  if (!head.includes(0x0a) && head.includes(0x0d) && !head.includes(0x22)) {
    throw wrong(name, format, "lines that end in CR alone; store it with LF or CRLF");
  }
  const { delimiter, header, nulls } = options.csv;
  const csv = sniffCsv(head, whole, delimiter ?? (chosen === "tsv" ? "\t" : null), header);
  if (csv === null)
    throw wrong(name, format, "a first record whose quotes do not match, or of more than 1 MiB");
  return { file, format: "csv", csv: { ...csv, nulls } };
}

/** A byte order mark wins, as in XML; then what the source says, then what an XML document does. */
async function withEncoding(file: LocalFile, told: string | null): Promise<LocalFile> {
  const { head } = await headOf(file, 200);
  const encoding = markedEncoding(head) ?? told ?? declaredEncoding(head) ?? "utf-8";
  return encoding === "utf-8" ? file : { ...file, encoding };
}

/** An Excel workbook; null for what is no ZIP archive. */
async function sniffWorkbook(
  file: LocalFile,
  head: Buffer,
  format: FileFormat,
): Promise<Sniffed | null> {
  if (file.compression !== "none" || head.length < 4 || head.readUInt32LE(0) !== 0x04034b50)
    return null;
  const parts = await readZip(file.local).catch((error: unknown) => {
    throw new Permanent(`read "${file.name}": ${describeError(error)}`, { cause: error });
  });
  if (!parts.some(({ name }) => name === "xl/workbook.xml")) return null;
  if (format !== "auto" && format !== "excel") throw wrong(file.name, format, "an Excel workbook");
  return { file, format: "excel" };
}

/** A file whose first bytes say what it is; null for text. */
function sniffBinary(file: LocalFile, head: Buffer, format: FileFormat): Sniffed | null {
  const { name, compression } = file;
  const magic = head.toString("latin1", 0, 4);
  if (magic === "PAR1") {
    if (compression !== "none") {
      throw new Permanent(`read "${name}": Parquet inside ${compression}; store it as it is`);
    }
    if (format !== "auto" && format !== "parquet") throw wrong(name, format, "Parquet");
    return { file, format: "parquet" };
  }
  if (magic !== avroMagic) return null;
  if (format !== "auto" && format !== "avro") throw wrong(name, format, "Avro");
  return { file, format: "avro", avro: sniffAvro(head, name) };
}

function wrong(name: string, format: FileFormat, found: string): Permanent {
  const wanted = format === "auto" ? "CSV, TSV, JSON, NDJSON, XML, Excel, Avro or Parquet" : format;
  return new Permanent(`read "${name}": expected ${wanted}, found ${found}`);
}

function sniffAvro(head: Buffer, name: string): AvroHead {
  try {
    return readAvroHead(head);
  } catch (error) {
    throw new Permanent(`read "${name}": ${describeError(error)}`, { cause: error });
  }
}

/** How the rows of an XML document are found. */
function sniffXml(head: Buffer, name: string, { format, records, namespaces }: FileOptions) {
  const text = head.toString("utf8");
  if (/^\s*<(!doctype\s+)?html[\s>]/i.test(text)) throw wrong(name, format, "HTML");
  if (records !== null && !records.startsWith("/")) {
    throw new Permanent(
      `read "${name}": it is XML, and records is the JSONPath ${records}; write a path of elements such as /catalog/book`,
    );
  }
  const path = records === null ? guessRowPath(text) : parseRowPath(records);
  if (path === null) throw wrong(name, format, "text without an element");
  return { path, namespaces: prefixesOf(namespaces) };
}

const signatures: [string, string][] = [
  ["PK\u0003\u0004", "an office document, or a ZIP archive in another archive"],
  ["BZh", "bzip2 inside other compression"],
  ["ARROW1", "Arrow"],
  ["\u00d0\u00cf\u0011\u00e0", "an old workbook or document of Office; save it as .xlsx"],
  ["%PDF", "PDF"],
  ["\u0089PNG", "a PNG image"],
  ["\u001f\u008b", "gzip inside gzip"],
  ["ORC", "ORC"],
];

function foreignContent(head: Buffer): string | null {
  const start = head.subarray(0, 16).toString("latin1");
  for (const [signature, what] of signatures) if (start.startsWith(signature)) return what;
  const zeros = head.subarray(0, 4096).filter((byte) => byte === 0).length;
  return zeros > 8 ? `binary data (${head.subarray(0, 8).toString("hex")}...)` : null;
}

function guess(
  text: Buffer,
  first: string,
  whole: boolean,
  name: string,
  isDocument: boolean,
): "csv" | "tsv" | "json" | "ndjson" | "xml" {
  const base = name
    .toLowerCase()
    .replace(/[?#].*$/, "")
    .replace(/\.(gz|zst|zstd|bz2)$/, "");
  if (first === "{" || first === "[") {
    if (first === "[" && /\.(csv|txt)$/.test(base)) return "csv";
    return !isDocument && isLines(text, whole, base) ? "ndjson" : "json";
  }
  if (first === "<") return "xml";
  if (isNamedLines(base)) return "ndjson";
  return /\.(tsv|tab)$/.test(base) ? "tsv" : "csv";
}

/**
 * Whether the first line is a value of its own; when it is too long to tell, the name decides. Of a file that is called so
 * the first line may be a bad one: others that are objects show what it is. (One such line ends an array that has an element
 * a line.)
 */
function isLines(text: Buffer, whole: boolean, base: string): boolean {
  const start = text.toString("utf8").trimStart();
  const [line = ""] = start.split("\n", 1);
  if (line.length === start.length && !whole) return !base.endsWith(".json");
  if (start.startsWith("{") && isJson(line)) return true;
  if (!isNamedLines(base)) return false;
  const objects = start.split("\n", maxTestedLines).filter(isObject).length;
  return isJson(line) || objects > (start.startsWith("[") ? 1 : 0);
}

const maxTestedLines = 100;
const isNamedLines = (base: string) => /\.(ndjson|jsonl)$/.test(base);
const isObject = (line: string) => line.startsWith("{") && isJson(line);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
