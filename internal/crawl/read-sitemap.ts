// From a sitemap to the links that follow from it, within limits: for one sitemap those of sitemaps.org, for a source how many
// there may be, how deep indexes nest, and how much is unpacked in all. What is beyond them is counted by its reason.

import type { FrontierLink } from "../model/link.ts";
import { parseSitemap, type SitemapEntry } from "../sitemap/sitemap.ts";
import { resolverOf, type UrlResolver } from "../url/resolver.ts";
import { canonicalUrl } from "../url/url.ts";
import type { PageRules } from "./page-rules.ts";
import type { Reading } from "./read-answer.ts";

/** What the sitemaps of one source have come to with this owner. */
export type SitemapsSpent = { count: number; sizeBytes: number };

const maxDepth = 5;
/** As many as one index names; and ten thousand times what one of them may hold at the median of real ones (1 MB). */
const maxSitemaps = 50_000;
const maxTotalBytes = 10 * 1024 ** 3;
/** Pages in other languages that one sitemap names. */
const maxAlternates = 50_000;

/**
 * Pages and further sitemaps that a sitemap names, in scope, each once; adds to `spent`. Others have their turn while it
 * reads. The error, if any, is why there may be more.
 */
export async function readSitemap(
  link: FrontierLink,
  body: Uint8Array,
  rules: Pick<PageRules, "outOfScope" | "urls">,
  spent: SitemapsSpent,
): Promise<Reading> {
  const reading = new SitemapReading(link, rules);
  spent.count += 1;
  if (spent.count > maxSitemaps) reading.drop("sitemap: too many");
  else if (spent.sizeBytes > maxTotalBytes) reading.drop("sitemap: too many bytes");
  else {
    const end = await parseSitemap(body, link.url, (entry) => reading.take(entry));
    spent.sizeBytes += end.sizeBytes;
    if (end.limit !== null) reading.drop(`sitemap: too many ${end.limit}`);
    return reading.end(end.error);
  }
  return reading.end(null);
}

class SitemapReading {
  readonly #sitemap: FrontierLink;
  readonly #rules: Pick<PageRules, "outOfScope" | "urls">;
  readonly #resolve: UrlResolver;
  readonly #links = new Map<string, FrontierLink>();
  readonly #drops: Record<string, number> = {};
  #alternates = 0;

  constructor(sitemap: FrontierLink, rules: Pick<PageRules, "outOfScope" | "urls">) {
    this.#sitemap = sitemap;
    this.#rules = rules;
    this.#resolve = resolverOf(sitemap.url, rules.urls);
  }

  drop(reason: string): void {
    this.#drops[reason] = (this.#drops[reason] ?? 0) + 1;
  }

  take({ is, loc, lastmodMs }: SitemapEntry): void {
    const url = is === "sitemap" ? canonicalUrl(loc, this.#sitemap.url) : this.#resolve(loc);
    // The same page as an app, and the like.
    if (url === null && is === "alternate") return;
    if (url === null) this.drop("bad url");
    else this.#takeUrl(is, url, lastmodMs);
  }

  #takeUrl(is: SitemapEntry["is"], url: string, lastmodMs: number | null): void {
    const known = this.#links.get(url);
    if (known !== undefined) {
      if (lastmodMs !== null) known.lastmodMs ??= lastmodMs;
      return;
    }
    const reason = this.#whyNot(is, url);
    if (reason !== null) {
      this.drop(reason);
      return;
    }
    this.#links.set(url, {
      url,
      source: this.#sitemap.source,
      kind: is === "sitemap" ? "sitemap" : "page",
      depth: is === "sitemap" ? this.#sitemap.depth + 1 : 1,
      priority: 1,
      via: this.#sitemap.url,
      ...(lastmodMs === null ? {} : { lastmodMs }),
    });
  }

  end(error: string | null): Reading {
    return { links: [...this.#links.values()], error, drops: this.#drops };
  }

  #whyNot(is: SitemapEntry["is"], url: string): string | null {
    if (is === "sitemap") return this.#sitemap.depth < maxDepth ? null : "sitemap: too deep";
    const reason = this.#rules.outOfScope(url, 1);
    if (reason !== null || is === "page") return reason;
    this.#alternates += 1;
    return this.#alternates > maxAlternates ? "sitemap: too many urls" : null;
  }
}
