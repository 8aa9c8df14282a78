// XML as rows: a document goes in piece by piece, each row comes out as one object, and no more than a row is held.
//
// Well-formedness (XML 1.0 and 1.1, Namespaces in XML) is checked by saxes, which knows no DTD: nothing is fetched, and no
// entity but the five of XML and characters by number is expanded, so no document grows by being read.
import { SaxesParser, type SaxesTagNS } from "saxes";
import { isRow, type RowPath } from "./row-path.ts";
import { fieldOf, type XmlLayout } from "./xml-layout.ts";

/** Elements in each other, at most. */
const maxDepth = 200;
/** Characters of one text, comment or tag, at most; a row may have as many. */
export const maxXmlTokenChars = 16 * 1024 * 1024;
const instanceNamespace = "http://www.w3.org/2001/XMLSchema-instance";

/** Where text stands that is beside attributes or children. */
export const textField = "_text";

export type XmlValue = string | null | XmlObject | XmlValue[];
export type XmlObject = { [name: string]: XmlValue };

/**
 * A row. `start`, `end`: its characters (UTF-16) in all that was written, `line` is 1-based. `problem`: why it is none;
 * then `value` is not to be used.
 */
export type XmlRow = {
  value: XmlObject;
  start: number;
  end: number;
  line: number;
  problem: "UNKNOWN_ENTITY" | "TOO_LONG" | null;
};

/** The document is not well-formed from here on: nothing behind it can be read. `start`: of the row it is in, else of the fault. */
export class XmlFault extends Error {
  readonly start: number;
  readonly line: number;

  constructor(message: string, at: { start: number; line: number }) {
    super(message);
    this.start = at.start;
    this.line = at.line;
  }
}

/**
 * `layout`: grows with what is seen, and decides what is a list; one for all documents of a table. `namespaces`: prefixes by
 * URI: an element or attribute of such a namespace is called `prefix:name`, any other by its local name.
 */
export type XmlRowsArgs = {
  path: RowPath;
  layout: XmlLayout;
  namespaces?: Readonly<Record<string, string>>;
  onRow: (row: XmlRow) => void;
};

type Node = {
  name: string;
  layout: XmlLayout;
  fields: XmlObject | null;
  text: string;
  isNil: boolean;
};

/** One pass over one document. */
export class XmlRows {
  readonly #args: XmlRowsArgs;
  readonly #parser = new SaxesParser({ xmlns: true });
  /** Names of the elements that are open. */
  readonly #open: string[] = [];
  /** Those of them that belong to a row. */
  readonly #nodes: Node[] = [];
  #row = { start: 0, line: 1 };
  #problem: XmlRow["problem"] = null;
  #hasDoctype = false;
  #inTag = false;
  /** Behind what was last known to be sound. */
  #last = { start: 0, line: 1 };
  /** A row that is whole, if its end tag is its own: saxes tells of a wrong one after it has closed the element. */
  #ended: XmlRow | null = null;
  #piece = "";
  /** Characters written before the piece, and with it: saxes tells a true position only while it reads. */
  #pieceStart = 0;
  #written = 0;
  #held = "";

  constructor(args: XmlRowsArgs) {
    this.#args = args;
    const parser = this.#parser;
    const passed = () => this.#passed();
    parser.on("error", (error) => this.#fault(error.message));
    parser.on("opentagstart", (tag) => this.#start(tag.name));
    parser.on("opentag", (tag) => this.#opened(tag));
    parser.on("closetag", () => this.#closed());
    parser.on("text", (text) => this.#text(text, 1));
    parser.on("cdata", (text) => this.#text(text, 0));
    parser.on("comment", passed);
    parser.on("processinginstruction", passed);
    parser.on("doctype", () => {
      this.#hasDoctype = true;
      passed();
    });
  }

  /** Where the row, or the tag, that is open starts; else how far was read. */
  get start(): number {
    return this.#nodes.length > 0 || this.#inTag ? this.#row.start : this.#written;
  }

  /** Reads the next piece of the document's characters. Throws XmlFault. */
  write(piece: string): void {
    const text = this.#held + piece;
    // A CR may go on as CR LF, half of a surrogate pair as a character: saxes is to see them whole.
    this.#held = /[\r\uD800-\uDBFF]$/.exec(text)?.[0] ?? "";
    this.#feed(this.#held === "" ? text : text.slice(0, -1));
    if (this.#written - this.#last.start > maxXmlTokenChars)
      throw this.#faultOf("a text, tag or comment of more than 16 Mi characters");
    if (this.#nodes.length > 0 && this.#written - this.#row.start > maxXmlTokenChars) {
      this.#problem = "TOO_LONG";
      this.#forget();
    }
  }

  /** To be called when all of the document was written. Throws XmlFault. */
  end(): void {
    this.#feed(this.#held);
    this.#parser.close();
  }

  /** `ahead`: characters that saxes has read beyond what it tells of. */
  #passed(ahead = 0) {
    this.#emit();
    this.#last.start = this.#parser.position - ahead;
    this.#last.line = this.#parser.line;
  }

  #emit() {
    const row = this.#ended;
    this.#ended = null;
    if (row !== null) this.#args.onRow(row);
  }

  #feed(text: string) {
    if (text === "") return;
    // saxes reads a CR at the end of a piece with the next one.
    const carried = this.#piece.endsWith("\r") ? "\r" : "";
    this.#pieceStart = this.#written - carried.length;
    this.#written += text.length;
    this.#piece = carried + text;
    this.#parser.write(text);
    this.#emit();
  }

  /** A row too long to be one is read on, but not kept. */
  #forget() {
    for (const node of this.#nodes) {
      node.fields = null;
      node.text = "";
    }
  }

  /** saxes tells here that it has read the name and one character, or CR LF, behind it. */
  #start(name: string) {
    this.#passed();
    if (this.#nodes.length > 0) return;
    this.#inTag = true;
    this.#problem = null;
    const end = this.#parser.position - this.#pieceStart;
    const isCrLf = this.#piece[end - 1] === "\n" && this.#piece[end - 2] === "\r";
    this.#row.start = this.#parser.position - (isCrLf ? 2 : 1) - name.length - 1;
    this.#row.line = this.#parser.line - (isLineEnd(this.#piece[end - 1]) ? 1 : 0);
  }

  #opened(tag: SaxesTagNS) {
    this.#passed();
    this.#inTag = false;
    const name = this.#nameOf(tag.uri, tag.local);
    this.#open.push(name);
    if (this.#open.length > maxDepth) throw this.#faultOf(`elements more than ${maxDepth} deep`);
    const parent = this.#nodes.at(-1);
    if (parent === undefined && !isRow(this.#args.path, this.#open)) return;
    const layout = parent === undefined ? this.#args.layout : fieldOf(parent.layout, name);
    const node: Node = { name, layout, fields: null, text: "", isNil: false };
    if (parent !== undefined) parent.layout.isNested = true;
    this.#nodes.push(node);
    for (const attribute of Object.values(tag.attributes)) {
      if (attribute.prefix === "xmlns" || attribute.name === "xmlns") continue;
      if (attribute.uri === instanceNamespace) {
        node.isNil ||= attribute.local === "nil" && /^\s*(true|1)\s*$/.test(attribute.value);
        continue;
      }
      layout.isNested = true;
      this.#add(node, this.#nameOf(attribute.uri, attribute.local), attribute.value);
    }
  }

  #closed() {
    this.#passed();
    this.#open.pop();
    const node = this.#nodes.pop();
    if (node === undefined) return;
    const parent = this.#nodes.at(-1);
    if (parent !== undefined) {
      this.#add(parent, node.name, this.#valueOf(node));
      return;
    }
    const { start, line } = this.#row;
    const end = this.#parser.position;
    if (end - start > maxXmlTokenChars) this.#problem = "TOO_LONG";
    const value = this.#objectOf(node);
    this.#ended = { value, start, end, line, problem: this.#problem };
  }

  #text(text: string, ahead: number) {
    this.#passed(ahead);
    const node = this.#nodes.at(-1);
    if (node !== undefined && this.#problem !== "TOO_LONG") node.text += text;
  }

  #nameOf(uri: string, local: string): string {
    const { namespaces } = this.#args;
    const prefix = uri === "" || namespaces === undefined ? undefined : namespaces[uri];
    return prefix === undefined ? local : `${prefix}:${local}`;
  }

  /** An attribute and children of one name are one list, as children of one name are. */
  #add(node: Node, name: string, value: XmlValue) {
    if (this.#problem === "TOO_LONG") return;
    node.fields ??= Object.create(null) as XmlObject;
    const layout = fieldOf(node.layout, name);
    const known = node.fields[name];
    if (known === undefined) node.fields[name] = layout.isList ? [value] : value;
    else if (Array.isArray(known)) known.push(value);
    else {
      layout.isList = true;
      node.fields[name] = [known, value];
    }
  }

  #valueOf(node: Node): XmlValue {
    if (node.isNil) return null;
    return node.layout.isNested ? this.#objectOf(node) : node.text;
  }

  #objectOf(node: Node): XmlObject {
    // White space between children is layout of the document.
    const isText = node.fields === null ? node.text !== "" : /[^ \t\r\n]/.test(node.text);
    if (isText) this.#add(node, textField, node.text);
    return node.fields ?? {};
  }

  #fault(message: string) {
    // A document with a DTD may use entities that it declares: the row is not what it should be, the document is sound.
    const isSpared = this.#nodes.length > 0 || this.#inTag || this.#hasDoctype;
    if (message.endsWith("undefined entity.") && isSpared) {
      this.#problem ??= "UNKNOWN_ENTITY";
      return;
    }
    const reason = message.replace(/^\d+:\d+: /, "");
    if (this.#ended !== null && reason === "unexpected close tag.")
      throw new XmlFault(reason, { ...this.#row });
    this.#emit();
    throw this.#faultOf(reason);
  }

  #faultOf(message: string): XmlFault {
    const inRow = this.#nodes.length > 0 || this.#inTag;
    return new XmlFault(message, { ...(inRow ? this.#row : this.#last) });
  }
}

const isLineEnd = (character: string | undefined) => character === "\n" || character === "\r";
