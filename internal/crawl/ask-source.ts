// How a source wants to be asked: URL, headers, credentials, and the sitemaps it begins with. Pure.
import type { FrontierLink } from "../model/link.ts";
import type { Pipeline } from "../model/pipeline.ts";
import { bodyText } from "../paging/api-request.ts";
import { withParams } from "../paging/query-params.ts";
import type { Robots } from "../robots/robots.ts";
import { originOf } from "../url/url.ts";
import { authHeaders, withQueryAuth } from "./api-page.ts";
import type { Crawlable } from "./may-fetch.ts";

/** The URL to ask, with the source's credentials if they go into the query. */
export function askUrl(link: FrontierLink, source: Crawlable): string {
  if (!isNamed(link, source)) return link.url;
  const url = withQueryAuth(link.url, source.auth);
  if (source.kind === "web" || source.secretParams.length === 0) return url;
  const { params, secretParams } = source;
  return withParams(
    url,
    Object.fromEntries(secretParams.map((name) => [name, params[name] ?? ""])),
  );
}

export function askHeaders(
  link: FrontierLink,
  source: Crawlable,
  userAgent: string,
): Record<string, string> {
  const own = isNamed(link, source) ? { ...source.headers, ...authHeaders(source.auth) } : {};
  const agent = { "user-agent": agentOf(source, userAgent) };
  if (link.ask === undefined) return { ...agent, ...own };
  const posted = link.ask.body === undefined ? {} : { "content-type": "application/json" };
  return { ...agent, ...withoutCase(posted, own), ...own, ...link.ask.headers };
}

/** What to POST; null: a GET. */
export function askBody(link: FrontierLink, source: Crawlable): string | null {
  return source.kind === "api" && isNamed(link, source) ? bodyText(source, link.ask) : null;
}

/** `headers` but for those that `others` have, in any case. */
function withoutCase(
  headers: Record<string, string>,
  others: Record<string, string>,
): Record<string, string> {
  const names = new Set(Object.keys(others).map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.has(name)));
}

/** The User-Agent of a source, with whom to turn to, as crawlers give it. `userAgent`: when it has none of its own. */
export function agentOf(source: Crawlable, userAgent: string): string {
  const agent = (source.kind === "web" ? source.userAgent : null) ?? userAgent;
  const { contact } = source.fetch;
  return contact === null ? agent : `${agent} (+${contact})`;
}

/** RFC 9309 section 2.2.1: the product token is the first word of the User-Agent. */
export function productToken(userAgent: string): string {
  return /^[A-Za-z_-]+/.exec(userAgent)?.[0] ?? "onpoint";
}

/** Sitemaps of the sources that have a seed at `origin`: those that robots.txt names, else the usual place. */
export function sitemapLinks(
  pipeline: Pipeline,
  origin: string,
  robots: Robots | null,
): FrontierLink[] {
  const named = robots?.sitemaps ?? [];
  const urls = named.length > 0 ? named : [`${origin}/sitemap.xml`];
  // Only a sitemap that somebody named is missed when it is not there.
  const via = named.length > 0 ? { via: `${origin}/robots.txt` } : {};
  return pipeline.sources
    .filter((source) => source.kind === "web" && source.sitemaps && originsOf(source).has(origin))
    .flatMap((source) =>
      urls.map((url) => ({
        url,
        source: source.name,
        kind: "sitemap" as const,
        depth: 0,
        priority: 1 as const,
        ...via,
      })),
    );
}

/** Credentials, what is POSTed and the source's headers go only to the origins that the pipeline names. */
export function isNamed(link: FrontierLink, source: Crawlable): boolean {
  return originsOf(source).has(originOf(link.url));
}

const origins = new WeakMap<Crawlable, ReadonlySet<string>>();

/** The origins of a source's URL or seeds. */
function originsOf(source: Crawlable): ReadonlySet<string> {
  let found = origins.get(source);
  if (found === undefined) {
    const named = source.kind === "api" ? [source.url] : source.seeds;
    found = new Set(named.map((url) => new URL(url).origin));
    origins.set(source, found);
  }
  return found;
}
