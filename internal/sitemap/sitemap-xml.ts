// The XML forms of a sitemap: urlset, sitemapindex, RSS, RDF and Atom, streamed. Namespaces are not looked at, since real
// sitemaps get them wrong; an element counts by its local name and its parent's.
import { SaxesParser } from "saxes";

/** A page named by a sitemap: `lastmod` as written (a feed's dates too), or null. */
export type SitemapUrl = { loc: string; lastmod: string | null };

/**
 * `none`: not a sitemap at all. `urls` and `sitemaps` (further sitemaps, of an index) are as written, not resolved. `error`:
 * why there may be more than was read, with the sitemap's URL; what came before the fault is kept.
 */
export type Sitemap = {
  kind: "urlset" | "index" | "text" | "feed" | "none";
  urls: SitemapUrl[];
  sitemaps: string[];
  error: string | null;
};

type Element = { name: string; text: string };
type Attributes = Record<string, string>;

const kinds: Record<string, Sitemap["kind"]> = {
  urlset: "urlset",
  sitemapindex: "index",
  rss: "feed",
  rdf: "feed",
  feed: "feed",
};
const entryNames = new Set(["url", "sitemap", "item", "entry"]);
const dateNames = new Set(["lastmod", "pubdate", "date", "updated"]);
const chunkChars = 65_536;
const maxDepth = 100;
const maxTextChars = 8_192;

/** Reads the text of an XML sitemap, up to its first fault or `maxUrls` entries; `error` then says which. Never throws. */
export function readSitemapXml(text: string, maxUrls: number): Sitemap {
  const reader = new SitemapReader(maxUrls);
  const xml = escapeLooseAmpersands(text);
  for (let at = 0; at < xml.length && !reader.ended; at += chunkChars)
    reader.write(xml.slice(at, at + chunkChars));
  return reader.close();
}

// An "&" of a query that nobody escaped is the commonest fault of sitemaps, and it is clear what was meant. Where there are
// CDATA sections, in which it is none, the text stays as it is.
function escapeLooseAmpersands(text: string): string {
  if (!text.includes("&") || text.includes("<![CDATA[")) return text;
  return text.replace(/&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-f]{1,6});)/gi, "&amp;");
}

class SitemapReader {
  readonly #sitemap: Sitemap = { kind: "none", urls: [], sitemaps: [], error: null };
  readonly #parser = new SaxesParser();
  readonly #open: Element[] = [];
  readonly #maxUrls: number;
  #loc = "";
  #lastmod: string | null = null;
  /** Nothing more is to be had from the text. */
  ended = false;

  constructor(maxUrls: number) {
    this.#maxUrls = maxUrls;
    this.#parser.on("error", (error) => this.#stop(error.message));
    this.#parser.on("opentag", ({ name, attributes }) => this.#opened(localName(name), attributes));
    this.#parser.on("closetag", () => this.#closed());
    this.#parser.on("text", (text) => this.#characters(text));
    this.#parser.on("cdata", (text) => this.#characters(text));
  }

  write(xml: string): void {
    this.#parser.write(xml);
  }

  close(): Sitemap {
    if (!this.ended) this.#parser.close();
    return this.#sitemap;
  }

  #stop(error: string | null): void {
    if (!this.ended) this.#sitemap.error = error;
    this.ended = true;
  }

  #opened(name: string, attributes: Attributes): void {
    if (this.ended) return;
    if (this.#open.length === 0) {
      this.#sitemap.kind = Object.hasOwn(kinds, name) ? (kinds[name] ?? "none") : "none";
      if (this.#sitemap.kind === "none") this.#stop(null);
    }
    if (this.#open.length === maxDepth) this.#stop(`elements are nested deeper than ${maxDepth}`);
    if (this.ended) return;
    if (entryNames.has(name)) {
      this.#loc = "";
      this.#lastmod = null;
    }
    const inEntry = this.#open.at(-1)?.name === "entry";
    if (inEntry && name === "link" && (attributes.rel ?? "alternate") === "alternate") {
      this.#loc ||= (attributes.href ?? "").trim();
    }
    this.#open.push({ name, text: "" });
  }

  #characters(text: string): void {
    const element = this.#open.at(-1);
    if (!this.ended && element !== undefined && element.text.length < maxTextChars)
      element.text += text;
  }

  #closed(): void {
    const element = this.ended ? undefined : this.#open.pop();
    if (element === undefined) return;
    const parent = this.#open.at(-1)?.name ?? "";
    if (entryNames.has(element.name)) this.#entryClosed(element.name);
    else if (entryNames.has(parent)) this.#partClosed(element, parent);
  }

  #partClosed({ name, text }: Element, parent: string): void {
    const locName = parent === "item" ? "link" : "loc";
    if (parent !== "entry" && name === locName) this.#loc ||= text.trim();
    else if (dateNames.has(name)) this.#lastmod ??= text.trim() || null;
  }

  #entryClosed(name: string): void {
    const { urls, sitemaps } = this.#sitemap;
    if (this.#loc === "") return;
    if (urls.length + sitemaps.length === this.#maxUrls) {
      this.#stop(`it has more than ${this.#maxUrls} URLs; the rest is not read`);
    } else if (name === "sitemap") sitemaps.push(this.#loc);
    else urls.push({ loc: this.#loc, lastmod: this.#lastmod });
    this.#loc = "";
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1).toLowerCase();
}
