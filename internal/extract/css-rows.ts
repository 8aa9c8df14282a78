// Rows from a page by CSS selectors. The only place where a tree of a page is built, and only down to a depth: a page that
// nests deeper is an attack or broken, and every parser with an element stack is quadratic on it.
import { selectAll } from "css-select";
import { DomHandler, DomUtils, ElementType, Parser } from "htmlparser2";
import type { Extract, Field } from "../model/pipeline.ts";
import { Permanent } from "../std/errors.ts";
import { fieldValue } from "./field-value.ts";
import { foldSpace } from "./fold-space.ts";
import { inlineTags } from "./visible-text.ts";

type Root = DomHandler["root"];
type Node = Root["children"][number];
type Element = Parameters<typeof DomUtils.getAttributeValue>[0];

const maxDepth = 512;
const urlAttributes = new Set(["href", "src", "action", "poster", "cite", "data"]);

/**
 * Rows of a page, one for each element of `extract.rows`, or one in all: `url`, then the fields as text that SQL can cast
 * (`many`: a list), null where nothing matches. A field `:scope` is the row's element itself. `href` and `src` become
 * absolute. No rows for a page nested deeper than 512 elements, which `report` is told. Throws Permanent for a wrong selector.
 */
export function cssRows(
  html: string,
  url: string,
  extract: Extract,
  report?: (error: string) => void,
): Record<string, unknown>[] {
  const root = parse(html);
  if (root === null) {
    report?.(`page "${url}": elements are nested deeper than ${maxDepth}; nothing is extracted`);
    return [];
  }
  const base = baseOf(root, url);
  const contexts: (Root | Element)[] =
    extract.rows === null ? [root] : select(extract, extract.rows, root);
  return contexts.map((context) => {
    const row: Record<string, unknown> = { url };
    for (const [name, field] of Object.entries(extract.fields)) {
      row[name] = readField(field, select(extract, field.css, context), base);
    }
    return row;
  });
}

// Null when the page is too deep; parsing stops there.
function parse(html: string): Root | null {
  const handler = new DomHandler();
  let depth = 0;
  let deepest = 0;
  const parser = new Parser({
    onopentag(name, attributes) {
      depth += 1;
      deepest = Math.max(deepest, depth);
      handler.onopentag(name, attributes);
      if (depth > maxDepth) parser.pause();
    },
    onclosetag() {
      depth -= 1;
      handler.onclosetag();
    },
    ontext: (text) => handler.ontext(text),
  });
  parser.end(html);
  return deepest > maxDepth ? null : handler.root;
}

function select(extract: Extract, css: string, context: Root | Element): Element[] {
  if (css.trim() === ":scope") return "name" in context ? [context] : [];
  try {
    return selectAll<Node, Element>(css, context as Node);
  } catch (error) {
    throw new Permanent(`extract table "${extract.table}": selector "${css}" is wrong`, {
      cause: error,
    });
  }
}

function readField(field: Field, elements: Element[], base: string): unknown {
  const values = [];
  for (const element of elements) {
    const text =
      field.attr === null ? foldSpace(textOf(element)) : readAttribute(element, field.attr, base);
    if (text !== null) values.push(fieldValue(text, field.as));
    if (!field.many) break;
  }
  return field.many ? values : (values[0] ?? null);
}

// Scripts and styles have no text, unless they are what was asked for (JSON-LD); blocks are parted by a space.
function textOf(element: Element): string {
  if (element.name === "script" || element.name === "style") return DomUtils.textContent(element);
  return element.children.map((child) => shownText(child)).join("");
}

function shownText(node: Node): string {
  if (node.type === ElementType.Text) return node.data;
  if (!("attribs" in node) || node.name === "script" || node.name === "style") return "";
  return inlineTags.has(node.name) ? textOf(node) : ` ${textOf(node)} `;
}

function readAttribute(element: Element, attribute: string, base: string): string | null {
  const name = attribute.toLowerCase();
  const value = element.attribs[name];
  if (value === undefined) return null;
  return urlAttributes.has(name) ? (URL.parse(value, base)?.href ?? value) : foldSpace(value);
}

function baseOf(root: Root, url: string): string {
  const base = DomUtils.findOne(
    (element) => element.name === "base" && "href" in element.attribs,
    root.children,
  );
  return URL.parse(base?.attribs.href ?? "", url)?.href ?? url;
}
