// Walks over the tags and texts of an HTML page in one pass, without a tree: time and memory stay linear whatever the page
// nests (parsers with an element stack take seconds for 200,000 open divs). The tokenizer of WHATWG HTML 13.2.5 with the raw
// text states, as with scripting off: what stands inside <noscript> is markup.
import { closeForeign, type ForeignStack, inForeign, openForeign } from "./foreign-content.ts";
import { attributeOf, isLetter, readTag, type Tag } from "./read-tag.ts";

export type HtmlVisitor = {
  /** A start tag. `name` is in lower case; `attribute` works during the call only; `foreign`: an SVG or MathML element. */
  open(name: string, attribute: (name: string) => string | null, foreign: boolean): void;
  /** An end tag, with or without a start tag. */
  close(name: string): void;
  /** Characters `start` to `end` of the page, undecoded. `within`: the raw text element, `#cdata`, or "" for usual text. */
  text(start: number, end: number, within: string): void;
};

type Walk = {
  html: string;
  visitor: HtmlVisitor;
  tag: Tag;
  foreign: ForeignStack;
  attribute: (name: string) => string | null;
};

const rawText = new Set([
  "script",
  "style",
  "textarea",
  "title",
  "xmp",
  "iframe",
  "noembed",
  "noframes",
]);
const rawEnds = new Map(
  [...rawText].map((name) => [name, new RegExp(`</${name}[\\t\\n\\f\\r />]`, "gi")]),
);

/** Calls the visitor for every tag and text of the page, in order. An unfinished tag or comment at the end is left out. */
export function walkHtml(html: string, visitor: HtmlVisitor): void {
  const tag: Tag = { name: "", selfClosing: false, marks: [] };
  const walk: Walk = {
    html,
    visitor,
    tag,
    foreign: [],
    attribute: (name) => attributeOf(html, tag, name),
  };
  let textStart = 0;
  let at = html.indexOf("<");
  while (at >= 0) {
    const kind = markupKind(html, at);
    if (kind === "text") {
      at = html.indexOf("<", at + 1);
      continue;
    }
    if (at > textStart) visitor.text(textStart, at, "");
    const end =
      kind === "open" ? opened(walk, at) : kind === "close" ? closed(walk, at) : declared(walk, at);
    if (end < 0) return;
    textStart = end;
    at = html.indexOf("<", end);
  }
  if (textStart < html.length) visitor.text(textStart, html.length, "");
}

// Each of these takes in what starts at `at`: the offset after it, or -1 when the page ends before.
function opened({ html, visitor, tag, foreign, attribute }: Walk, at: number): number {
  const end = readTag(html, at + 1, tag);
  if (end < 0) return end;
  const isForeign = openForeign(foreign, tag.name, tag.selfClosing, attribute);
  visitor.open(tag.name, attribute, isForeign);
  return isForeign ? end : skipRawText(html, tag.name, end, visitor);
}

function closed({ html, visitor, tag, foreign }: Walk, at: number): number {
  const end = readTag(html, at + 2, tag);
  if (end < 0) return end;
  closeForeign(foreign, tag.name);
  visitor.close(tag.name);
  return end;
}

function declared({ html, visitor, foreign }: Walk, at: number): number {
  const isCdata = inForeign(foreign) && html.startsWith("<![CDATA[", at);
  return isCdata ? skipCdata(html, at, visitor) : commentEnd(html, at);
}

function markupKind(html: string, at: number): "open" | "close" | "comment" | "text" {
  const next = html.charCodeAt(at + 1);
  if (isLetter(next)) return "open";
  if (next === 0x21 || next === 0x3f) return "comment";
  if (next !== 0x2f || at + 2 >= html.length) return "text";
  return isLetter(html.charCodeAt(at + 2)) ? "close" : "comment";
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
  visitor.text(at + 9, close < 0 ? html.length : close, "#cdata");
  return close < 0 ? -1 : close + 3;
}

// Where to go on after a start tag: at the end tag of a raw text element, whose text is reported; else right there.
function skipRawText(html: string, name: string, start: number, visitor: HtmlVisitor): number {
  if (name !== "plaintext" && !rawText.has(name)) return start;
  const end =
    name === "plaintext"
      ? -1
      : name === "script"
        ? scriptEnd(html, start)
        : rawTextEnd(html, name, start);
  visitor.text(start, end < 0 ? html.length : end, name);
  return end;
}

function rawTextEnd(html: string, name: string, start: number): number {
  const pattern = rawEnds.get(name);
  if (pattern === undefined) return -1;
  pattern.lastIndex = start;
  return pattern.exec(html)?.index ?? -1;
}

// 13.2.5.15 to .31: inside `<!-- ... -->` of a script, `<script>` hides the next `</script>`.
function scriptEnd(html: string, start: number): number {
  const mark = /<!--|-->|<(\/?)script[\t\n\f\r />]/gi;
  mark.lastIndex = start;
  let state: "plain" | "escaped" | "double" = "plain";
  for (let found = mark.exec(html); found !== null; found = mark.exec(html)) {
    if (found[0] === "<!--") {
      if (state === "plain") state = "escaped";
      // The two dashes may be those of the closing `-->`.
      mark.lastIndex = found.index + 2;
    } else if (found[0] === "-->") state = "plain";
    else if (found[1] === "/") {
      if (state !== "double") return found.index;
      state = "escaped";
    } else if (state === "escaped") state = "double";
  }
  return -1;
}
