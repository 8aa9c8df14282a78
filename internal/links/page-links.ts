// Which of the links of a page a crawler follows. What counts as a link and whose wish counts are a source's options.
import type { FollowOptions, LinkSource } from "../model/pipeline.ts";
import { resolverOf, type UrlResolver } from "../url/resolver.ts";
import type { UrlRules } from "../url/url-rules.ts";
import { parseLinkHeader } from "./link-header.ts";
import { queryEncoder } from "./query-charset.ts";
import type { HtmlLink, HtmlScan } from "./scan-html.ts";

/** Links that are followed when a source does not say: all that lead a reader to another page. */
export const standardLinks: readonly LinkSource[] = [
  "a",
  "area",
  "iframe",
  "frame",
  "form",
  "refresh",
  "canonical",
  "next",
  "prev",
  "alternate",
];

/** `urls`: canonical, absolute, each once, in order. `nofollow`: links left out because of `rel=nofollow`. */
export type FollowedLinks = { urls: string[]; nofollow: number };

/** The wishes of a source, compiled. */
export type FollowRules = { isFollowed(link: HtmlLink): boolean; obeysNofollow: boolean };

const tagOfSource: Partial<Record<LinkSource, readonly string[]>> = {
  a: ["a"],
  area: ["area"],
  iframe: ["iframe"],
  frame: ["frame"],
  form: ["form"],
  refresh: ["meta"],
  img: ["img", "source"],
};

/** Compiles the options of a source. */
export function followRules(options: Pick<FollowOptions, "links" | "nofollow">): FollowRules {
  const tags = new Set(options.links.flatMap((source) => tagOfSource[source] ?? []));
  const rels = new Set<string>(options.links.filter((source) => !(source in tagOfSource)));
  return {
    obeysNofollow: options.nofollow === "obey",
    isFollowed({ tag, rel }) {
      if (tag !== "link") return tags.has(tag);
      const words = rel.split(/\s+/);
      // An alternate stylesheet is no other version of the page.
      return words.some((word) => rels.has(word)) && !words.includes("stylesheet");
    },
  };
}

const allRules = followRules({ links: standardLinks, nofollow: "ignore" });

/** URLs that a page leads to, whoever may follow them. */
export function pageLinks(scan: HtmlScan, pageUrl: string): string[] {
  return followedLinks(scan, "", pageUrl, allRules).urls;
}

/**
 * URLs to follow from a page. `linkHeader`: its Link header, whose links are followed as those of `<link>`; they are relative
 * to the page itself, those of the markup to its base.
 */
export function followedLinks(
  scan: HtmlScan,
  linkHeader: string,
  pageUrl: string,
  follow: FollowRules,
  rules?: UrlRules,
): FollowedLinks {
  const urls = new Set<string>();
  let nofollow = 0;
  const add = (link: HtmlLink, resolve: UrlResolver) => {
    if (!follow.isFollowed(link)) return;
    if (follow.obeysNofollow && hasNofollow(link.rel)) {
      nofollow += 1;
      return;
    }
    const url = resolve(link.href);
    if (url !== null) urls.add(url);
  };
  if (linkHeader !== "") {
    const resolve = resolverOf(pageUrl, rules);
    for (const { url, rel } of parseLinkHeader(linkHeader))
      add({ tag: "link", href: url, rel: rel.join(" ") }, resolve);
  }
  const resolve = resolverOf(baseOf(scan, pageUrl), rules);
  const encode = queryEncoder(scan.charset);
  const resolveEncoded: UrlResolver = encode === null ? resolve : (text) => resolve(encode(text));
  for (const link of scan.links) add(link, resolveEncoded);
  return { urls: [...urls], nofollow };
}

/** The URL that links of a page are relative to (WHATWG HTML 2.4.3): data: and javascript: are none. */
export function baseOf({ base }: HtmlScan, pageUrl: string): string {
  const url = base === null ? null : URL.parse(base, pageUrl);
  if (url === null || url.protocol === "data:" || url.protocol === "javascript:") return pageUrl;
  return url.href;
}

function hasNofollow(rel: string): boolean {
  return rel !== "" && rel.split(/\s+/).includes("nofollow");
}
