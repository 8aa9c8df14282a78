// Walks over the tags and texts of an HTML page in one pass, without a tree: time and memory stay linear whatever the page
// nests (parsers with an element stack take seconds for 200,000 open divs). The tokenizer of WHATWG HTML 13.2.5 with the raw
// text states, as with scripting off: what stands inside <noscript> is markup.
import { closeForeign, type ForeignStack, inForeign, openForeign } from "./foreign-content.ts";
import { rawTextEnd, rawTextTags, scriptEnd } from "./raw-text.ts";
import {
  type AttributeName,
  attributeOf,
  isLetter,
  newTag,
  readAttributes,
  readName,
  type Tag,
} from "./read-tag.ts";

/** Reads an attribute of the tag in hand; null without it. */
export type Attribute = (name: AttributeName) => string | null;

export type HtmlVisitor = {
  /** A start tag. `name` is in lower case; `attribute` works during the call only; `foreign`: an SVG or MathML element. */
  open(name: string, attribute: Attribute, foreign: boolean): void;
  /** An end tag, with or without a start tag. */
  close?(name: string): void;
  /** Characters `start` to `end` of the page, undecoded. `within`: the raw text element, `#cdata`, or "" for usual text. */
  text?(start: number, end: number, within: string): void;
};

type Walk = {
  html: string;
  visitor: HtmlVisitor;
  tag: Tag;
  foreign: ForeignStack;
  attribute: Attribute;
};

const less = 0x3c;
const greater = 0x3e;

/**
 * Calls the visitor for every tag and text of the page, in order. An unfinished tag or comment at the end is left out.
 * `decode`: from the page's encoding, when `html` is its bytes as latin1; for values of attributes, not for texts.
 */
export function walkHtml(
  html: string,
  visitor: HtmlVisitor,
  decode: ((bytes: string) => string) | null = null,
): void {
  const tag = newTag();
  const attribute: Attribute = (name) => attributeOf(html, tag, name, decode);
  const walk: Walk = { html, visitor, tag, foreign: [], attribute };
  let textStart = 0;
  let at = html.indexOf("<");
  while (at >= 0) {
    const end = markupEnd(walk, at, textStart);
    if (end < 0) return;
    if (end > 0) textStart = end;
    // Rows of `<`, which begin nothing, are passed here at the speed of a loop.
    at = end > 0 ? end : at + 1;
    if (html.charCodeAt(at) !== less) at = html.indexOf("<", at);
  }
  if (textStart < html.length) visitor.text?.(textStart, html.length, "");
}

// Takes in the markup that starts at `at`: the offset after it, 0 when none starts there, -1 when the page ends inside.
function markupEnd(walk: Walk, at: number, textStart: number): number {
  const { html, visitor } = walk;
  const next = html.charCodeAt(at + 1);
  const isClosing = next === 0x2f;
  if (!isLetter(next) && next !== 0x21 && next !== 0x3f && (!isClosing || at + 2 >= html.length))
    return 0;
  if (at > textStart) visitor.text?.(textStart, at, "");
  if (isLetter(next)) return opened(walk, at);
  if (isClosing && isLetter(html.charCodeAt(at + 2))) return closed(walk, at);
  return declared(walk, at);
}

function opened({ html, visitor, tag, foreign, attribute }: Walk, at: number): number {
  const nameEnd = readName(html, at + 1, tag);
  const end = readAttributes(html, nameEnd, tag);
  if (end < 0) return end;
  const isForeign = openForeign(foreign, tag.name, tag.selfClosing, attribute);
  visitor.open(tag.name, attribute, isForeign);
  if (isForeign || !rawTextTags.has(tag.name)) return end;
  return skipRawText(html, tag.name, end, visitor);
}

function closed({ html, visitor, tag, foreign }: Walk, at: number): number {
  const nameEnd = readName(html, at + 2, tag);
  const end =
    html.charCodeAt(nameEnd) === greater ? nameEnd + 1 : readAttributes(html, nameEnd, tag);
  if (end < 0) return end;
  if (foreign.length > 0) closeForeign(foreign, tag.name);
  visitor.close?.(tag.name);
  return end;
}

function declared({ html, visitor, foreign }: Walk, at: number): number {
  const isCdata = inForeign(foreign) && html.startsWith("<![CDATA[", at);
  return isCdata ? skipCdata(html, at, visitor) : commentEnd(html, at);
}

// Comments, doctypes, processing instructions and `</` before no letter; the offset after it, -1 when it does not end.
function commentEnd(html: string, at: number): number {
  if (!html.startsWith("<!--", at)) return html.indexOf(">", at) + 1 || -1;
  if (html.startsWith(">", at + 4)) return at + 5;
  if (html.startsWith("->", at + 4)) return at + 6;
  const end = /--!?>/g;
  end.lastIndex = at + 4;
  return end.test(html) ? end.lastIndex : -1;
}

function skipCdata(html: string, at: number, visitor: HtmlVisitor): number {
  const close = html.indexOf("]]>", at + 9);
  visitor.text?.(at + 9, close < 0 ? html.length : close, "#cdata");
  return close < 0 ? -1 : close + 3;
}

// Where to go on after the start tag of a raw text element: at its end tag.
function skipRawText(html: string, name: string, start: number, visitor: HtmlVisitor): number {
  const end = name === "script" ? scriptEnd(html, start) : rawTextEnd(html, name, start);
  visitor.text?.(start, end < 0 ? html.length : end, name);
  return end;
}
