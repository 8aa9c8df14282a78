// The XML forms of a sitemap: urlset, sitemapindex, RSS, RDF and Atom, streamed. Namespaces are not looked at, since real
// sitemaps get them wrong; an element counts by its local name and its parent's, so that the URLs of images, videos and news
// inside an entry are no pages.
import { SaxesParser } from "saxes";
import { lastmodMs } from "./lastmod.ts";
import { LooseAmpersands } from "./loose-ampersands.ts";
import type { SitemapEntry, SitemapKind } from "./sitemap.ts";

type Attributes = Record<string, string>;
type Element = { name: string; text: string };
/** The parts of one entry; `page` may come from the entry's guid, or from the text of an entry without a `loc`. */
type Entry = { loc: string; guid: string; lastmodMs: number | null; alternates: string[] };

const kinds = new Map<string, SitemapKind>([
  ["urlset", "urlset"],
  ["sitemapindex", "index"],
  ["rss", "feed"],
  ["rdf", "feed"],
  ["feed", "feed"],
]);
const entryNames: Record<SitemapKind, readonly string[]> = {
  none: [],
  text: [],
  urlset: ["url"],
  index: ["sitemap"],
  feed: ["item", "entry"],
};
const dateNames = new Set(["lastmod", "pubdate", "date", "updated"]);
const maxDepth = 100;
const maxTextChars = 8_192;
const maxAlternates = 1_000;
/** Faults of one character, after which the parser goes on as if it had not been there. */
const passingFault = /entity|disallowed character/i;

export class SitemapXml {
  kind: SitemapKind = "none";
  /** The first fault that ended the reading. */
  error: string | null = null;
  /** Nothing more is to be had from the text. */
  ended = false;
  readonly #take: (entry: SitemapEntry) => void;
  readonly #parser = new SaxesParser();
  readonly #ampersands = new LooseAmpersands();
  readonly #open: Element[] = [];
  #entry: Entry | null = null;
  #hasEntities = false;

  /** `take` gets each entry as soon as it is whole. */
  constructor(take: (entry: SitemapEntry) => void) {
    this.#take = take;
    this.#parser.on("error", (error) => {
      if (!passingFault.test(error.message)) this.#stop(error.message);
    });
    this.#parser.on("doctype", (doctype) => {
      this.#hasEntities = doctype.includes("<!ENTITY");
    });
    this.#parser.on("opentag", ({ name, attributes }) => this.#opened(localName(name), attributes));
    this.#parser.on("closetag", () => this.#closed());
    this.#parser.on("text", (text) => this.#characters(text));
    this.#parser.on("cdata", (text) => this.#characters(text));
  }

  write(piece: string): void {
    if (!this.ended) this.#parser.write(this.#ampersands.escape(piece));
  }

  close(): void {
    if (!this.ended) this.#parser.write(this.#ampersands.rest());
    if (this.ended) return;
    this.#parser.close();
    // The text of an element is known to be whole once the next tag has begun, even if that one is cut.
    const last = this.#open.at(-1);
    if (last !== undefined && this.#entry !== null) this.#partClosed(last, this.#parentName(-2));
    this.#flush();
  }

  /** Ends the reading; `error` null: there is nothing to read. */
  #stop(error: string | null): void {
    if (!this.ended) this.error = error;
    this.ended = true;
  }

  #opened(name: string, attributes: Attributes): void {
    if (this.ended) return;
    if (this.#open.length === 0) {
      this.kind = kinds.get(name) ?? "none";
      if (this.kind === "none") this.#stop(null);
    }
    if (this.#open.length === maxDepth) this.#stop(`elements are nested deeper than ${maxDepth}`);
    if (this.ended) return;
    if (this.#entry === null && entryNames[this.kind].includes(name))
      this.#entry = { loc: "", guid: "", lastmodMs: null, alternates: [] };
    else if (name === "link" && this.#isPart(-1)) this.#linked(attributes);
    this.#open.push({ name, text: "" });
  }

  /** A link with its URL in an attribute: of an Atom entry, or an alternate of a page (hreflang). */
  #linked({ rel, href }: Attributes): void {
    const entry = this.#entry as Entry;
    const url = (href ?? "").trim();
    const isAlternate = (rel ?? "alternate").toLowerCase().split(/\s+/).includes("alternate");
    if (url === "" || !isAlternate) return;
    if (this.kind === "feed") entry.loc ||= url;
    else if (entry.alternates.length < maxAlternates) entry.alternates.push(url);
  }

  #characters(text: string): void {
    const element = this.#open.at(-1);
    if (!this.ended && element !== undefined && element.text.length < maxTextChars)
      element.text += text;
  }

  #closed(): void {
    const element = this.ended ? undefined : this.#open.pop();
    if (element === undefined || this.#entry === null) return;
    const parent = this.#parentName(-1);
    this.#partClosed(element, parent);
    if (!entryNames[this.kind].includes(element.name) || parent === "loc") return;
    // Some indexes have their URLs right inside an entry.
    if (/^https?:\/\//i.test(element.text.trim())) this.#entry.loc ||= element.text.trim();
    this.#flush();
  }

  #partClosed({ name, text }: Element, parent: string): void {
    const entry = this.#entry as Entry;
    const trimmed = text.trim();
    if (trimmed === "") return;
    const isPart = entryNames[this.kind].includes(parent);
    if (this.kind === "feed") {
      if (isPart && name === "link") entry.loc ||= trimmed;
      if (isPart && name === "guid") entry.guid = trimmed;
    } else if ((isPart && name === "loc") || (parent === "loc" && name === "url")) {
      // An entry with several URLs was not ended in between.
      if (entry.loc !== "") this.#flush(true);
      (this.#entry as Entry).loc = trimmed;
      return;
    }
    if (isPart && dateNames.has(name)) entry.lastmodMs ??= lastmodMs(trimmed);
  }

  /** Gives the entry out; `goesOn`: another one begins in the same element. */
  #flush(goesOn = false): void {
    const entry = this.#entry;
    this.#entry = goesOn ? { loc: "", guid: "", lastmodMs: null, alternates: [] } : null;
    if (entry === null) return;
    const guid = /^https?:\/\//i.test(entry.guid) ? entry.guid : "";
    const loc = entry.loc || guid;
    // What an entity of the document stands for is not read: it may be a file of this machine.
    if (loc === "" || (this.#hasEntities && /&[\w.-]+;/.test(loc))) return;
    const is = this.kind === "index" ? "sitemap" : "page";
    this.#take({ is, loc, lastmodMs: entry.lastmodMs });
    for (const url of entry.alternates) this.#take({ is: "alternate", loc: url, lastmodMs: null });
  }

  #isPart(at: number): boolean {
    return this.#entry !== null && entryNames[this.kind].includes(this.#parentName(at));
  }

  #parentName(at: number): string {
    return this.#open.at(at)?.name ?? "";
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1).toLowerCase();
}
