// A whole sitemap at once, for tests.
import {
  parseSitemap,
  type SitemapEnd,
  type SitemapEntry,
} from "../../internal/sitemap/sitemap.ts";

export type ReadSitemap = Pick<SitemapEnd, "kind" | "error" | "limit"> & {
  /** With ` @<ISO date>` behind each that has one. */
  pages: string[];
  alternates: string[];
  sitemaps: string[];
};

/** Reads a sitemap at `https://site.example/sitemap.xml`. */
export async function readWholeSitemap(body: string | Uint8Array): Promise<ReadSitemap> {
  const entries: SitemapEntry[] = [];
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const take = (entry: SitemapEntry) => entries.push(entry);
  const end = await parseSitemap(bytes, "https://site.example/sitemap.xml", take);
  const those = (is: SitemapEntry["is"]) => entries.filter((entry) => entry.is === is).map(shown);
  return {
    kind: end.kind,
    error: end.error,
    limit: end.limit,
    pages: those("page"),
    alternates: those("alternate"),
    sitemaps: those("sitemap"),
  };
}

function shown({ loc, lastmodMs }: SitemapEntry): string {
  return lastmodMs === null ? loc : `${loc} @${new Date(lastmodMs).toISOString()}`;
}
