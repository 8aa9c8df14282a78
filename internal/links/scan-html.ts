// The links of an HTML page, and what the page says about itself, in one linear pass (crawling spends most of its CPU here).
import { foldSpace } from "../extract/fold-space.ts";
import { resolverOf } from "../url/resolver.ts";
import type { UrlRules } from "../url/url-rules.ts";
import { decodeText } from "./char-references.ts";
import { refreshUrl } from "./meta-refresh.ts";
import { srcsetUrls } from "./srcset.ts";
import { walkHtml } from "./walk-html.ts";

/** A link as written: tab, CR and LF taken out, spaces around it too. `rel` in lower case; `tag` `meta` is a refresh. */
export type HtmlLink = { href: string; rel: string; tag: string };

/** `base`: the first `<base href>`. `robotsMeta`: contents of `<meta name=robots>`. `refresh`: URL of the first refresh. */
export type HtmlScan = {
  base: string | null;
  title: string;
  links: HtmlLink[];
  robotsMeta: string[];
  refresh: string | null;
};

type Attribute = (name: string) => string | null;

const urlAttributes: Record<string, string> = {
  a: "href",
  area: "href",
  link: "href",
  iframe: "src",
  frame: "src",
  img: "src",
  source: "src",
};
const followedTags = new Set(["a", "area", "iframe", "frame", "meta"]);
const followedRels = new Set(["next", "prev", "canonical", "alternate"]);

/**
 * Scans decoded HTML. Links of a, area, link, iframe, frame, form (GET only), img and source (`srcset` too) and meta
 * refresh, in document order, as a reader without scripting sees them. Never throws; linear in the length.
 */
export function scanHtml(html: string): HtmlScan {
  const scan: HtmlScan = { base: null, title: "", links: [], robotsMeta: [], refresh: null };
  let titleSeen = false;
  walkHtml(html, {
    open(name, attribute, foreign) {
      if (foreign) addForeign(scan, name, attribute);
      else if (name === "base") scan.base ??= cleanUrl(attribute("href"));
      else if (name === "meta") addMeta(scan, attribute);
      else addLinks(scan, name, attribute);
    },
    close() {},
    text(start, end, within) {
      if (within !== "title" || titleSeen) return;
      titleSeen = true;
      scan.title = foldSpace(decodeText(html.slice(start, end)));
    },
  });
  return scan;
}

/**
 * URLs a crawler may follow from the page: canonical by the rules, absolute by the page's base, in document order, each once.
 * Links of a, area, iframe, frame, meta refresh, and of link with rel next, prev, canonical or alternate.
 */
export function pageLinks(scan: HtmlScan, pageUrl: string, rules?: UrlRules): string[] {
  const resolve = resolverOf(baseUrl(scan.base, pageUrl), rules);
  const urls = new Set<string>();
  for (const link of scan.links) {
    const url = isFollowed(link) ? resolve(link.href) : null;
    if (url !== null) urls.add(url);
  }
  return [...urls];
}

// WHATWG HTML 2.4.3: a base that is no URL, or one of data: or javascript:, does not count.
function baseUrl(base: string | null, pageUrl: string): string {
  const url = base === null ? null : URL.parse(base, pageUrl);
  if (url === null || url.protocol === "data:" || url.protocol === "javascript:") return pageUrl;
  return url.href;
}

function isFollowed({ tag, rel }: HtmlLink): boolean {
  if (tag !== "link") return followedTags.has(tag);
  const rels = rel.split(/\s+/);
  return rels.some((word) => followedRels.has(word)) && !rels.includes("stylesheet");
}

function addLinks(scan: HtmlScan, tag: string, attribute: Attribute): void {
  if (tag === "form") {
    const method = attribute("method")?.toLowerCase();
    if (method !== "post" && method !== "dialog") addLink(scan, tag, attribute("action"), "");
    return;
  }
  const source = Object.hasOwn(urlAttributes, tag) ? urlAttributes[tag] : undefined;
  if (source === undefined) return;
  addLink(scan, tag, attribute(source), attribute("rel") ?? "");
  if (tag !== "img" && tag !== "source") return;
  for (const url of srcsetUrls(attribute("srcset") ?? "")) addLink(scan, tag, url, "");
}

// The links of SVG; older files write xlink:href.
function addForeign(scan: HtmlScan, tag: string, attribute: Attribute): void {
  if (tag === "a")
    addLink(scan, tag, attribute("href") ?? attribute("xlink:href"), attribute("rel") ?? "");
}

function addMeta(scan: HtmlScan, attribute: Attribute): void {
  const content = attribute("content");
  if (content === null) return;
  if (attribute("name")?.trim().toLowerCase() === "robots") scan.robotsMeta.push(content);
  if (scan.refresh !== null || attribute("http-equiv")?.trim().toLowerCase() !== "refresh") return;
  scan.refresh = cleanUrl(refreshUrl(content));
  addLink(scan, "meta", scan.refresh, "");
}

function addLink(scan: HtmlScan, tag: string, text: string | null, rel: string): void {
  const href = cleanUrl(text);
  if (href !== null) scan.links.push({ href, rel: rel.toLowerCase(), tag });
}

// WHATWG URL 4.4, the first steps: C0 controls and spaces around it go, tabs and newlines in it too. A loop, because a
// pattern for the end of a text is quadratic on long runs of spaces.
function cleanUrl(text: string | null): string | null {
  if (text === null) return null;
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return text.slice(start, end).replace(/[\t\n\r]/g, "");
}
