// Where a page is inside SVG or MathML: there `<script>`, `<style>` and `<title>` hold markup, and CDATA sections exist. Kept
// as the few open elements that decide it, so that no tree is needed (WHATWG HTML 13.2.6.5, simplified).

import type { AttributeName } from "./read-tag.ts";

/** Open elements that switch between HTML and foreign content, innermost last. */
export type ForeignStack = string[];

type Attribute = (name: AttributeName) => string | null;

const roots = new Set(["svg", "math"]);
const svgIslands = new Set(["foreignobject", "desc", "title"]);
const mathIslands = new Set(["mi", "mo", "mn", "ms", "mtext"]);
const breakouts = new Set(
  (
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr " +
    "ol p pre ruby s small span strong strike sub sup table tt u ul var"
  ).split(" "),
);
const fontAttributes = ["color", "face", "size"] as const;
// Deeper nesting is only found in attacks; a stack without a limit would make closing tags quadratic.
const maxDepth = 256;

/** Whether markup is read by the rules of foreign content just now. */
export function inForeign(stack: ForeignStack): boolean {
  return stack.length > 0 && roots.has(stack[stack.length - 1] as string);
}

/**
 * Takes a start tag into account. True when the element itself is foreign. `attribute` reads the tag's attributes.
 */
export function openForeign(
  stack: ForeignStack,
  name: string,
  selfClosing: boolean,
  attribute: Attribute,
): boolean {
  if (inForeign(stack) && breaksOut(name, attribute)) while (inForeign(stack)) stack.pop();
  const inside = inForeign(stack);
  const foreign = inside || roots.has(name);
  if (
    foreign &&
    !selfClosing &&
    stack.length < maxDepth &&
    switches(stack, name, inside, attribute)
  ) {
    stack.push(name);
  }
  return foreign;
}

/** Takes an end tag into account. */
export function closeForeign(stack: ForeignStack, name: string): void {
  if (stack.length === 0) return;
  if (inForeign(stack) && (name === "p" || name === "br")) {
    while (inForeign(stack)) stack.pop();
    return;
  }
  const at = stack.lastIndexOf(name);
  if (at >= 0) stack.length = at;
}

function breaksOut(name: string, attribute: Attribute): boolean {
  if (breakouts.has(name)) return true;
  return name === "font" && fontAttributes.some((part) => attribute(part) !== null);
}

function switches(
  stack: ForeignStack,
  name: string,
  inside: boolean,
  attribute: Attribute,
): boolean {
  if (roots.has(name)) return true;
  if (!inside) return false;
  if (stack.at(-1) === "svg") return svgIslands.has(name);
  if (name === "annotation-xml") {
    return /^(text\/html|application\/xhtml\+xml)$/i.test(attribute("encoding") ?? "");
  }
  return mathIslands.has(name);
}
