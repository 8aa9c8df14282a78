// Which of the links found belong to a source's crawl.
import type { Scope } from "../model/pipeline.ts";
import { registrableDomain } from "./registrable-domain.ts";
import { canonicalUrl } from "./url.ts";
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
 * limit, and seeds (with what they redirect to) need no `include`: they are where the included is found. Throws TypeError
 * when a seed is not a URL.
 */
export function scopeOf(scope: Scope, seeds: readonly string[]): ScopeCheck {
  const isWithin = withinCheck(
    scope.within,
    seeds.map((seed) => new URL(canonicalUrl(seed) ?? seed)),
  );
  const isExcluded = urlGlobs(scope.exclude);
  const isIncluded = urlGlobs(scope.include.length > 0 ? scope.include : ["**"]);
  return (text, depth) => {
    const url = URL.parse(text);
    if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return "scheme";
    if (scope.within !== "any" && !isWithin(url)) return scope.within;
    if (isExcluded(text)) return "excluded";
    if (depth > 0 && !isIncluded(text)) return "not included";
    return depth > scope.maxDepth ? "too deep" : null;
  };
}

function withinCheck(within: Scope["within"], seeds: readonly URL[]): (url: URL) => boolean {
  switch (within) {
    case "host": {
      const hosts = new Set(seeds.map((seed) => seed.host));
      return (url) => hosts.has(url.host);
    }
    case "domain": {
      const domains = new Set(seeds.map((seed) => registrableDomain(seed.hostname)));
      return (url) => domains.has(registrableDomain(url.hostname));
    }
    case "prefix": {
      const folders = seeds.map(
        (seed) => seed.host + seed.pathname.slice(0, seed.pathname.lastIndexOf("/") + 1),
      );
      return (url) => folders.some((folder) => (url.host + url.pathname).startsWith(folder));
    }
    case "any":
      return () => true;
  }
}
