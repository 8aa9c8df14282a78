// XML files: each row element is one record, as JSON.
//
// A document that stops being well-formed gives the rows before that place, and one bad record for all that is behind it: the
// row that was open there, or the text from there on.
import { isUtf8 } from "node:buffer";
import type { RowPath } from "../xml/row-path.ts";
import type { XmlLayout } from "../xml/xml-layout.ts";
import { XmlFault, type XmlRow, XmlRows } from "../xml/xml-rows.ts";
import { bytesOf, type LocalFile } from "./byte-source.ts";
import { reasonOf, withLineEnd } from "./read-lines.ts";
import { maxRecordBytes, type RecordReader, type Visitor } from "./record.ts";
import type { JsonScanner } from "./scan-json.ts";
import { TextWindow } from "./text-window.ts";

/** `layout`: what the rows of all files of the table look like; see {@link learnXml}. */
export type XmlArgs = {
  path: RowPath;
  namespaces: Readonly<Record<string, string>>;
  layout: XmlLayout;
};

/**
 * Adds to the layout what the rows of a file show, and gives what is wrong with it. To be called for all files of a table before
 * one of them is read.
 */
export async function learnXml(
  file: LocalFile,
  args: XmlArgs,
  signal: AbortSignal,
): Promise<XmlFault | null> {
  const rows = new XmlRows({ ...args, onRow: () => {} });
  const window = new TextWindow();
  try {
    for await (const chunk of bytesOf(file)) {
      signal.throwIfAborted();
      for (const text of window.add(chunk)) rows.write(text);
      window.passTo(rows.start);
    }
    for (const text of window.end()) rows.write(text);
    rows.end();
    return null;
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    return error;
  }
}

/** Reads the rows of a file whose layout is known. Line and offset of a record are those of its element. */
export function xmlReader(file: LocalFile, args: XmlArgs, scanner: JsonScanner): RecordReader {
  return async (visitor, signal) => {
    const pass = new XmlPass(file.name, args, scanner, visitor);
    for await (const chunk of bytesOf(file)) {
      signal.throwIfAborted();
      pass.take(chunk);
      await visitor.drained();
    }
    pass.end();
    await visitor.drained();
    return { blank: 0, direct: false };
  };
}

class XmlPass {
  readonly #name: string;
  readonly #scanner: JsonScanner;
  readonly #visitor: Visitor;
  readonly #window = new TextWindow();
  readonly #rows: XmlRows;
  /** Where the document stopped being one, and what stands there. */
  #fault: { line: number; offset: number; kept: Buffer[]; keptBytes: number } | null = null;

  constructor(name: string, args: XmlArgs, scanner: JsonScanner, visitor: Visitor) {
    this.#name = name;
    this.#scanner = scanner;
    this.#visitor = visitor;
    this.#rows = new XmlRows({ ...args, onRow: (row) => this.#row(row) });
  }

  take(chunk: Buffer) {
    if (this.#fault !== null) this.#keep(chunk);
    else this.#guarded(() => this.#write(this.#window.add(chunk)));
  }

  end() {
    this.#guarded(() => {
      if (this.#fault !== null) return;
      this.#write(this.#window.end());
      this.#rows.end();
    });
    if (this.#fault === null) return;
    const { line, offset, kept } = this.#fault;
    this.#visitor.seen({
      file: this.#name,
      line,
      offset,
      raw: Buffer.concat(kept),
      reason: "MALFORMED_XML",
      clean: none,
    });
  }

  #write(texts: string[]) {
    for (const text of texts) this.#rows.write(text);
    this.#window.passTo(this.#rows.start);
  }

  #guarded(step: () => void) {
    try {
      step();
    } catch (error) {
      if (!(error instanceof XmlFault)) throw error;
      this.#fault = { line: error.line, offset: 0, kept: [], keptBytes: 0 };
      const { offset, bytes } = this.#window.restFrom(error.start);
      this.#fault.offset = offset;
      this.#keep(bytes);
    }
  }

  #keep(bytes: Buffer) {
    const fault = this.#fault;
    if (fault === null || fault.keptBytes >= maxRecordBytes) return;
    fault.kept.push(bytes.subarray(0, maxRecordBytes - fault.keptBytes));
    fault.keptBytes += bytes.length;
  }

  #row({ value, start, end, line, problem }: XmlRow) {
    const { offset, bytes: raw } = this.#window.slice(start, end);
    const json = Buffer.from(JSON.stringify(value));
    const reason = problem ?? (isUtf8(raw) ? reasonOf(json, this.#scanner) : "NOT_UTF8");
    const clean = () => withLineEnd(json);
    this.#visitor.seen({ file: this.#name, line, offset, raw, reason, clean });
  }
}

const none = () => Buffer.alloc(0);
