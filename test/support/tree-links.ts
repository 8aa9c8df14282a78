// The links of a page by the oracle: a tree built as browsers do with scripting off (parse5), then read by the definitions of
// the HTML standard. Slow, and with none of our scanner in it.
import { type DefaultTreeAdapterTypes, parse } from "parse5";

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/** Each link as `tag href`, as `scanHtml` names them, in document order; and the base. */
export type TreeLinks = { links: string[]; base: string | null };

const hrefOf: Record<string, string> = {
  a: "href",
  area: "href",
  link: "href",
  iframe: "src",
  frame: "src",
  img: "src",
  source: "src",
};
const htmlNamespace = "http://www.w3.org/1999/xhtml";

export function treeLinks(html: string): TreeLinks {
  const found: TreeLinks = { links: [], base: null };
  // A stack, since a page may nest deeper than calls may.
  const left: Node[] = [parse(html, { scriptingEnabled: false })];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if ("attrs" in node) addElement(found, node);
    const children = "childNodes" in node ? node.childNodes : [];
    for (let index = children.length - 1; index >= 0; index -= 1)
      left.push(children[index] as Node);
    // What is in a template counts as found: a reader may be shown it.
    if ("content" in node) left.push(node.content);
  }
  return found;
}

function addElement(found: TreeLinks, element: Element): void {
  const { tagName, namespaceURI } = element;
  const add = (href: string | null) => {
    if (href !== null) found.links.push(`${tagName} ${cleaned(href)}`);
  };
  if (namespaceURI !== htmlNamespace) {
    if (tagName === "a")
      add(attributeValue(element, "href") ?? attributeValue(element, "href", "xlink"));
    return;
  }
  const name = hrefOf[tagName];
  if (name !== undefined) add(attributeValue(element, name));
  if (tagName === "img" || tagName === "source")
    for (const url of candidates(attributeValue(element, "srcset") ?? "")) add(url);
  const method = attributeValue(element, "method")?.toLowerCase() ?? "";
  if (tagName === "form" && method !== "post" && method !== "dialog")
    add(attributeValue(element, "action"));
  const href = tagName === "base" ? attributeValue(element, "href") : null;
  if (href !== null) found.base ??= cleaned(href);
}

function attributeValue({ attrs }: Element, name: string, prefix?: string): string | null {
  const found = attrs.find((attr) => attr.name === name && (attr.prefix || undefined) === prefix);
  return found?.value ?? null;
}

// WHATWG URL 4.4: what a URL parser takes away before it begins.
function cleaned(href: string): string {
  return href.replace(/^[\0-\x20]+|(?<![\0-\x20])[\0-\x20]+$/g, "").replace(/[\t\n\r]/g, "");
}

// A srcset without parentheses in its descriptors, which are the rule.
function candidates(srcset: string): string[] {
  return srcset
    .split(/\s*,\s+|\s+(?:[\d.]+[wxh]\s*)+(?:,|$)|,+$/)
    .map((part) => part.trim().replace(/^,+/, ""))
    .filter((part) => part !== "");
}
