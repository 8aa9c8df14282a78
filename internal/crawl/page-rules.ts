// What a web source wants of pages and their links, compiled once: the crawl asks for each of 50 links a page.
import { type FollowRules, followRules } from "../links/page-links.ts";
import type { WebSource } from "../model/pipeline.ts";
import { type ScopeCheck, scopeOf } from "../url/scope.ts";
import { type UrlRules, urlRules } from "../url/url-rules.ts";
import { agentOf, productToken } from "./ask-source.ts";

export type PageRules = {
  outOfScope: ScopeCheck;
  urls: UrlRules;
  follow: FollowRules;
  /** noindex and nofollow of a page as a whole count. */
  obeysMetaRobots: boolean;
  /** The name by which pages may address us. */
  productToken: string;
};

/** `userAgent`: of the installation, for sources without one of their own. */
export function pageRulesOf(source: WebSource, userAgent: string): PageRules {
  const urls = urlRules(source.canonical);
  return {
    outOfScope: scopeOf(
      source.scope,
      source.seeds.map((seed) => urls.exact(seed) ?? seed),
    ),
    urls,
    follow: followRules(source.follow),
    obeysMetaRobots: source.follow.metaRobots === "obey",
    productToken: productToken(agentOf(source, userAgent)),
  };
}
