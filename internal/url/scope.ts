// Which of the links found belong to a source's crawl.
import type { Scope } from "../model/pipeline.ts";
import { perOrigin } from "./per-origin.ts";
import { siteOf } from "./registrable-domain.ts";
import { canonicalUrl, originEnd } from "./url.ts";
import { urlGlobs } from "./url-glob.ts";

/** Why a URL is not crawled. */
export type OutOfScope =
  | "scheme"
  | "host"
  | "domain"
  | "prefix"
  | "excluded"
  | "not included"
  | "too deep";

/** The first reason why a canonical URL at that depth (seeds are 0) is out of scope, or null when it is in. */
export type ScopeCheck = (url: string, depth: number) => OutOfScope | null;

/**
 * The check for one source. `host` is host and port of a seed, with http and https alike; `domain` a seed's registrable
 * domain; `prefix` the folder of a seed (`/docs/` for `/docs/a.html`), again for both schemes. An empty `include` is no
 * limit, and seeds (with what they redirect to) need no `include`: they are where the included is found. Parses no URL whose
 * origin it has seen. Throws TypeError when a seed is not a URL.
 */
export function scopeOf(scope: Scope, seeds: readonly string[]): ScopeCheck {
  const isWithin = withinCheck(
    scope.within,
    seeds.map((seed) => canonicalUrl(seed) ?? new URL(seed).href),
  );
  const isExcluded = scope.exclude.length > 0 ? urlGlobs(scope.exclude) : null;
  const isOpen = scope.include.length === 0 || scope.include.includes("**");
  const isIncluded = isOpen ? null : urlGlobs(scope.include);
  return (url, depth) => {
    if (!url.startsWith("https://") && !url.startsWith("http://")) return "scheme";
    if (scope.within !== "any" && !isWithin(url)) return scope.within;
    if (isExcluded?.(url)) return "excluded";
    if (depth > 0 && isIncluded !== null && !isIncluded(url)) return "not included";
    return depth > scope.maxDepth ? "too deep" : null;
  };
}

function withinCheck(within: Scope["within"], seeds: readonly string[]): (url: string) => boolean {
  switch (within) {
    case "host": {
      const hosts = new Set(seeds.map(hostAndPort));
      return perOrigin((url) => hosts.has(hostAndPort(url)));
    }
    case "domain": {
      const domains = new Set(seeds.map(siteOf));
      return perOrigin((url) => domains.has(siteOf(url)));
    }
    case "prefix": {
      const folders = Map.groupBy(seeds.map(folderOf), ({ host }) => host);
      const ofOrigin = perOrigin((url) => folders.get(hostAndPort(url)) ?? []);
      return (url) => ofOrigin(url).some(({ path }) => url.startsWith(path, originEnd(url)));
    }
    case "any":
      return () => true;
  }
}

function hostAndPort(url: string): string {
  return new URL(url).host;
}

function folderOf(url: string): { host: string; path: string } {
  const { host, pathname } = new URL(url);
  return { host, path: pathname.slice(0, pathname.lastIndexOf("/") + 1) };
}
