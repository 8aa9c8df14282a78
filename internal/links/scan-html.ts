// The links of an HTML page, and what the page says about itself, in one linear pass (crawling spends most of its CPU here).
import { foldSpace } from "../extract/fold-space.ts";
import { decodeText } from "./char-references.ts";
import { markupOf } from "./markup.ts";
import { refreshUrl } from "./meta-refresh.ts";
import type { RobotsMeta } from "./robots-directives.ts";
import { srcsetUrls } from "./srcset.ts";
import { type Attribute, type HtmlVisitor, walkHtml } from "./walk-html.ts";

/** A link as written: tab, CR and LF taken out, spaces around it too. `rel` in lower case; `tag` `meta` is a refresh. */
export type HtmlLink = { href: string; rel: string; tag: string };

/**
 * `charset`: WHATWG name of the encoding of the bytes, "" for text. `base`: the first `<base href>`. `robotsMeta`: each `<meta>`
 * that forbids robots something. `refresh`: URL of the first refresh. `leftOut`: links beyond the first 100,000.
 */
export type HtmlScan = {
  charset: string;
  base: string | null;
  title: string;
  links: HtmlLink[];
  leftOut: number;
  robotsMeta: RobotsMeta[];
  refresh: string | null;
};

// What 64 MiB written by a stranger may leave in memory.
const maxLinks = 100_000;
const maxRobotsMetas = 1_000;
const maxTitleChars = 64 * 1024;

/** Scans decoded HTML; see `scanPage`. */
export function scanHtml(html: string): HtmlScan {
  return scanMarkup(html, null, "");
}

/**
 * Scans the bytes of a page in the encoding of that WHATWG name. Links of a, area, link, iframe, frame, form (GET only), img
 * and source (`srcset` too) and meta refresh, in document order, as a reader without scripting sees them. Never throws;
 * linear in the length.
 */
export function scanPage(body: Buffer, charset: string): HtmlScan {
  const { markup, decode } = markupOf(body, charset);
  return scanMarkup(markup, decode, charset);
}

function scanMarkup(
  html: string,
  decode: ((bytes: string) => string) | null,
  charset: string,
): HtmlScan {
  const scan: HtmlScan = {
    charset,
    base: null,
    title: "",
    links: [],
    leftOut: 0,
    robotsMeta: [],
    refresh: null,
  };
  let titleSeen = false;
  const visitor: HtmlVisitor = {
    open(name, attribute, foreign) {
      if (foreign) addForeign(scan, name, attribute);
      else addLinks(scan, name, attribute);
    },
    text(start, end, within) {
      if (within !== "title" || titleSeen) return;
      titleSeen = true;
      const title = html.slice(start, Math.min(end, start + maxTitleChars));
      scan.title = foldSpace(decodeText(decode === null ? title : decode(title)));
    },
  };
  walkHtml(html, visitor, decode);
  return scan;
}

function addLinks(scan: HtmlScan, tag: string, attribute: Attribute): void {
  switch (tag) {
    case "a":
    case "area":
    case "link":
      addLink(scan, tag, attribute("href"), attribute("rel"));
      break;
    case "iframe":
    case "frame":
      addLink(scan, tag, attribute("src"), null);
      break;
    case "img":
    case "source":
      addImages(scan, tag, attribute);
      break;
    case "image":
      // WHATWG HTML 13.2.6.4.7: the standard says not to ask.
      addImages(scan, "img", attribute);
      break;
    case "form": {
      const method = attribute("method")?.toLowerCase();
      if (method !== "post" && method !== "dialog")
        addLink(scan, tag, attribute("action"), attribute("rel"));
      break;
    }
    case "base":
      scan.base ??= cleanUrl(attribute("href"));
      break;
    case "meta":
      addMeta(scan, attribute);
      break;
  }
}

function addImages(scan: HtmlScan, tag: string, attribute: Attribute): void {
  addLink(scan, tag, attribute("src"), null);
  const srcset = attribute("srcset");
  if (srcset === null) return;
  for (const url of srcsetUrls(srcset)) addLink(scan, tag, url, null);
}

// The links of SVG; older files write xlink:href.
function addForeign(scan: HtmlScan, tag: string, attribute: Attribute): void {
  if (tag === "a")
    addLink(scan, tag, attribute("href") ?? attribute("xlink:href"), attribute("rel"));
}

function addMeta(scan: HtmlScan, attribute: Attribute): void {
  const content = attribute("content");
  if (content === null) return;
  const name = attribute("name")?.trim().toLowerCase();
  const isForRobots = name && /no(?:index|follow|ne)/i.test(content);
  if (isForRobots && scan.robotsMeta.length < maxRobotsMetas)
    scan.robotsMeta.push({ name, content });
  if (scan.refresh !== null || attribute("http-equiv")?.trim().toLowerCase() !== "refresh") return;
  scan.refresh = cleanUrl(refreshUrl(content));
  addLink(scan, "meta", scan.refresh, null);
}

function addLink(scan: HtmlScan, tag: string, text: string | null, rel: string | null): void {
  const href = cleanUrl(text);
  if (href === null) return;
  if (scan.links.length >= maxLinks) scan.leftOut += 1;
  else scan.links.push({ href, rel: rel === null ? "" : rel.toLowerCase(), tag });
}

// WHATWG URL 4.4, the first steps: C0 controls and spaces around it go, tabs and newlines in it too. A loop, because a
// pattern for the end of a text is quadratic on long runs of spaces.
function cleanUrl(text: string | null): string | null {
  if (text === null) return null;
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  const clean = text.slice(start, end);
  return /[\t\n\r]/.test(clean) ? clean.replace(/[\t\n\r]/g, "") : clean;
}
